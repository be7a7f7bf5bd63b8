/** Golden files of the matrix: written only when that is asked for, and never where CI runs. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import type { Trace } from "../../src/conformance/play.ts";
import type { Scenario } from "../../src/conformance/scenario.ts";

const FOLDER = new URL("../golden/", import.meta.url);
const UPDATE = process.env["UPDATE_GOLDEN"] === "1";

if (UPDATE && (process.env["CI"] ?? "") !== "")
  throw new Error("UPDATE_GOLDEN is refused where CI is set: golden files are reviewed like code.");

/** Compares what happened in a cell, by mode, with its golden file, or writes that file. */
export function compareGolden(scenario: Scenario, pair: string, traces: Readonly<Record<string, Trace>>): void {
  const file = new URL(`${scenario.id}/${pair}.json`, FOLDER);
  // The gateway's ids of requests are random.
  const text =
    `${JSON.stringify(Object.fromEntries(Object.entries(traces).map(([mode, trace]) => [mode, written(trace, scenario)])), null, 1)}\n`.replaceAll(
      /req_[0-9a-f]{32}/g,
      "req_…",
    );
  if (UPDATE) {
    mkdirSync(new URL(`${scenario.id}/`, FOLDER), { recursive: true });
    writeFileSync(file, text);
    return;
  }
  if (!existsSync(file))
    throw new Error(`there is no test/golden/${scenario.id}/${pair}.json; look at the cell, then run with UPDATE_GOLDEN=1.`);
  expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(file, "utf8")));
}

/** Golden files that belong to none of these cells, `scenario/client-upstream.json`. */
export function staleGolden(cells: ReadonlySet<string>): string[] {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".json") && !cells.has(file));
}

/** Bodies as JSON, for people to read; what depends on timing left out. */
function written({ bodies, outcomes }: Trace, scenario: Scenario): object {
  return {
    upstream: bodies.map((body) => (body === "" ? "" : (JSON.parse(body) as unknown))),
    client: outcomes.map(({ heartbeats: _heartbeats, ...outcome }) => {
      // How much was out when a stream broke decides in which of its ways the SDK hears of it.
      return outcome.error && scenario.feature === "streams" ? "an error" : outcome;
    }),
  };
}
