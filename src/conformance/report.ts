/** The score of a run, for the terminal and for programs. */
import { PROTOCOLS, type ProtocolName } from "./clients/client.ts";
import type { Verdict } from "./play.ts";
import { FEATURES, type Feature, type Pairing, type Scenario } from "./scenario.ts";

/** How one cell went. */
export interface CellReport extends Pairing {
  readonly scenario: Scenario;
  readonly verdict: Verdict;
}

/** Passed and failed of a group of cells; those that are not applicable count in neither. */
export interface Score {
  readonly passed: number;
  readonly failed: number;
}

export function scoreOf(cells: readonly CellReport[]): Score {
  const count = (result: Verdict["result"]): number => cells.filter(({ verdict }) => verdict.result === result).length;
  return { passed: count("passed"), failed: count("failed") };
}

/** The report as JSON: the total, the score of each pair and feature, and every cell that failed. */
export function jsonReport(target: string, cells: readonly CellReport[]): object {
  const pairs = pairsOf(cells).map(({ client, upstream }) => {
    const own = cells.filter((cell) => cell.client === client && cell.upstream === upstream);
    const features = featuresOf(own).map((feature) => [feature, scoreOf(own.filter(({ scenario }) => scenario.feature === feature))]);
    return { client, upstream, ...scoreOf(own), features: Object.fromEntries(features) as Record<Feature, Score> };
  });
  const failures = cells.flatMap(({ scenario, client, upstream, streamed, verdict }) =>
    verdict.result === "failed"
      ? [{ scenario: scenario.id, feature: scenario.feature, client, upstream, streamed, difference: verdict.difference }]
      : [],
  );
  return { target, ...scoreOf(cells), pairs, failures };
}

/** The report for people: tables of features by pair, then each failure with its first difference. */
export function textReport(target: string, cells: readonly CellReport[]): string {
  const { passed, failed } = scoreOf(cells);
  const applicable = passed + failed;
  const rate = applicable === 0 ? "nothing was applicable" : `${percent(passed, applicable)}, ${passed} of ${applicable}`;
  return [`Conformance of ${target}: ${rate}\n`, tables(cells), failures(cells), legend(cells)].filter((part) => part !== "").join("\n");
}

const ALL = "all";

/** A table for each client: its pairs with all upstreams are too many for the width of a terminal. */
function tables(cells: readonly CellReport[]): string {
  const clients = PROTOCOLS.filter((client) => cells.some((cell) => cell.client === client));
  return clients
    .map((client) =>
      table(
        client,
        cells.filter((cell) => cell.client === client),
      ),
    )
    .join("\n");
}

function table(client: ProtocolName, cells: readonly CellReport[]): string {
  const upstreams = PROTOCOLS.filter((upstream) => cells.some((cell) => cell.upstream === upstream));
  const rows = [...featuresOf(cells), ALL].map((feature) => {
    const own = cells.filter(({ scenario }) => feature === ALL || scenario.feature === feature);
    return [feature, ...upstreams.map((upstream) => scored(own.filter((cell) => cell.upstream === upstream)))];
  });
  const head = [`${client} →`, ...upstreams];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ");
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return [line(head), rule, ...rows.slice(0, -1).map(line), rule, line(rows.at(-1) ?? []), ""]
    .map((text) => (text === "" ? "" : `  ${text}`))
    .join("\n");
}

function scored(cells: readonly CellReport[]): string {
  const { passed, failed } = scoreOf(cells);
  if (passed + failed === 0) return "·";
  return failed === 0 ? String(passed) : `${passed}/${passed + failed}`;
}

/** Cells that failed alike in both modes are told once. */
function failures(cells: readonly CellReport[]): string {
  const failed = cells.filter(({ verdict }) => verdict.result === "failed");
  if (failed.length === 0) return "";
  const told = new Map<string, { head: string; modes: string[]; difference: string }>();
  for (const { scenario, client, upstream, streamed, verdict } of failed) {
    const difference = verdict.result === "failed" ? verdict.difference : "";
    const head = `${client} → ${upstream}  ${scenario.id}: ${scenario.title}`;
    const key = `${head}\n${difference}`;
    const mode = "probe" in scenario ? "" : streamed ? "streamed" : "whole";
    const known = told.get(key);
    if (known === undefined) told.set(key, { head, modes: [mode], difference });
    else known.modes.push(mode);
  }
  const lines = [...told.values()].map(({ head, modes, difference }) => {
    const how = modes.length === 1 && modes[0] !== "" ? ` (${modes[0]})` : "";
    return `  ✗ ${head}${how}\n      ${difference}\n`;
  });
  return `First difference of each failure:\n\n${lines.join("")}`;
}

function legend(cells: readonly CellReport[]): string {
  const absent = cells.filter(({ verdict }) => verdict.result === "not-applicable").length;
  return `A number counts passed cells, 3/4 passed and applicable ones. ${absent} cells are not applicable: a protocol has no word for them.\n`;
}

function percent(part: number, whole: number): string {
  // Never 100 % while something is left.
  return `${(Math.floor((part / whole) * 1000) / 10).toFixed(part === whole ? 0 : 1)} %`;
}

function pairsOf(cells: readonly CellReport[]): { client: ProtocolName; upstream: ProtocolName }[] {
  return PROTOCOLS.flatMap((client) => PROTOCOLS.map((upstream) => ({ client, upstream }))).filter(({ client, upstream }) =>
    cells.some((cell) => cell.client === client && cell.upstream === upstream),
  );
}

function featuresOf(cells: readonly CellReport[]): Feature[] {
  return FEATURES.filter((feature) => cells.some(({ scenario }) => scenario.feature === feature));
}
