/**
 * `npm run soak [-- --minutes 20] [-- --streams 300] [-- --seed 1]`: the built gateway under load for long, with faults upstream. Every answer
 * is checked; in the end nothing may be left over. `--keep` keeps the folder with the gateway's log; that of a failed run always stays.
 */
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";

import { chooseRequest, type Choice } from "./choice.ts";
import { exchange } from "./exchange.ts";
import type { LoadReport } from "./load.ts";
import { poolState } from "./pool-state.ts";
import type { ProbeReport } from "./probe.ts";
import { startGateway, startLoad, startUpstream } from "./processes.ts";
import { figureLines, lostLines, outcomeLines, sampleLine, samplesHead } from "./report.ts";
import { openFiles } from "./sockets.ts";
import { ResidentMemory } from "./resident-memory.ts";
import { faultsOf, requestsOf, sumOf, type Leaks, type Sample, type SoakFigures } from "./verdict.ts";

const samplesEveryMs = 10_000;
/** Longer than any connection is kept that nobody uses. */
const quietMs = 60_000;

if (process.platform !== "linux") throw new Error("the soak reads open sockets from /proc, so it runs on Linux only");
const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "20" },
    streams: { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
    keep: { type: "boolean", default: false },
  },
});
const minutes = amount("minutes", values.minutes);
const streams = amount("streams", values.streams);
const seed = amount("seed", values.seed);

const folder = mkdtempSync(path.join(tmpdir(), "dragoman-soak-"));
const { upstream, port: upstreamPort } = await startUpstream();
const { gateway, port } = await startGateway<ProbeReport>(folder, upstreamPort);
const filesNow = () => openFiles(gateway.pid, port, upstreamPort);

await warmUp();
const before = { files: filesNow(), probe: await gateway.ask("collect") };
console.log(`soak: ${minutes} min, ${streams} streams, seed ${seed}, in ${folder}\n\n${samplesHead()}`);
const memory = new ResidentMemory(gateway.pid);
const load = startLoad<LoadReport>({ port, streams, seed });
const began = performance.now();
const samples: Sample[] = [];
for (let due = samplesEveryMs; due <= minutes * 60_000; due += samplesEveryMs) {
  await wait(began + due - performance.now());
  const sample = await look();
  samples.push(sample);
  console.log(sampleLine(sample));
}
memory.stop();
const { outcomes, lost } = await load.ask("stop");
const leaks = await untilQuiet();
const after = await gateway.ask("collect");
const { behaved } = await upstream.ask("look");
const endedCleanly = await gateway.stop();
await load.stop();
await upstream.stop();

const figures: SoakFigures = { minutes, streams, samples, outcomes, leaks, internalErrors: await internalErrors(), endedCleanly };
const failures = faultsOf(figures);
const heap = ({ heapUsed }: ProbeReport) => (heapUsed / 1024 / 1024).toFixed(1);
console.log(`\n${outcomeLines(outcomes, behaved).join("\n")}\n`);
console.log([...lostLines(lost), ...figureLines(figures)].join("\n"));
console.log(`heap after a full collection: ${heap(before.probe)} MB before the load, ${heap(after)} MB after it`);
if (values.keep || failures.length > 0) console.log(`kept in ${folder}`);
else rmSync(folder, { recursive: true });
console.log(failures.length === 0 ? "soak: passed" : `soak: failed: ${failures.join("; ")}`);
process.exit(failures.length === 0 ? 0 : 1);

function amount(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${name} needs a number above 0`);
  return number;
}

/** What is opened with the first answer that is kept, the database above all, stays open. */
async function warmUp(): Promise<void> {
  const choice: Choice = {
    ...chooseRequest(seed, 0),
    protocol: "responses",
    manner: "reads",
    behaviour: "sound",
    stores: true,
    closes: true,
  };
  await exchange(choice, undefined, { port, agent: new Agent() });
}

async function look(): Promise<Sample> {
  const [probe, report, pool] = await Promise.all([gateway.ask("look"), load.ask("look"), poolState(port, folder)]);
  return {
    ...filesNow(),
    seconds: (performance.now() - began) / 1000,
    open: report.open,
    done: requestsOf(sumOf(Object.values(report.outcomes))),
    rss: memory.mean(),
    heapUsed: probe.heapUsed,
    external: probe.external,
    timers: timersOf(probe),
    pool,
  };
}

/** What is left when nothing is, or when everything has had time to go. */
async function untilQuiet(): Promise<Leaks> {
  const stopped = performance.now();
  for (;;) {
    const [probe, { openRequests }, pool] = await Promise.all([gateway.ask("look"), upstream.ask("look"), poolState(port, folder)]);
    const files = filesNow();
    const leaks: Leaks = {
      clients: files.clients,
      upstream: files.upstream,
      others: Math.max(0, files.others - before.files.others),
      timers: Math.max(0, timersOf(probe) - timersOf(before.probe)),
      permits: pool.inUse,
      waiting: pool.waiting,
      openRequests,
    };
    if (Object.values(leaks).every((count) => count === 0) || performance.now() - stopped > quietMs) return leaks;
    await wait(500);
  }
}

function timersOf({ resources }: ProbeReport): number {
  return (resources["Timeout"] ?? 0) + (resources["Immediate"] ?? 0);
}

/** Lines of the gateway's log that tell of a bug: those of level `error` and above. */
async function internalErrors(): Promise<number> {
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(path.join(folder, "gateway.log")) })) {
    if (/"level":(?:[56]0|"(?:error|fatal)")/.test(line)) count += 1;
  }
  return count;
}
