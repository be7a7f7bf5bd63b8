/** What an operator reads of a simulation: two configurations side by side. */
import type { CredentialResult, LimitHit, SimulationResult } from "./tally.ts";
import type { Traffic } from "./traffic.ts";

/** A configuration, and what became of the traffic with it. */
export interface Simulated {
  /** What it is called in the report: `new`, `current`. */
  readonly name: string;
  /** Where it was read. */
  readonly path: string;
  readonly result: SimulationResult;
}

type Row = readonly string[];

/** For people, at most 100 columns wide where names are of ordinary length. Ends with a line break. */
export function textReport({ requests, leftOut }: Traffic, seed: number, simulated: readonly Simulated[]): string {
  const from = requests[0]?.at ?? 0;
  const until = requests.at(-1)?.at ?? from;
  const left = leftOut === 0 ? "" : `${number(leftOut)} more were left out: no upstream is asked for such.\n`;
  return [
    `${number(requests.length)} requests from ${iso(from)} to ${iso(until)} (${duration(until - from)}), seed ${seed}.\n${left}`,
    simulated.map(({ name, path }) => `${name.padEnd(9)}${path}\n`).join(""),
    table([["", ...simulated.map(({ name }) => name)], ...totals(simulated.map(({ result }) => result))]),
    ...simulated.flatMap(({ name, result }) => [
      `${name}, by credential\n${table(credentialRows(result))}`,
      ...(result.limits.length === 0 ? [] : [`${name}, limits in the order in which they were first hit\n${table(limitRows(result))}`]),
    ]),
  ].join("\n");
}

/** For programs: the same numbers, durations in ms. */
export function jsonReport({ requests, leftOut }: Traffic, seed: number, simulated: readonly Simulated[]): object {
  return {
    traffic: { requests: requests.length, leftOut, from: requests[0]?.at, until: requests.at(-1)?.at },
    seed,
    ...Object.fromEntries(simulated.map(({ name, path, result }) => [name, { config: path, ...result }])),
  };
}

function totals(results: readonly SimulationResult[]): Row[] {
  const row = (label: string, of: (result: SimulationResult) => string): Row => [label, ...results.map(of)];
  const kinds = [...new Set(results.flatMap(({ failed }) => Object.keys(failed)))] as (keyof SimulationResult["failed"])[];
  return [
    row("answered", ({ answered }) => number(answered)),
    row("cancelled by clients", ({ cancelled }) => number(cancelled)),
    row("failed", ({ failed }) => number(Object.values(failed).reduce((sum, count) => sum + count, 0))),
    ...kinds.map((kind) => row(`  ${kind}`, ({ failed }) => number(failed[kind] ?? 0))),
    row("429s met", ({ rateLimited }) => number(rateLimited)),
    row("attempts per request", ({ attempts, requests }) => (requests === 0 ? "-" : (attempts / requests).toFixed(2))),
    row("fallbacks taken", ({ fallbacks }) => number(fallbacks)),
    row("waited for a permit", ({ waited }) => number(waited.requests)),
    row("longest wait", ({ waited }) => (waited.requests === 0 ? "-" : duration(waited.longestMs))),
    row("cache affinity kept", ({ affinity }) => percent(affinity.kept, affinity.followUps)),
    row("spend in USD", ({ spend }) => spend.usd.toFixed(2)),
    row("  requests of no known price", ({ spend }) => number(spend.withoutPrice)),
    row("  requests of unknown usage", ({ spend }) => number(spend.withoutUsage)),
    row("first limit hit", ({ limits: [first] }) => (first ? `${first.limit} after ${duration(first.afterMs)}` : "none")),
    ...(results.some(({ limits }) => limits.length > 0) ? [row("", ({ limits: [first] }) => (first ? ownerOf(first) : ""))] : []),
  ];
}

function credentialRows({ credentials }: SimulationResult): Row[] {
  const heading = ["", "requests", "share", "tokens", "peak", "429s", "USD"];
  return [heading, ...credentials.map(credentialRow)];
}

function credentialRow(result: CredentialResult): Row {
  const { requests, share, tokens, peakConcurrency, rateLimited, usd } = result;
  return [
    ownerOf(result),
    number(requests),
    percent(share, 1),
    number(tokens),
    number(peakConcurrency),
    number(rateLimited),
    usd.toFixed(2),
  ];
}

function limitRows({ limits }: SimulationResult): Row[] {
  const rows = limits.map((hit) => [ownerOf(hit), hit.limit, `after ${duration(hit.afterMs)}`, number(hit.times)]);
  return [["", "limit", "first hit", "times"], ...rows];
}

function ownerOf({ provider, credential }: Pick<LimitHit, "provider" | "credential">): string {
  return credential === undefined ? provider : `${provider}/${credential}`;
}

/** The first column to the left, the others to the right. */
function table(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: Row): string =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ");
  return rows.map((row) => `  ${line(row)}`.trimEnd() + "\n").join("");
}

/** Groups of three digits, whatever the machine's language. */
function number(value: number): string {
  return value.toLocaleString("en-US");
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "-" : `${((part / whole) * 100).toFixed(1)} %`;
}

function iso(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}

/** The two largest units: `2h 05m`. */
function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 60) return `${(ms / 1000).toFixed(1)}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ${two(Math.floor(seconds / 60) % 60)}m`;
  return `${Math.floor(seconds / 86_400)}d ${two(Math.floor(seconds / 3600) % 24)}h`;
}
