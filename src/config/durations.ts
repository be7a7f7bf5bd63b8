/** Durations as people write them: `250ms`, `10s`, `1.5m`, `1h`. */

/** A number and a unit, nothing else. */
export const DURATION_PATTERN = /^\d+(?:\.\d+)?(?:ms|s|m|h)$/;

/** 24 days: a timer cannot wait longer than 2^31 - 1 ms. */
export const MAX_DURATION_MS = 24 * 24 * 3_600_000;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** The milliseconds of a text that fits {@link DURATION_PATTERN}, rounded. */
export function durationMs(text: string): number {
  const unit = text.replace(/^[\d.]+/, "");
  return Math.round(Number.parseFloat(text) * (UNIT_MS[unit] as number));
}

/** Milliseconds as a person would write them. */
export function formatDuration(ms: number): string {
  const unit = ["h", "m", "s"].find((unit) => ms !== 0 && ms % (UNIT_MS[unit] as number) === 0) ?? "ms";
  return `${ms / (UNIT_MS[unit] as number)}${unit}`;
}
