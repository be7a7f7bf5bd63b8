#!/usr/bin/env node
/** The binary. The rest is loaded only when this Node can run it. */
import { readFileSync } from "node:fs";
import { nodeVersionProblem } from "./cli/node-version.ts";

const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { engines: { node: string } };
const problem = nodeVersionProblem(process.versions.node, engines.node);
if (problem === undefined) {
  const { run } = await import("./cli/program.ts");
  process.exitCode = await run(process.argv.slice(2));
} else {
  process.stderr.write(`dragoman: ${problem}\n`);
  process.exitCode = 1;
}
