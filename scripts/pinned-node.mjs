import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

import { Failure } from "./failure.mjs";
import { root } from "./runner.mjs";

/**
 * Finds the Node to run under: the one that package.json pins, else the running one when it is new enough.
 * The pinned one is missing when npm was told not to run install scripts, because a script of the package `node` fetches the binary.
 * @returns {{ searchPath: string }} a PATH that starts with it and with the project's own tools
 * @throws {Failure} when neither can be used
 */
export function findNode() {
  const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const pinned = path.join(root, "node_modules/node/bin/node");
  const { error, status, stderr } = spawnSync(pinned, ["--version"], { encoding: "utf8" });
  const tools = path.join(root, "node_modules/.bin");
  const searchPath = (node) => ({ searchPath: [path.dirname(node), tools, process.env.PATH].join(path.delimiter) });
  if (status === 0) return searchPath(pinned);

  const floor = manifest.engines.node.replace(">=", "");
  if (isAtLeast(process.versions.node, floor)) {
    console.error(`dragoman: the pinned Node is not installed; using Node ${process.versions.node}, which is new enough.`);
    return searchPath(process.execPath);
  }
  if (error?.code === "ENOENT") {
    throw new Failure(
      `the pinned Node ${manifest.devDependencies.node} was not downloaded, because npm does not run install scripts here. ` +
        "Run `npm rebuild node --ignore-scripts=false` once and repeat the command, " +
        `or put Node ${floor} or newer first on PATH (this is ${process.versions.node}).`,
    );
  }
  const why = (error?.message ?? stderr).trim().split("\n")[0];
  throw new Failure(`the pinned Node does not run on this machine (${why}). Put Node ${floor} or newer first on PATH.`);
}

function isAtLeast(version, floor) {
  const [have, want] = [version, floor].map((text) => text.split(".").map(Number));
  const index = want.findIndex((number, position) => number !== have[position]);
  return index === -1 || have[index] > want[index];
}
