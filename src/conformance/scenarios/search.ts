/** Tools that the vendor runs itself. */
import { holds, same } from "../check.ts";
import { textOf } from "../conversation.ts";
import { oneTurn, type ConversationScenario } from "../scenario.ts";

const SOURCE = { url: "https://news.example.com/paris", title: "Paris today" };

export const SEARCH: readonly ConversationScenario[] = [
  {
    id: "web-search",
    feature: "search",
    title: "web search is asked for, and its sources reach the client",
    settings: { webSearch: true },
    excuse: ({ client, upstream }) =>
      client === "chat" || upstream === "chat" ? "Chat Completions searches with special models only" : undefined,
    turns: oneTurn("News from Paris?", {
      blocks: [
        { type: "search", query: "Paris news", results: [SOURCE] },
        { type: "text", text: "It rains in Paris.", citations: [{ ...SOURCE, cited: "Rain in Paris." }] },
      ],
    }),
    check({ asked, told }) {
      holds(
        "upstream tools",
        asked(0).tools.some(({ kind }) => kind === "hosted"),
        "no search among them",
      );
      same("answer", textOf(told(0)), "It rains in Paris.");
      holds("sources", told(0).sources.includes(SOURCE.url), `are ${told(0).sources.join(", ") || "none"}`);
    },
  },
];
