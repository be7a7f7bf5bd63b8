import { chmodSync, readdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";

import { Failure } from "./failure.mjs";
import { root } from "./runner.mjs";

const binary = path.join(root, "dist/main.js");

/**
 * What each npm script does, by name. A command gets the runner and the further arguments, and gives the exit code.
 * @type {Map<string, (runner: import("./runner.mjs").Runner, args: string[]) => Promise<number>>}
 */
export const commands = new Map([
  ["start", start],
  ["dev", dev],
  ["test", (runner, args) => runner.run("vitest", ["run", ...args])],
  ["test:mutants", (runner, args) => runner.run("node", ["test/mutants/run.ts", ...args])],
  ["test:clients", (runner, args) => withBuild(runner, ["test/clients/run.ts", ...args])],
  ["bench", (runner, args) => withBuild(runner, ["bench/run.ts", ...args])],
  ["soak", (runner, args) => withBuild(runner, ["soak/run.ts", ...args])],
  ["check", check],
  ["build", build],
]);

/** @type {[name: string, file: string, args: string[]][]} */
const checks = [
  ["lock file", "node", ["scripts/complete-lockfile.mjs", "--check"]],
  ["format", "oxfmt", ["--check"]],
  ["lint", "oxlint", ["--type-aware"]],
  ["types", "tsc", ["-p", "tsconfig.json"]],
  ["unused code", "knip", []],
  ["config schema", "node", ["scripts/write-schema.ts", "--check"]],
  ["list of losses", "node", ["scripts/write-fidelity.ts", "--check"]],
  ["unit tests", "vitest", ["run", "src/"]],
];

/** Runs every check, also after one has failed, so that one run shows everything there is to mend. */
async function check(runner) {
  const failed = [];
  for (const [name, file, args] of checks) {
    console.error(`dragoman: checking ${name}`);
    if ((await runner.run(file, args)) !== 0) failed.push(name);
  }
  if (failed.length > 0)
    throw new Failure(`${checks.length - failed.length} checks passed, ${failed.length} failed: ${failed.join(", ")}.`);
  console.error(`dragoman: all ${checks.length} checks passed.`);
  return 0;
}

async function start(runner, args) {
  refuseWhatNpmKept("start");
  return withBuild(runner, [binary, ...args]);
}

async function dev(runner, args) {
  refuseWhatNpmKept("run dev");
  return runner.run("node", ["--watch", "src/main.ts", ...args]);
}

/** npm keeps options for itself when no `--` stands before them, and hands their values on as further arguments. */
function refuseWhatNpmKept(name) {
  const kept = ["config", "host", "port"].find((option) => process.env[`npm_config_${option}`] !== undefined);
  if (kept !== undefined) throw new Failure(`npm kept --${kept} for itself; put \`--\` before it: \`npm ${name} -- --${kept} …\`.`);
}

async function withBuild(runner, args) {
  if (isStale()) await build(runner);
  return runner.run("node", args);
}

async function build(runner) {
  console.error("dragoman: building");
  rmSync(path.dirname(binary), { recursive: true, force: true });
  const exitCode = await runner.run("tsc", ["-p", "tsconfig.build.json"]);
  if (exitCode !== 0) {
    rmSync(path.dirname(binary), { recursive: true, force: true });
    throw new Failure("the build failed; the compiler's messages are above.", exitCode);
  }
  chmodSync(binary, 0o755);
  return 0;
}

/** Folders count as well as files: a folder's time changes when a file in it is removed. */
function isStale() {
  const built = modified(binary);
  const inputs = ["package-lock.json", "tsconfig.json", "tsconfig.build.json", "src"].map((name) => path.join(root, name));
  const sources = readdirSync(path.join(root, "src"), { recursive: true, withFileTypes: true });
  inputs.push(...sources.map((entry) => path.join(entry.parentPath, entry.name)));
  return inputs.some((file) => modified(file) > built);
}

function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
