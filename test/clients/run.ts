/**
 * `npm run test:clients [-- --all] [-- --keep] [-- WORD …]`: real clients through the built gateway to the simulator. Without `--all`
 * each client runs one tool call per upstream protocol. Words select by name of client, scenario or upstream. `--keep` keeps every run's
 * folder; that of a failed run always stays.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { startSimulator } from "../../src/simulator/server.ts";
import { runClient } from "./client-process.ts";
import { claudeCode } from "./claude-code.ts";
import type { Client } from "./client.ts";
import { startGateway } from "./gateway.ts";
import { geminiCli } from "./gemini-cli.ts";
import { install } from "./install.ts";
import { scenarios, type Scenario } from "./scenarios.ts";
import { sdkClients } from "./sdk-clients.ts";
import { apiKey, clientKey, gatewayConfig, upstreams, type Upstream } from "./upstreams.ts";

const clients: readonly Client[] = [claudeCode, geminiCli, ...sdkClients];
/** How many run at once. */
const lanes = 2;

const options = process.argv.slice(2);
const all = options.includes("--all");
const keep = options.includes("--keep");
const words = options.filter((option) => !option.startsWith("-"));

/** Runs one scenario from start to end; throws when it does not pass. */
async function perform(client: Client, scenario: Scenario, upstream: Upstream, folder: string): Promise<void> {
  const modules = client.installation ? install(client.installation) : "";
  const home = path.join(folder, "home");
  const workFolder = path.join(home, "work");
  mkdirSync(workFolder, { recursive: true });
  const faults = Object.entries(scenario.credentials).flatMap(([name, fault]) =>
    fault === undefined ? [] : [[apiKey(name), fault] as const],
  );
  const simulator = await startSimulator({ record: true, requireKey: true, credentials: Object.fromEntries(faults) });
  try {
    const gateway = await startGateway(folder, gatewayConfig(client, upstream, simulator.url, Object.keys(scenario.credentials)));
    try {
      let turns = 0;
      await scenario.run({
        client,
        upstream,
        workFolder,
        generations: () => simulator.requests.filter(({ method, path: target }) => method === "POST" && !/count_?tokens/i.test(target)),
        ask: (prompt) =>
          runClient(
            client.command({ task: scenario.task, prompt, gateway: gateway.url, key: clientKey, continued: turns++ > 0, home, modules }),
            { modules, home, workFolder },
          ),
      });
    } catch (error) {
      throw new Error(`${(error as Error).message}\n--- end of the gateway's log\n${gateway.log()}`, { cause: error });
    } finally {
      await gateway.stop();
    }
  } finally {
    await simulator.close();
  }
}

const runs = clients.flatMap((client) =>
  scenarios
    .filter(({ task }) => client.tasks.includes(task))
    .flatMap((scenario) =>
      upstreams.map((upstream) => ({ client, scenario, upstream, names: [client.name, scenario.name, upstream.name] })),
    ),
);
const selected = runs.filter(({ scenario, names }) =>
  words.length > 0 ? words.every((word) => names.includes(word)) : all || scenario.always,
);

/** Runs one selected scenario and says how it went. */
async function attempt({ client, scenario, upstream, names }: (typeof runs)[number]): Promise<boolean> {
  const folder = mkdtempSync(path.join(tmpdir(), `dragoman-${names.join("-")}-`));
  const started = performance.now();
  const report = (verdict: string) => console.log(`${verdict} ${names.join(" ")} ${((performance.now() - started) / 1000).toFixed(1)}s`);
  try {
    await perform(client, scenario, upstream, folder);
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
