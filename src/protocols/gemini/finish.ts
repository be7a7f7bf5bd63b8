/** Why an answer ended (dossier B.0.1, rules 237–240). */
import type { FinishReason } from "../../chat/chat.ts";
import type { JsonValue } from "../../chat/json.ts";

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
