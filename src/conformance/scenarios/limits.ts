/** Limits of the answer, and how tokens are drawn. */
import { has, holds, same } from "../check.ts";
import { callsOf, textOf } from "../conversation.ts";
import { isOpenAi, oneTurn, type ConversationScenario } from "../scenario.ts";
import { WEATHER } from "./fixtures.ts";

const SIX_STOPS = ["<one>", "<two>", "<three>", "<four>", "<five>", "<six>"];

export const LIMITS: readonly ConversationScenario[] = [
  {
    id: "max-tokens",
    feature: "limits",
    title: "the limit arrives, and an answer that meets it says so",
    settings: { maxTokens: 77 },
    turns: oneTurn("Tell me everything.", { text: "Once upon a", end: "length" }),
    check({ asked, told }) {
      same("upstream limit", asked(0).maxTokens, 77);
      has("answer", told(0), { finish: "length", content: [{ type: "text", text: "Once upon a" }] });
    },
  },
  {
    id: "max-tokens-inside-a-call",
    feature: "limits",
    title: "a call that was cut off is not made whole, and the answer says that it was cut",
    settings: { tools: [WEATHER] },
    excuse: ({ upstream, client, streamed }) => {
      if (!isOpenAi(upstream)) return "only OpenAI's protocols give half a call";
      return isOpenAi(client) || streamed ? undefined : "a whole answer of this protocol has arguments as parsed JSON";
    },
    turns: oneTurn("Weather?", { text: "Looking.", calls: [{ name: "get_weather", arguments: '{"city":"Par' }], end: "length" }),
    check({ told, client }) {
      const outcome = told(0);
      same("finish", outcome.finish, "length");
      same("words", textOf(outcome), "Looking.");
      const complete = callsOf(outcome).find(({ input }) => (input as { city?: string }).city === "Paris");
      same("invented call", complete, undefined);
      if (isOpenAi(client)) same("arguments", callsOf(outcome)[0]?.inputText, '{"city":"Par');
    },
  },
  {
    id: "stop-sequence",
    feature: "limits",
    title: "a stop sequence arrives and ends the answer",
    settings: { stop: ["<end>"] },
    excuse: ({ client, upstream, streamed }) => {
      if (client === "responses") return "Responses has no stop sequences";
      return upstream === "responses" && streamed && client !== "anthropic"
        ? "whoever cuts a stream off is never told its tokens, with which this client's streams must end"
        : undefined;
    },
    turns: oneTurn("Count.", { text: "one two <end> three" }),
    check({ asked, told, client, upstream }) {
      // One that has none says on: the gateway itself must listen.
      same("upstream stop sequences", asked(0).stop, upstream === "responses" ? [] : ["<end>"]);
      const outcome = told(0);
      same("answer", textOf(outcome), "one two ");
      if (client === "anthropic" && upstream === "anthropic") has("answer", outcome, { finish: "stop-sequence", stopSequence: "<end>" });
      else holds("finish", outcome.finish === "stop" || outcome.finish === "stop-sequence", `is ${outcome.finish}`);
    },
  },
  {
    id: "more-stops-than-taken",
    feature: "limits",
    title: "stop sequences beyond the upstream's limit still end the answer",
    settings: { stop: SIX_STOPS },
    excuse: ({ client }) => (client === "anthropic" ? undefined : "this client's own protocol does not allow so many"),
    turns: oneTurn("Count.", { blocks: [{ type: "text", text: "one two three <six> four five", sizes: [15, 2, 1, 3] }] }),
    check({ told }) {
      same("answer", textOf(told(0)), "one two three ");
      has("answer", told(0), { finish: "stop-sequence", stopSequence: "<six>" });
    },
  },
  {
    id: "temperature",
    feature: "limits",
    title: "the temperature arrives",
    settings: { temperature: 0.25 },
    turns: oneTurn("Hello", { text: "Hi." }),
    check({ asked }) {
      same("upstream temperature", asked(0).sampling.temperature, 0.25);
    },
  },
  {
    id: "top-p",
    feature: "limits",
    title: "top_p arrives",
    settings: { topP: 0.5 },
    turns: oneTurn("Hello", { text: "Hi." }),
    check({ asked }) {
      same("upstream top_p", asked(0).sampling.topP, 0.5);
    },
  },
];
