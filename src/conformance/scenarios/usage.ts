/** Tokens, by what they were. */
import { has, same } from "../check.ts";
import { oneTurn, type ConversationScenario } from "../scenario.ts";

export const USAGE: readonly ConversationScenario[] = [
  {
    id: "usage-plain",
    feature: "usage",
    title: "tokens in and out",
    turns: oneTurn("Hello", { text: "Hi.", usage: { input: 123, cacheRead: 0, cacheWrite: 0, output: 45, thinking: 0 } }),
    check({ told }) {
      has("tokens", told(0).tokens, { input: 123, output: 45 });
    },
  },
  {
    id: "usage-cache-read",
    feature: "usage",
    title: "tokens read from the cache are told, and counted once",
    turns: oneTurn("Hello", { text: "Hi.", usage: { input: 100, cacheRead: 800, cacheWrite: 0, output: 7, thinking: 0 } }),
    check({ told }) {
      has("tokens", told(0).tokens, { input: 900, cacheRead: 800, output: 7 });
    },
  },
  {
    id: "usage-cache-write",
    feature: "usage",
    title: "tokens written to the cache are told, and counted once",
    excuse: ({ client, upstream }) =>
      client === "gemini" || upstream === "gemini" ? "generateContent does not tell what was written to a cache" : undefined,
    turns: oneTurn("Hello", { text: "Hi.", usage: { input: 100, cacheRead: 800, cacheWrite: 50, output: 7, thinking: 0 } }),
    check({ told }) {
      has("tokens", told(0).tokens, { input: 950, cacheRead: 800, cacheWrite: 50, output: 7 });
    },
  },
  {
    id: "usage-thinking",
    feature: "usage",
    title: "thinking is part of the output and told apart",
    settings: { thinking: { effort: "low", show: true } },
    turns: oneTurn("Hello", {
      blocks: [
        { type: "thinking", text: "Hm." },
        { type: "text", text: "Hi." },
      ],
      usage: { input: 10, cacheRead: 0, cacheWrite: 0, output: 80, thinking: 30 },
    }),
    check({ told }) {
      has("tokens", told(0).tokens, { input: 10, output: 80, thinking: 30 });
    },
  },
  {
    id: "usage-with-calls",
    feature: "usage",
    title: "an answer that calls tools tells its tokens too",
    settings: { tools: [{ name: "ping", schema: { type: "object", properties: {} } }] },
    turns: oneTurn("Ping.", {
      calls: [{ name: "ping", input: {} }],
      usage: { input: 11, cacheRead: 5, cacheWrite: 0, output: 3, thinking: 0 },
    }),
    check({ told }) {
      same("finish", told(0).finish, "calls");
      has("tokens", told(0).tokens, { input: 16, cacheRead: 5, output: 3 });
    },
  },
];
