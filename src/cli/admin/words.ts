/** Facts of a running gateway in words and columns, for the terminal. */
import type { PassedOver } from "../../storage/request-log.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration as people say it: `350ms`, `1.2s`, `40s`, `3m 20s`, `2h 5m`, `3d 4h`. */
export function shortDuration(ms: number): string {
  const whole = Math.round(ms);
  if (whole < SECOND) return `${whole}ms`;
  if (whole < 10 * SECOND) return `${(Math.floor(whole / 100) / 10).toString()}s`;
  if (whole < MINUTE) return `${Math.floor(whole / SECOND)}s`;
  if (whole < HOUR) return two(whole, MINUTE, "m", SECOND, "s");
  return whole < DAY ? two(whole, HOUR, "h", MINUTE, "m") : two(whole, DAY, "d", HOUR, "h");
}

function two(ms: number, unit: number, name: string, smaller: number, smallerName: string): string {
  const rest = Math.floor((ms % unit) / smaller);
  return `${Math.floor(ms / unit)}${name}${rest === 0 ? "" : ` ${rest}${smallerName}`}`;
}

/** A number with commas between the thousands. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** Lines of cells, aligned; what is empty at the end of a line takes no room. */
export function columns(lines: readonly (readonly string[])[], indent = "  "): string {
  const widths: number[] = [];
  for (const line of lines) for (const [i, cell] of line.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return lines.map((line) => `${indent}${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd()).join("\n");
}

/** Who was passed over, and why, as the cells of a line. */
export function passedOverCells({ target, credential, reason, why, recoversMs }: PassedOver): readonly string[] {
  const back = recoversMs === undefined ? "" : recoversMs < 1 ? "due to be tried again" : `back in ${shortDuration(recoversMs)}`;
  const because = why === undefined ? "" : `: ${why}`;
  return [target, credential ?? "", `${REASONS[reason] ?? reason}${because}`, back];
}

const REASONS: Readonly<Record<string, string>> = {
  excluded: "tried already",
  busy: "every permit in use",
  cooling: "cooling",
  down: "down",
  probing: "being probed",
  circuit: "provider down",
  "used-up": "nothing left to spend",
  priority: "lower priority",
  turn: "not its turn",
  affinity: "conversation is elsewhere",
};
