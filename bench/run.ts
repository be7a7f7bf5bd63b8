/**
 * `npm run bench [-- --quick] [-- ROW …]`: what the gateway costs, in one run beside haproxy doing the same work without understanding it.
 * The measured process has a core to itself where there are two; upstream and load client share the other.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import path from "node:path";

import type { LoadResult } from "./load.ts";
import { peakMegabytes } from "./machine.ts";
import { canPin, hasHaproxy, runLoad, startGateway, startHaproxy, startUpstream, type Listening } from "./processes.ts";
import { printReport, type Measured, type Target } from "./report.ts";
import { rows as allRows, type Row } from "./rows.ts";

const options = process.argv.slice(2);
const quick = options.includes("--quick");
const names = options.filter((option) => !option.startsWith("-"));
const rows = allRows.filter((row) => names.length === 0 || names.includes(row.name));
const rounds = quick ? 1 : 3;
const warmMs = 2000;
const windowMs = quick ? 2000 : 5000;
const coldStarts = quick ? 3 : 7;

process.on("uncaughtException", (error) => {
  console.error(`bench: ${error.message}`);
  process.exit(2);
});
if (process.platform !== "linux") throw new Error("the benchmark reads CPU time from /proc, so it runs on Linux only");
if (rows.length === 0) throw new Error(`no such row; there are: ${allRows.map((row) => row.name).join(", ")}`);

const folder = mkdtempSync(path.join(tmpdir(), "dragoman-bench-"));
const upstream = await startUpstream();
const measured: Measured[] = [];

/** Measures a row through one process, or straight to the upstream. */
async function measure(target: Target, row: Row, round: number, through?: Listening): Promise<void> {
  const translated = target === "gateway" ? row.request.protocol : row.provider;
  const result: LoadResult = await runLoad({
    ...row.load,
    request: { ...row.request, protocol: translated, provider: target === "gateway" ? `${row.provider}/` : "" },
    port: through?.port ?? upstream.port,
    warmMs,
    windowMs,
    upstream: upstream.pid,
    ...(through !== undefined && { watched: through.pid }),
  });
  measured.push({ target, row, result, megabytes: through === undefined ? 0 : peakMegabytes(through.pid) });
  const failure = result.errors === 0 ? "" : `  ${result.errors} errors: ${result.firstError ?? ""}`;
  console.error(`round ${round + 1}/${rounds}  ${target.padEnd(8)} ${row.name}${failure}`);
}

async function measureAll(target: "gateway" | "haproxy", round: number): Promise<void> {
  const start = () => (target === "gateway" ? startGateway(folder, upstream.port) : startHaproxy(folder, upstream.port));
  const shared = rows.filter((row) => row.maxMegabytes === undefined);
  const alone = rows.filter((row) => row.maxMegabytes !== undefined);
  for (const group of [shared, ...alone.map((row) => [row])]) {
    if (group.length === 0) continue;
    const through = await start();
    for (const row of group) await measure(target, row, round, through);
    await through.stop();
  }
}

const coldStartMs: number[] = [];
for (let count = 0; names.length === 0 && count < coldStarts; count += 1) {
  const gateway = await startGateway(folder, upstream.port);
  coldStartMs.push(gateway.startMs);
  await gateway.stop();
}
for (let round = 0; round < rounds; round += 1) {
  // The delay without anything in between moves with the machine's load, so it is taken in every round.
  for (const row of rows) if (round === 0 || row.maxAddedDelayMs !== undefined) await measure("direct", row, round);
  const targets = hasHaproxy ? (["gateway", "haproxy"] as const) : (["gateway"] as const);
  for (const target of round % 2 === 0 ? targets : targets.toReversed()) await measureAll(target, round);
}
await upstream.stop();
rmSync(folder, { recursive: true });

console.log(`\nNode ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? "unknown processor"}`);
if (!canPin) console.log("Processes are not pinned to cores (that needs taskset and two cores): the figures vary more.");
if (!hasHaproxy) console.log("haproxy is not installed, so there are no ratios: `apt-get install haproxy` adds them.");
printReport(rows, measured, coldStartMs);
const failed = measured.reduce((total, { result }) => total + result.errors, 0);
if (failed > 0) console.log(`${failed} answers failed; the figures of their rows are worthless.`);
process.exit(failed > 0 ? 1 : 0);
