import type { LoadResult } from "./load.ts";
import { maxColdStartMs, type Row } from "./rows.ts";

export type Target = "gateway" | "haproxy" | "direct";

/** One run of the load client. */
export interface Measured {
  readonly target: Target;
  readonly row: Row;
  readonly result: LoadResult;
  /** Peak memory of the process in between. */
  readonly megabytes: number;
}

interface Line {
  readonly name: string;
  readonly gateway: number | undefined;
  readonly haproxy?: number | undefined;
  readonly unit: string;
  /** Whether gateway and haproxy are shown as a ratio. */
  readonly compared?: boolean;
  /** What is to be reached, in words, and whether it was. */
  readonly goal?: { readonly text: string; readonly met: boolean };
}

/** Above this many busy cores of other work, figures are not comparable with those of other days. */
const noticeableOtherCores = 0.3;
/** Tools that are not this many times as fast as the gateway could be what is measured. */
const neededHeadroom = 3;
/** Events that are later than this share of the time between them are no longer handled one by one. */
const lateShare = 0.2;

/** Prints a line per row: cost, and rate, delay and memory where a row has a target for them. Figures are medians of the rounds. */
export function printReport(rows: readonly Row[], measured: readonly Measured[], coldStartMs: readonly number[]): void {
  const lines = rows.flatMap((row) => rowLines(row, finder(row, measured)));
  const start = median(coldStartMs);
  if (start !== undefined)
    lines.push({ name: "cold start to listening", gateway: start, unit: "ms", goal: atMost(start, maxColdStartMs, "ms") });

  printCells(["", "gateway", "haproxy", "ratio", "target", "met"]);
  for (const { name, gateway, haproxy, unit, compared, goal } of lines) {
    const ratio = compared === true && gateway !== undefined && haproxy !== undefined ? `${(gateway / haproxy).toFixed(1)}×` : "";
    printCells([
      name,
      show(gateway, unit),
      show(haproxy, unit),
      ratio,
      goal?.text ?? "",
      goal === undefined ? "" : goal.met ? "yes" : "NO",
    ]);
  }
  const goals = lines.flatMap(({ goal }) => goal ?? []);
  console.log(`\n${goals.filter(({ met }) => met).length} of ${goals.length} targets met`);
  for (const doubt of doubts(rows, measured)) console.log(`Note: ${doubt}.`);
}

type Find = (target: Target, figure: (one: Measured) => number) => number | undefined;

function finder(row: Row, measured: readonly Measured[]): Find {
  return (target, figure) => median(measured.filter((one) => one.row === row && one.target === target).map(figure));
}

function rowLines(row: Row, find: Find): Line[] {
  const [gateway, haproxy] = [find("gateway", cost), find("haproxy", cost)];
  const lines: Line[] = [{ name: row.name, gateway, haproxy, unit: row.unit, compared: true, ...ratioGoal(row, gateway, haproxy) }];
  if (gateway === undefined) return lines;

  if (row.minEventsPerSecond !== undefined) {
    const rate = 1e6 / gateway;
    const goal = { text: `≥ ${thousands(row.minEventsPerSecond)}/s`, met: rate >= row.minEventsPerSecond };
    lines.push({ name: "  events per core", gateway: rate, haproxy: haproxy && 1e6 / haproxy, unit: "/s", goal });
  }
  if (row.maxAddedDelayMs !== undefined) {
    const direct = find("direct", delay) ?? 0;
    const added = find("gateway", (one) => delay(one) - direct) ?? 0;
    const goal = atMost(added, row.maxAddedDelayMs, "ms");
    lines.push({ name: "  added delay, p50", gateway: added, haproxy: find("haproxy", (one) => delay(one) - direct), unit: "ms", goal });
  }
  if (row.maxMegabytes !== undefined) {
    const memory = find("gateway", (one) => one.megabytes) ?? 0;
    const goal = atMost(memory, row.maxMegabytes, "MB");
    lines.push({ name: "  peak memory", gateway: memory, haproxy: find("haproxy", (one) => one.megabytes), unit: "MB", goal });
  }
  return lines;
}

function ratioGoal(row: Row, gateway?: number, haproxy?: number): Pick<Line, "goal"> {
  if (row.maxRatio === undefined || gateway === undefined || haproxy === undefined) return {};
  return { goal: { text: `≤ ${row.maxRatio}×`, met: gateway / haproxy <= row.maxRatio } };
}

function atMost(figure: number, limit: number, unit: string): { text: string; met: boolean } {
  return { text: `≤ ${limit} ${unit}`, met: figure <= limit };
}

function cost({ row, result }: Measured): number {
  return row.unit === "ms/request" ? (result.cpu / Math.max(1, result.requests)) * 1e3 : (result.cpu / Math.max(1, result.events)) * 1e6;
}

function delay({ result }: Measured): number {
  return result.delayMs ?? 0;
}

/** Reasons not to trust the figures. */
function doubts(rows: readonly Row[], measured: readonly Measured[]): string[] {
  const found: string[] = [];
  const other = median(measured.map(({ result }) => result.otherCpu / result.seconds)) ?? 0;
  if (other > noticeableOtherCores) found.push(`other work kept ${other.toFixed(1)} cores busy meanwhile; repeat on a quiet machine`);
  for (const row of rows) {
    const waited = finder(row, measured)("gateway", delay) ?? 0;
    const interval = row.request.pace?.intervalMs ?? 0;
    if (waited > interval * lateShare)
      found.push(
        `${row.name}: events reached the client ${waited.toFixed(0)} ms late, so several were read at once and seem cheaper than they are`,
      );
    if (row.load.rampMs > 0) continue;
    const rate = (target: Target) => finder(row, measured)(target, ({ result }) => result.requests / result.seconds) ?? 0;
    const headroom = rate("direct") / rate("gateway");
    if (headroom < neededHeadroom)
      found.push(`${row.name}: the tools alone are only ${headroom.toFixed(1)} times as fast as through the gateway`);
  }
  return found;
}

function printCells([name = "", ...cells]: readonly string[]): void {
  const widths = [20, 20, 8, 14, 5];
  console.log(name.padEnd(26) + cells.map((cell, index) => cell.padStart(widths[index] ?? 0)).join(""));
}

function median(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

function show(figure: number | undefined, unit: string): string {
  if (figure === undefined) return "";
  const text = figure >= 1000 ? thousands(figure) : figure.toFixed(figure >= 10 ? 1 : 3);
  return unit.startsWith("/") ? text + unit : `${text} ${unit}`;
}

function thousands(figure: number): string {
  return Math.round(figure).toLocaleString("en-US");
}
