/** Durations as people write them: `250ms`, `10s`, `1.5m`, `1h`, `30d`. */

/** A number and a unit, nothing else. */
export const DURATION_PATTERN = /^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/;

const DAY_MS = 24 * 3_600_000;

/** A timer cannot wait longer than 2^31 - 1 ms. */
export const MAX_TIMER_MS = 24 * DAY_MS;

/** Ten years: what no timer waits for may take longer. */
export const MAX_AGE_MS = 3_650 * DAY_MS;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS };

/** The milliseconds of a text that fits {@link DURATION_PATTERN}, rounded. */
export function durationMs(text: string): number {
  const unit = text.replace(/^[\d.]+/, "");
  return Math.round(Number.parseFloat(text) * (UNIT_MS[unit] as number));
}

/** Milliseconds as a person would write them. */
export function formatDuration(ms: number): string {
  const unit = ["d", "h", "m", "s"].find((unit) => ms !== 0 && ms % (UNIT_MS[unit] as number) === 0) ?? "ms";
  return `${ms / (UNIT_MS[unit] as number)}${unit}`;
}
