/** Conversations that the other side keeps, and that their client only refers to. */
import { has, same } from "../check.ts";
import { callsOf, textOf, thinkingOf } from "../conversation.ts";
import { callsIn, piecesIn, resultsByCall } from "../look.ts";
import { FINE, oneTurn, type ConversationScenario, type Pairing, type Played, type Turn } from "../scenario.ts";
import { WEATHER } from "./fixtures.ts";

const PARIS = { name: "get_weather", input: { city: "Paris" } };
const SHOWN = { thinking: { effort: "medium", show: true } } as const;
const NOBODYS = `resp_${"0".repeat(48)}`;

function responsesOnly({ client }: Pairing): string | undefined {
  return client === "responses" ? undefined : "only Responses can refer to what is kept";
}

/** A thought that must come back, a call, its result, and words on top. */
function weather(): readonly Turn[] {
  return [
    { says: "My name is Ada.", answer: { text: "Hello Ada." } },
    {
      says: "Weather in Paris?",
      answer: {
        blocks: [
          { type: "thinking", text: "Paris it is." },
          { type: "call", ...PARIS },
        ],
      },
    },
    { says: { results: [{ call: 0, content: "21" }] }, answer: { text: "21, Ada." } },
  ];
}

function checkWeather({ asked, told }: Played): void {
  same("thinking", thinkingOf(told(1)), "Paris it is.");
  has("call", callsOf(told(1)), [PARIS]);
  same("answer", textOf(told(2)), "21, Ada.");
  same("upstream conversation", wordsIn({ asked }, 2), ["user: My name is Ada.", "assistant: Hello Ada.", "user: Weather in Paris?"]);
  has("upstream call", callsIn(asked(2)), [{ name: "get_weather" }]);
  same("upstream results", resultsByCall(asked(2)), ["21"]);
}

/** Who said what, without texts that are empty. */
function wordsIn({ asked }: Pick<Played, "asked">, turn: number): readonly string[] {
  return piecesIn(asked(turn)).flatMap((piece) => (piece.type === "text" && piece.text !== "" ? [`${piece.role}: ${piece.text}`] : []));
}

export const STATE: readonly ConversationScenario[] = [
  {
    id: "kept-answers",
    feature: "state",
    title: "a client that names the last answer need not repeat what was before it",
    settings: { ...SHOWN, tools: [WEATHER], kept: "answers" },
    excuse: responsesOnly,
    turns: weather,
    check: checkWeather,
  },
  {
    id: "kept-items",
    feature: "state",
    title: "a client may name an answer's items instead of repeating them",
    settings: { ...SHOWN, tools: [WEATHER], kept: "items" },
    excuse: responsesOnly,
    turns: weather,
    check: checkWeather,
  },
  {
    id: "kept-conversation-moves",
    feature: "state",
    title: "a conversation that is kept goes on with another vendor",
    settings: { kept: "answers" },
    excuse: responsesOnly,
    turns: ({ upstream }) => [
      { says: "My name is Ada.", answer: { text: "Hello Ada." } },
      { says: "Who am I?", movesTo: upstream === "responses" ? "anthropic" : "responses", answer: { text: "Ada." } },
    ],
    check({ asked, told }) {
      same("upstream conversation", wordsIn({ asked }, 1), ["user: My name is Ada.", "assistant: Hello Ada.", "user: Who am I?"]);
      same("answer", textOf(told(1)), "Ada.");
    },
  },
  {
    id: "unknown-answer",
    feature: "state",
    title: "an answer that nobody keeps cannot be gone on from",
    settings: { kept: "answers", previous: NOBODYS },
    excuse: responsesOnly,
    turns: oneTurn("Who am I?", FINE),
    check({ failed }) {
      has("error", failed(0), { class: "BadRequestError", status: 400, code: "previous_response_not_found" });
    },
  },
];
