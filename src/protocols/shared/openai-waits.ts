/** When a server that speaks one of OpenAI's protocols says to come back: each vendor has a place of its own for it. */
import type { ErrorKind } from "../../chat/error.ts";
import { asArray, asNumber, asObject, asString, type JsonObject, type JsonValue } from "../../chat/json.ts";
import { rates } from "./openai-rates.ts";
import { usedUpWaitMs } from "./rate-headers.ts";
import { durationMs, headerWaitMs, resetWaitMs, sentenceWaitMs } from "./retry-hints.ts";

/**
 * The wait that a failed answer tells, in ms: its header, else its body, else the reset of what is used up, else its sentence.
 * @param error the body's error object.
 * @param headers name, value, name, value; none where it came inside an answer.
 */
export function errorWaitMs(kind: ErrorKind, error: JsonObject, message: string, headers: readonly string[]): number | undefined {
  const told = headerWaitMs(headers);
  if (told !== undefined) return told;
  // Of a subscription that is used up until then (rule 374).
  if (kind === "billing") return usageLimitWaitMs(error, headers);
  if (kind !== "rate-limited") return undefined;
  return (
    usageLimitWaitMs(error, headers) ??
    proxiedWaitMs(asObject(error["metadata"]), headers) ??
    retryInfoWaitMs(error["details"]) ??
    usedUpWaitMs(rates(headers)) ??
    sentenceWaitMs(message)
  );
}

/** Codex's usage limits: `resets_in_seconds`, or `resets_at` in seconds since 1970 (A.3.4). */
function usageLimitWaitMs(error: JsonObject, headers: readonly string[]): number | undefined {
  const seconds = asNumber(error["resets_in_seconds"]);
  if (seconds !== undefined && seconds >= 0) return seconds * 1000;
  const at = asNumber(error["resets_at"]);
  return at === undefined ? undefined : resetWaitMs(headers, String(at));
}

/** OpenRouter puts headers of its own and of the server behind it into the body. */
function proxiedWaitMs(metadata: JsonObject | undefined, headers: readonly string[]): number | undefined {
  const seconds = asNumber(metadata?.["retry_after_seconds"]);
  if (seconds !== undefined && seconds > 0) return seconds * 1000;
  const inner = Object.entries(asObject(metadata?.["headers"]) ?? {}).flatMap(([name, value]) => {
    const text = asString(value) ?? asNumber(value)?.toString();
    return text === undefined ? [] : [name, text];
  });
  // Moments count by the clock of the answer that they came in.
  const dated = [...inner, ...headers];
  return headerWaitMs(inner) ?? usedUpWaitMs(rates(dated));
}

/** Google's own details, which its OpenAI-compatible endpoint keeps (rule 337). */
function retryInfoWaitMs(details: JsonValue | undefined): number | undefined {
  const delays = (asArray(details) ?? []).map((detail) => durationMs(asString(asObject(detail)?.["retryDelay"]) ?? ""));
  return delays.find((delay) => delay !== undefined);
}
