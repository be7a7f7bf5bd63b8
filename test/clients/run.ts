/**
 * `npm run test:clients [-- --all] [-- --keep] [-- WORD …]`: real clients through the built gateway to the simulator. Without `--all`
 * each client runs one tool call per upstream protocol, and each agent a row of them while every second upstream answer is a fault. Words
 * select by name of client, scenario or upstream; `faults` are all that can go wrong, `direct` is what is played without the gateway.
 * `--keep` keeps every run's folder; that of a failed run always stays.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { claudeCode } from "./claude-code.ts";
import type { Client } from "./client.ts";
import { codexClients } from "./codex.ts";
import { geminiCli } from "./gemini-cli.ts";
import { install } from "./install.ts";
import { perform, runsOf, type Run } from "./perform.ts";
import { sdkClients } from "./sdk-clients.ts";

const clients: readonly Client[] = [claudeCode, ...codexClients, geminiCli, ...sdkClients];
/** How many run at once. */
const lanes = 2;

const options = process.argv.slice(2);
const all = options.includes("--all");
const keep = options.includes("--keep");
const words = options.filter((option) => !option.startsWith("-"));

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
