/** Streams that are slow, oddly cut, or end before their end. */
import { has, holds, same } from "../check.ts";
import { callsOf, textOf, type SdkError } from "../conversation.ts";
import { oneTurn, type ConversationScenario, type Pairing } from "../scenario.ts";
import { WEATHER } from "./fixtures.ts";

const PARIS = { name: "get_weather", input: { city: "Paris" } };
const ROME = { name: "get_weather", input: { city: "Rome" } };
const LONG_TEXT = Array.from({ length: 120 }, (_, index) => `Sentence ${index} with ünï¢ode 世界 👍. `).join("");

function streamsOnly({ streamed }: Pairing): string | undefined {
  return streamed ? undefined : "only a stream can";
}

/** Relaying passes on what it is given. */
function ofResponses({ client, upstream, streamed }: Pairing): string | undefined {
  return streamed && upstream === "responses" && client !== "responses" ? undefined : "only a translated stream of Responses can";
}

/** Whatever it is called, it must not be taken for an answer. */
function checkFailure(error: SdkError): void {
  holds("error", error.message !== "", "has no words");
}

export const STREAMS: readonly ConversationScenario[] = [
  {
    id: "long-answer",
    feature: "streams",
    title: "a long answer in pieces of odd sizes",
    settings: { maxTokens: 8000 },
    turns: oneTurn("Tell me a long story.", { blocks: [{ type: "text", text: LONG_TEXT, sizes: [1, 90, 3, 17, 250] }] }),
    check({ told }) {
      same("answer", textOf(told(0)), LONG_TEXT);
      same("finish", told(0).finish, "stop");
    },
  },
  {
    id: "byte-by-byte",
    feature: "streams",
    title: "an answer that arrives byte by byte",
    turns: oneTurn("Slowly, please.", { fault: "split-bytes", text: "Zwölf 世界 👍.", calls: [] }),
    check({ told }) {
      same("answer", textOf(told(0)), "Zwölf 世界 👍.");
      same("finish", told(0).finish, "stop");
    },
  },
  {
    id: "compatible-streams",
    feature: "streams",
    title: "ids that change, no numbers and an empty last output: the streams of compatible servers are understood",
    settings: { tools: [WEATHER] },
    excuse: ofResponses,
    turns: oneTurn("Weather in Paris and Rome?", {
      quirks: ["rotating-ids", "empty-output", "no-sequence-numbers"],
      blocks: [
        { type: "thinking", text: "Both." },
        { type: "text", text: "I ask." },
        { type: "call", ...PARIS },
        { type: "call", ...ROME },
      ],
    }),
    check({ told }) {
      same("answer", textOf(told(0)), "I ask.");
      has("calls", callsOf(told(0)), [PARIS, ROME]);
      same("finish", told(0).finish, "calls");
    },
  },
  {
    id: "stream-without-deltas",
    feature: "streams",
    title: "a stream that tells everything in its last events is understood",
    settings: { tools: [WEATHER] },
    excuse: ofResponses,
    turns: oneTurn("Weather in Paris?", { quirks: ["no-deltas"], text: "I ask.", calls: [PARIS] }),
    check({ told }) {
      same("answer", textOf(told(0)), "I ask.");
      has("calls", callsOf(told(0)), [PARIS]);
    },
  },
  {
    id: "silence",
    feature: "streams",
    title: "signs of life while the upstream is silent, and the answer after it",
    quiet: true,
    excuse: streamsOnly,
    turns: oneTurn("Think long.", { text: "At last.", calls: [] }),
    check({ told }) {
      same("answer", textOf(told(0)), "At last.");
      holds("signs of life", told(0).heartbeats > 0, "there are none");
    },
  },
  {
    id: "error-in-the-middle",
    feature: "streams",
    title: "an error after the first words raises an exception",
    upsets: true,
    excuse: streamsOnly,
    turns: oneTurn("Tell me.", { fault: "error-after-content", text: "Once upon a time there was a gateway.", calls: [] }),
    check({ failed }) {
      checkFailure(failed(0));
    },
  },
  {
    id: "cut-in-the-middle",
    feature: "streams",
    title: "a connection that breaks after the first words raises an exception",
    upsets: true,
    excuse: streamsOnly,
    turns: oneTurn("Tell me.", { fault: "reset-mid-event", text: "Once upon a time there was a gateway.", calls: [] }),
    check({ failed }) {
      checkFailure(failed(0));
    },
  },
  {
    id: "end-before-the-end",
    feature: "streams",
    title: "an answer that just stops is not taken for a finished one",
    upsets: true,
    turns: oneTurn("Tell me.", { fault: "end-early", text: "Once upon a time there was a gateway.", calls: [] }),
    check({ failed, streamed }) {
      const error = failed(0);
      if (streamed) checkFailure(error);
      else holds("error.status", (error.status ?? 0) >= 500, `is ${error.status}: ${error.message}`);
    },
  },
];
