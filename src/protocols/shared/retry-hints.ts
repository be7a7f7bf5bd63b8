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
export function untilMs(headers: readonly string[], moment: number): number | undefined {
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
  return [...text.matchAll(DURATION_PARTS)].reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ""] as number), 0);
}

function numberOf(value: string | undefined): number | undefined {
  const number = value === undefined || value.trim() === "" ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : undefined;
}
