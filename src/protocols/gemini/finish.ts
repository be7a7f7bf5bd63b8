/** Why an answer ended, both ways (dossier B.0.1, rules 237–240). */
import type { Finish, FinishReason } from "../../chat/chat.ts";
import type { JsonObject, JsonValue } from "../../chat/json.ts";
import type { AnswerContext } from "../protocol.ts";

/** Gemini has no reason for tool calls: `STOP` covers both (recordings, oddity 38). Unknown words are `other` (oddity 46). */
const REASONS: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ["STOP", "stop"],
  ["MAX_TOKENS", "length"],
  ["SAFETY", "content-filter"],
  ["RECITATION", "content-filter"],
  ["BLOCKLIST", "content-filter"],
  ["PROHIBITED_CONTENT", "content-filter"],
  ["SPII", "content-filter"],
  ["MODEL_ARMOR", "content-filter"],
  ["JAILBREAK", "content-filter"],
  ["IMAGE_SAFETY", "content-filter"],
  ["IMAGE_PROHIBITED_CONTENT", "content-filter"],
  ["IMAGE_RECITATION", "content-filter"],
  ["MALFORMED_FUNCTION_CALL", "malformed-call"],
  ["UNEXPECTED_TOOL_CALL", "malformed-call"],
  ["MALFORMED_RESPONSE", "malformed-call"],
  ["CONTINUATION", "continuation"],
]);

/** The numbers some proxies print instead, as far as both of Google's APIs agree on them. */
const NUMBERED = ["FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER"] as const;

/** The wire's word for a reason, or `undefined` when there is none yet. */
export function finishWord(value: JsonValue | undefined): string | undefined {
  if (typeof value === "number") return NUMBERED[value] ?? String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * What the word means.
 * @param withCalls whether calls wait for the client: an answer that did not break off then ended for them.
 */
export function finishReason(word: string, withCalls: boolean): FinishReason {
  const reason = REASONS.get(word) ?? "other";
  return withCalls && (reason === "stop" || (reason === "other" && !REFUSED_WITH_CALLS.has(word))) ? "tool-calls" : reason;
}

/** Here the model was stopped because of its calls. */
const REFUSED_WITH_CALLS: ReadonlySet<string> = new Set(["TOO_MANY_TOOL_CALLS"]);

/** Reasons after which the last call may be half of itself. */
const CUT: ReadonlySet<FinishReason> = new Set<FinishReason>(["length", "context-full", "continuation"]);

/** What the answer really held, which the reason must fit. */
export interface Emitted {
  /** Whether a call could not be written. */
  readonly malformed: boolean;
  /** What was said in the form of a refusal. */
  readonly refusal: string;
}

/** `finishReason` and its neighbour (B.0.1, B.11; rule 243). */
export function encodeFinish(finish: Finish, { malformed, refusal }: Emitted, { losses }: AnswerContext): JsonObject {
  const { reason, raw, explanation } = finish;
  if (malformed && CUT.has(reason)) losses.add("cut-tool-call", "answer.tool-call", "semantic");
  else if (malformed)
    return { finishReason: "MALFORMED_FUNCTION_CALL", finishMessage: "The model wrote a call whose arguments are no JSON object." };
  const said = explanation ?? (reason === "refusal" && refusal !== "" ? refusal : undefined);
  return { finishReason: wordOf(reason, raw), ...(said !== undefined && { finishMessage: said }) };
}

function wordOf(reason: FinishReason, raw: string | undefined): string {
  switch (reason) {
    case "length":
    case "context-full":
    // More would come on a request of its own, which only its own clients can make (rule 240).
    case "continuation":
      return "MAX_TOKENS";
    case "refusal":
      return "SAFETY";
    case "content-filter":
      return raw !== undefined && REASONS.get(raw) === "content-filter" ? raw : "SAFETY";
    case "malformed-call":
      return "MALFORMED_FUNCTION_CALL";
    case "other":
      return "OTHER";
    default:
      return "STOP";
  }
}
