/** Reasoning: asked for or not, shown or hidden, and its signatures on their way through the client and back. */
import { has, holds, same } from "../check.ts";
import type { ProtocolName } from "../clients/client.ts";
import { callsOf, textOf, thinkingOf } from "../conversation.ts";
import { callsIn, resultsByCall, textsIn, thinkingIn } from "../look.ts";
import { isOpenAi, oneTurn, type ConversationScenario, type Pairing, type Played } from "../scenario.ts";
import { WEATHER } from "./fixtures.ts";

const THOUGHT = "The user wants the weather. Paris first, then Rome.";
const PARIS = { name: "get_weather", input: { city: "Paris" } };
const ROME = { name: "get_weather", input: { city: "Rome" } };
const SHOWN = { thinking: { effort: "medium", show: true } } as const;

/** Said in two parts, where the protocol has parts. */
const IN_PARTS = `${THOUGHT}\n\nBoth can be asked at once.`;

/** Where a conversation moves to. */
const OTHER: Readonly<Record<ProtocolName, ProtocolName>> = {
  anthropic: "gemini",
  gemini: "anthropic",
  chat: "anthropic",
  responses: "anthropic",
};

/** Where it makes a visit. */
const HOST: Readonly<Record<Exclude<ProtocolName, "chat">, ProtocolName>> = {
  anthropic: "responses",
  gemini: "responses",
  responses: "gemini",
};

/** The Chat Completions of OpenAI's own servers keep their reasoning to themselves and want none back. */
function noStateInChat({ upstream }: Pairing): string | undefined {
  return upstream === "chat" ? "Chat Completions has no state of reasoning that must come back" : undefined;
}

/**
 * The state that the upstream minted has come back to it: on the thinking itself (Messages, Responses) or on the first call
 * (Gemini).
 */
function checkState({ asked, upstream }: Played, turn: number, calls: number, text = THOUGHT): void {
  const ask = asked(turn);
  if (upstream !== "gemini") {
    const [thought] = thinkingIn(ask);
    same("upstream thinking", thought?.text, text);
    holds("upstream signature", Boolean(thought?.signature), "none came back");
    return;
  }
  const [first] = callsIn(ask);
  holds(
    "upstream signature",
    Boolean(first?.signature) && !first?.signature?.startsWith("skip"),
    `not the one it minted: ${first?.signature}`,
  );
  same("number of upstream calls", callsIn(ask).length, calls);
}

