/**
 * `npm run test:clients [-- --all] [-- --keep] [-- WORD …]`: real clients through the built gateway to the simulator. Without `--all`
 * each client runs one tool call per upstream protocol. Words select by name of client, scenario or upstream. `--keep` keeps every run's
 * folder; that of a failed run always stays.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { startSimulator, type Simulator } from "../../src/simulator/server.ts";
import type { RecordedRequest } from "../../src/simulator/types.ts";
import { runClient } from "./client-process.ts";
import { claudeCode } from "./claude-code.ts";
import type { Client } from "./client.ts";
import { codexClients } from "./codex.ts";
import { faultScenarios } from "./fault-scenarios.ts";
import { startGateway, type GatewayProcess } from "./gateway.ts";
import { geminiCli } from "./gemini-cli.ts";
import { install } from "./install.ts";
import { scenarios, type Scenario } from "./scenarios.ts";
import { sdkClients } from "./sdk-clients.ts";
import { apiKey, clientKey, gatewayConfig, upstreams, type Upstream } from "./upstreams.ts";

const clients: readonly Client[] = [claudeCode, ...codexClients, geminiCli, ...sdkClients];
/** How many run at once. */
const lanes = 2;

const options = process.argv.slice(2);
const all = options.includes("--all");
const keep = options.includes("--keep");
const words = options.filter((option) => !option.startsWith("-"));

/** A client, what it is put through, and what answers it. */
interface Run {
  readonly client: Client;
  readonly scenario: Scenario;
  readonly upstream: Upstream;
  /** Whether the simulator itself stands in the gateway's place. */
  readonly direct: boolean;
  /** What it is selected by. */
  readonly names: readonly string[];
}

function runsOf(client: Client): Run[] {
  const able = [...scenarios, ...faultScenarios(client)].filter(({ task }) => client.tasks.includes(task));
  return able.flatMap((scenario) =>
    (scenario.ways ?? upstreams.map(({ name }) => name)).flatMap((way): Run[] => {
      const direct = way === "direct";
      const upstream = upstreams.find(({ name }) => name === (direct ? client.speaks : way));
      if (upstream === undefined) throw new Error(`there is no upstream ${way}`);
      const group = scenario.group === undefined ? [] : [scenario.group];
      return [{ client, scenario, upstream, direct, names: [client.name, ...group, scenario.name, way] }];
    }),
  );
}

/** Runs one scenario from start to end; throws when it does not pass. */
async function perform({ client, scenario, upstream, direct }: Run, folder: string): Promise<void> {
  const modules = client.installation ? install(client.installation) : "";
  const home = path.join(folder, "home");
  const workFolder = path.join(home, "work");
  mkdirSync(workFolder, { recursive: true });
  const faults = Object.entries(scenario.credentials).flatMap(([name, fault]) =>
    fault === undefined ? [] : [[apiKey(name), fault] as const],
  );
  const simulator = await startSimulator({ record: true, requireKey: true, credentials: Object.fromEntries(faults) });
  simulator.script(...(scenario.script ?? []));
  try {
    const gateway = direct
      ? simulatorAlone(simulator)
      : await startGateway(folder, gatewayConfig(client, upstream, simulator.url, Object.keys(scenario.credentials)));
    let failure: unknown;
    try {
      let turns = 0;
      await scenario.run({
        client,
        upstream,
        direct,
        workFolder,
        generations: () => simulator.requests.filter(isGeneration),
        ask: (prompt) =>
          runClient(
            client.command({ task: scenario.task, prompt, gateway: gateway.url, key: clientKey, continued: turns++ > 0, home, modules }),
            { modules, home, workFolder },
          ),
      });
    } catch (error) {
      failure = error;
    }
    // The log is whole only then.
    await gateway.stop();
    for (const { sequence, body } of simulator.requests) writeFileSync(path.join(folder, `upstream-${sequence}.json`), body);
    if (failure !== undefined)
      throw new Error(`${(failure as Error).message}\n--- end of the gateway's log\n${gateway.log().slice(-3000)}`, { cause: failure });
    // Clients take to HTTP without a word when a socket fails them, and after faults they may.
    if (client.overWebSocket && scenario.script === undefined) checkSockets(gateway.log());
  } finally {
    await simulator.close();
  }
}

/** What stands for the gateway where there is none. */
function simulatorAlone({ url }: Simulator): GatewayProcess {
  return { url, log: () => "", stop: () => Promise.resolve() };
}

/** @throws Error when a request came to the gateway by another way than a WebSocket. */
function checkSockets(log: string): void {
  const lines = log.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as { msg: string; requests?: number }] : []));
  const served = lines.filter(({ msg }) => msg === "request").length;
  const overSockets = lines.map(({ msg, requests = 0 }) => (msg === "websocket closed" ? requests : 0));
  const count = overSockets.reduce((sum, one) => sum + one, 0);
  if (served !== count) throw new Error(`only ${count} of ${served} requests came over a WebSocket`);
}

function isGeneration({ method, path: target }: RecordedRequest): boolean {
  return method === "POST" && !/count_?tokens|input_tokens/i.test(target);
}

const selected = clients
  .flatMap(runsOf)
  .filter(({ scenario, names }) => (words.length > 0 ? words.every((word) => names.includes(word)) : all || scenario.always));

/** Runs one selected scenario and says how it went. */
async function attempt(run: Run): Promise<boolean> {
  const { names } = run;
  const folder = mkdtempSync(path.join(tmpdir(), `dragoman-${names.join("-")}-`));
  const started = performance.now();
  const report = (verdict: string) => console.log(`${verdict} ${names.join(" ")} ${((performance.now() - started) / 1000).toFixed(1)}s`);
  try {
    await perform(run, folder);
    report("PASS");
    if (keep) console.log(`     kept in ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
    return true;
  } catch (error) {
    report("FAIL");
    console.log(`     ${(error as Error).message.replaceAll("\n", "\n     ")}\n     kept in ${folder}`);
    return false;
  }
}

// Before anything runs: npm would stand in the way of the simulator, which runs in this process.
for (const { client } of selected) if (client.installation) install(client.installation);
const waiting = selected.values();
let failed = 0;
await Promise.all(
  Array.from({ length: lanes }, async () => {
    for (const run of waiting) if (!(await attempt(run))) failed += 1;
  }),
);
console.log(`${selected.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 || selected.length === 0 ? 1 : 0);
