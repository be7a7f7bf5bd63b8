/** When an upstream says to come back, as every protocol's error decoder reads it (dossier rules 337, 338; resilience §3). */
import type { ErrorDetail } from "../../chat/error.ts";
import { headerValue } from "../../wire/headers.ts";

/**
 * The wait that `retry-after-ms` or `retry-after` tells, in ms: seconds, or a date by the answer's own `date`. A zero in
 * milliseconds beside whole seconds is rounding, not a hint.
 */
export function headerWaitMs(headers: readonly string[]): number | undefined {
  const ms = numberOf(headerValue(headers, "retry-after-ms"));
  if (ms !== undefined && ms > 0) return ms;
  const value = headerValue(headers, "retry-after");
  if (value === undefined) return ms !== undefined && ms >= 0 ? ms : undefined;
  const seconds = numberOf(value);
  return seconds === undefined ? untilMs(headers, Date.parse(value)) : Math.max(0, seconds * 1000);
}

/** Time from the answer's `date` to a moment, both in ms since 1970; `undefined` when either is unknown. */
function untilMs(headers: readonly string[], moment: number): number | undefined {
  const wait = moment - Date.parse(headerValue(headers, "date") ?? "");
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

/** Whether the upstream wants its own SDK to try again, when it says so. */
export function shouldRetry(headers: readonly string[]): Pick<ErrorDetail, "shouldRetry"> {
  const value = headerValue(headers, "x-should-retry");
  return value === "true" || value === "false" ? { shouldRetry: value === "true" } : {};
}

const DURATION_PARTS = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration such as `12ms`, `1m0.052s` or `6m0s`, in ms; `undefined` for anything else. */
export function durationMs(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(DURATION_PARTS)];
  return Math.round(parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ""] as number), 0));
}

/** More than this many seconds, or ms, are a moment since 1970 and no wait: 1990 in either. */
const EPOCH_S = 631_152_000;
const EPOCH_MS = EPOCH_S * 1000;
const DATE = /^(?:\d{4}-\d\d-\d\dT|[A-Z][a-z]{2}, )/;

/**
 * The wait until a limit is whole again, in ms, in any form that vendors write it: a duration, seconds, seconds or ms since
 * 1970, or a date, the last three by the answer's own `date` (A.1.1, A.2.4). `undefined` for anything else.
 */
export function resetWaitMs(headers: readonly string[], value: string): number | undefined {
  const number = numberOf(value);
  if (number === undefined) return DATE.test(value) ? untilMs(headers, Date.parse(value)) : durationMs(value);
  if (number < 0) return undefined;
  if (number < EPOCH_S) return number * 1000;
  return untilMs(headers, number < EPOCH_MS ? number * 1000 : number);
}

const SENTENCE =
  /(?:(?:try again|retry) in|(?:retry|try again) after|please wait(?: for)?) (?:((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)\b|(\d+(?:\.\d+)?) (second|minute|hour|day)s?\b)/i;

/** The wait that an upstream tells in words (`try again in 1m2.5s`, `retry after 26 seconds`), in ms (rule 339). */
export function sentenceWaitMs(sentence: string): number | undefined {
  const [, duration, count = "", unit = ""] = SENTENCE.exec(sentence) ?? [];
  return durationMs(duration ?? `${count}${unit.slice(0, 1).toLowerCase()}`);
}

function numberOf(value: string | undefined): number | undefined {
  const number = value === undefined || value.trim() === "" ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : undefined;
}
