/**
 * How upstream and load client understand each other through whatever stands between them. Every event's text carries a mark: a tilde
 * and a 16-digit time in µs of the machine's monotonic clock, 0 in a burst. Bodies and framing may be rewritten on the way; text is not.
 */

/** The byte that starts a mark; nothing else in an answer's body contains it. */
export const markByte = 0x7e;
const digits = 16;

/** @param time µs of {@link monotonicMicros}, or 0 for an event whose delay is not measured. */
export function mark(time: number): string {
  return `~${String(time).padStart(digits, "0")}`;
}

/**
 * Reads the time of the mark that starts at `at`.
 * @returns undefined when the read ended inside the mark, 0 when its delay is not measured
 */
export function readMark(bytes: Buffer, at: number): number | undefined {
  const end = at + 1 + digits;
  return end > bytes.length ? undefined : Number(bytes.toString("latin1", at + 1, end));
}

/** Time in µs on a clock that all processes of this machine share. */
export function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** What the upstream is asked for by the model's name: how many events, how many ms apart (0 = all at once). */
export interface Pace {
  readonly events: number;
  readonly intervalMs: number;
}

export function modelName(pace: Pace): string {
  return `bench-n${pace.events}-ms${pace.intervalMs}`;
}

/** The pace named in a request's path or body, or one event when none is. */
export function readPace(request: string): Pace {
  const found = /bench-n(\d+)-ms(\d+)/.exec(request);
  return { events: Number(found?.[1] ?? 1), intervalMs: Number(found?.[2] ?? 0) };
}