export const THINKING: readonly ConversationScenario[] = [
  {
    id: "thinking-visible",
    feature: "thinking",
    title: "thinking that was asked for can be read, apart from the answer",
    settings: SHOWN,
    turns: oneTurn("Weather?", {
      blocks: [
        { type: "thinking", text: THOUGHT },
        { type: "text", text: "Sunny." },
      ],
    }),
    check({ asked, told }) {
      holds("upstream thinking", asked(0).thinking !== "off" || asked(0).effort !== undefined, "was not asked for");
      same("answer", told(0).content, [
        { type: "thinking", text: THOUGHT },
        { type: "text", text: "Sunny." },
      ]);
    },
  },
  {
    id: "thinking-hidden",
    feature: "thinking",
    title: "thinking that nobody wants to read does not get into the answer",
    settings: { thinking: { effort: "low", show: false } },
    excuse: ({ client }) => (isOpenAi(client) ? "an OpenAI client cannot say that it does not want to read reasoning" : undefined),
    turns: oneTurn("Weather?", {
      blocks: [
        { type: "thinking", text: THOUGHT },
        { type: "text", text: "Sunny." },
      ],
    }),
    check({ told }) {
      same("thinking", thinkingOf(told(0)), "");
      same("answer", textOf(told(0)), "Sunny.");
    },
  },
  {
    id: "thinking-unsaid",
    feature: "thinking",
    title: "a client that says nothing of thinking leaves it to the model",
    turns: oneTurn("Weather?", { blocks: [{ type: "text", text: "Sunny." }] }),
    check({ asked }) {
      has("upstream", asked(0), { effort: undefined, thinkingBudget: undefined });
    },
  },
  {
    id: "thinking-effort",
    feature: "thinking",
    title: "more effort is more, and none of it is lost",
    settings: { thinking: { effort: "high", show: true } },
    turns: oneTurn("Think hard.", { blocks: [{ type: "text", text: "Done." }] }),
    check({ asked }) {
      const { effort, thinkingBudget } = asked(0);
      if (thinkingBudget === undefined) same("upstream effort", effort?.toLowerCase(), "high");
      else holds("upstream budget", thinkingBudget >= 8192, `only ${thinkingBudget} tokens`);
    },
  },
  {
    id: "thinking-round-trip",
    feature: "thinking",
    title: "signed thinking comes back to the one who signed it while tools run",
    settings: { ...SHOWN, tools: [WEATHER] },
    excuse: noStateInChat,
    turns: () => [
      {
        says: "Weather in Paris?",
        answer: {
          blocks: [
            { type: "thinking", text: THOUGHT },
            { type: "call", ...PARIS },
          ],
        },
      },
      { says: { results: [{ call: 0, content: "21" }] }, answer: { blocks: [{ type: "text", text: "21." }] } },
    ],
    check(played) {
      same("thinking", thinkingOf(played.told(0)), THOUGHT);
      checkState(played, 1, 1);
      same("answer", textOf(played.told(1)), "21.");
    },
  },
  {
    id: "thinking-and-parallel-tools",
    feature: "thinking",
    title: "signed thinking before two calls at once comes back, and so do both results",
    settings: { ...SHOWN, tools: [WEATHER] },
    excuse: noStateInChat,
    turns: () => [
      {
        says: "Paris and Rome?",
        answer: {
          blocks: [
            { type: "thinking", text: THOUGHT },
            { type: "text", text: "I ask for both." },
            { type: "call", ...PARIS },
            { type: "call", ...ROME },
          ],
        },
      },
      {
        says: {
          results: [
            { call: 0, content: "21" },
            { call: 1, content: "30" },
          ],
        },
        answer: { blocks: [{ type: "text", text: "Rome." }] },
      },
    ],
    check(played) {
      same("number of calls", callsOf(played.told(0)).length, 2);
      checkState(played, 1, 2);
      same("upstream results", resultsByCall(played.asked(1)), ["21", "30"]);
      same("answer", textOf(played.told(1)), "Rome.");
    },
  },
  {
    id: "thinking-in-parts",
    feature: "thinking",
    title: "signed thinking in several parts comes back in the same parts",
    settings: { ...SHOWN, tools: [WEATHER] },
    excuse: noStateInChat,
    turns: () => [
      {
        says: "Paris and Rome?",
        answer: {
          blocks: [
            { type: "thinking", text: IN_PARTS },
            { type: "call", ...PARIS },
          ],
        },
      },
      { says: { results: [{ call: 0, content: "21" }] }, answer: { blocks: [{ type: "text", text: "21." }] } },
    ],
    check(played) {
      same("thinking", thinkingOf(played.told(0)), IN_PARTS);
      // The simulator signs the parts, and refuses others.
      checkState(played, 1, 1, IN_PARTS);
      same("answer", textOf(played.told(1)), "21.");
    },
  },
  {
    id: "thinking-over-rounds",
    feature: "thinking",
    title: "each step's state comes back with its own step",
    settings: { ...SHOWN, tools: [WEATHER] },
    excuse: noStateInChat,
    turns: () => [
      {
        says: "Paris, then Rome.",
        answer: {
          blocks: [
            { type: "thinking", text: THOUGHT },
            { type: "call", ...PARIS },
          ],
        },
      },
      {
        says: { results: [{ call: 0, content: "21" }] },
        answer: {
          blocks: [
            { type: "thinking", text: "Now Rome." },
            { type: "call", ...ROME },
          ],
        },
      },
      { says: { results: [{ call: 0, content: "30" }] }, answer: { blocks: [{ type: "text", text: "Rome." }] } },
    ],
    check(played) {
      const { asked, told, upstream } = played;
      if (upstream !== "gemini") {
        same(
          "upstream thinking",
          thinkingIn(asked(2)).map(({ text }) => text),
          [THOUGHT, "Now Rome."],
        );
        const signatures = thinkingIn(asked(2)).map(({ signature }) => signature);
        holds("upstream signatures", signatures.every(Boolean) && new Set(signatures).size === 2, "are not two");
      } else {
        const signatures = callsIn(asked(2)).map(({ signature }) => signature);
        holds("upstream signatures", signatures.every(Boolean) && new Set(signatures).size === 2, `are not two: ${signatures.join(", ")}`);
      }
      same("answer", textOf(told(2)), "Rome.");
    },
  },
  {
    id: "hidden-thinking-round-trip",
    feature: "thinking",
    title: "the state of hidden thinking comes back too",
    settings: { thinking: { effort: "medium", show: false }, tools: [WEATHER] },
    excuse: (pairing) =>
      noStateInChat(pairing) ?? (pairing.client === "chat" ? "a Chat client cannot ask for hidden reasoning" : undefined),
    turns: () => [
      {
        says: "Weather in Paris?",
        answer: {
          blocks: [
            { type: "thinking", text: THOUGHT },
            { type: "call", ...PARIS },
          ],
        },
      },
      { says: { results: [{ call: 0, content: "21" }] }, answer: { blocks: [{ type: "text", text: "21." }] } },
    ],
    check({ asked, told, client, upstream }) {
      // A Responses client can only leave out that it wants to read.
      if (client !== "responses") same("thinking", thinkingOf(told(0)), "");
      const [state] = upstream === "gemini" ? callsIn(asked(1)) : thinkingIn(asked(1));
      holds("upstream signature", Boolean(state?.signature), "none came back");
      same("answer", textOf(told(1)), "21.");
    },
  },
  {
    id: "cut-while-thinking",
    feature: "thinking",
    title: "an answer that was cut off while the model thought says so, and the conversation goes on",
    settings: SHOWN,
    excuse: ({ client, upstream }) =>
      client === "responses" && upstream === "responses"
        ? "the vendor refuses thinking that led to nothing, and relaying must not repair it"
        : undefined,
    turns: () => [
      { says: "Weather?", answer: { blocks: [{ type: "thinking", text: THOUGHT }], end: "length" } },
      { says: "And in short?", answer: { blocks: [{ type: "text", text: "Sunny." }] } },
    ],
    check({ asked, told }) {
      same("finish", told(0).finish, "length");
      same("thinking", thinkingOf(told(0)), THOUGHT);
      same("answer", textOf(told(0)), "");
      same("upstream words", textsIn(asked(1), "user"), ["Weather?", "And in short?"]);
      same("second answer", textOf(told(1)), "Sunny.");
    },
  },
  {
    id: "redacted-thinking",
    feature: "thinking",
    title: "encrypted thinking comes back byte for byte",
    settings: { ...SHOWN, tools: [WEATHER] },
    excuse: ({ upstream }) => (upstream === "anthropic" ? undefined : "only Messages has encrypted thinking"),
    turns: () => [
      { says: "Weather in Paris?", answer: { blocks: [{ type: "redacted" }, { type: "call", ...PARIS }] } },
      { says: { results: [{ call: 0, content: "21" }] }, answer: { blocks: [{ type: "text", text: "21." }] } },
    ],
    check({ asked, told }) {
      const [thought] = thinkingIn(asked(1));
      // The simulator refuses what it did not mint.
      same("upstream thinking", thought?.redacted, true);
      same("answer", textOf(told(1)), "21.");
    },
  },
  {
    id: "moved-conversation",
    feature: "thinking",
    title: "a conversation that moves to another vendor takes its words along, and none of the first one's signatures",
    settings: { ...SHOWN, tools: [WEATHER] },
    turns: ({ upstream }) => [
      {
        says: "Weather in Paris?",
        answer: {
          blocks: [
            { type: "thinking", text: THOUGHT },
            { type: "call", ...PARIS },
          ],
        },
      },
      {
        says: { results: [{ call: 0, content: "21" }] },
        movesTo: OTHER[upstream],
        answer: { blocks: [{ type: "text", text: "21." }] },
      },
    ],
    check({ asked, told }) {
      // The simulators refuse each other's signatures.
      same("answer", textOf(told(1)), "21.");
      same("upstream results", resultsByCall(asked(1)), ["21"]);
      same("upstream call", callsIn(asked(1))[0]?.name, "get_weather");
    },
  },
  {
    id: "thinking-there-and-back",
    feature: "thinking",
    title: "a conversation that visits another vendor and comes home brings each its own signatures, and nobody another's",
    settings: { ...SHOWN, tools: [WEATHER] },
    excuse: noStateInChat,
    turns: ({ upstream }) => [
      {
        says: "Paris, then Rome.",
        answer: {
          blocks: [
            { type: "thinking", text: THOUGHT },
            { type: "call", ...PARIS },
          ],
        },
      },
      {
        says: { results: [{ call: 0, content: "21" }] },
        ...(upstream !== "chat" && { movesTo: HOST[upstream] }),
        answer: {
          blocks: [
            { type: "thinking", text: "Now Rome." },
            { type: "call", ...ROME },
          ],
        },
      },
      {
        says: { results: [{ call: 0, content: "30" }] },
        movesTo: upstream,
        answer: { blocks: [{ type: "text", text: "Rome." }] },
      },
    ],
    check(played) {
      const { asked, told, upstream } = played;
      // The simulators refuse each other's signatures, and whatever lacks their own.
      same("host's thinking", thinkingOf(told(1)), "Now Rome.");
      checkState(played, 2, 2);
      if (upstream !== "gemini") same("number of thoughts at home", thinkingIn(asked(2)).length, 1);
      same("results at home", resultsByCall(asked(2)), ["21", "30"]);
      same("answer", textOf(told(2)), "Rome.");
    },
  },
];
