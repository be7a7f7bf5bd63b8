import { readFileSync } from "node:fs";
import path from "node:path";

import { Failure } from "./failure.mjs";
import { root } from "./runner.mjs";

/**
 * Runs `npm ci` when node_modules is missing or is not what package-lock.json asks for.
 * @param {import("./runner.mjs").Runner} runner
 * @throws {Failure} with npm's own reason
 */
export async function ensureDependencies(runner) {
  const lock = readJson("package-lock.json");
  const declared = readJson("package.json");
  if (!sameDeclarations(declared, lock.packages[""])) {
    throw new Failure("package.json and package-lock.json disagree; run `npm install` under the pinned Node and commit both.");
  }
  if (isInstalled(lock.packages, readJson("node_modules/.package-lock.json")?.packages)) return;
  console.error("dragoman: installing dependencies with `npm ci`; the first time takes about a minute.");
  const npm = process.env.npm_execpath;
  const options = ["ci", "--include=dev", "--no-audit", "--no-fund", "--engine-strict=false", "--loglevel=error"];
  const { exitCode, output } = await (npm ? runner.capture(process.execPath, [npm, ...options]) : runner.capture("npm", options));
  if (exitCode !== 0) throw new Failure(`\`npm ci\` failed: ${reason(output)}`, exitCode);
}

/**
 * npm writes node_modules/.package-lock.json when an installation is complete, and lists there what it put in place.
 * A package that is optional in the lock may be missing: it belongs to another operating system or processor.
 */
function isInstalled(wanted, installed) {
  if (installed === undefined) return false;
  const complete = Object.entries(wanted).every(([where, { version, integrity, optional }]) => {
    if (where === "") return true;
    const found = installed[where];
    return found === undefined ? optional === true : found.version === version && found.integrity === integrity;
  });
  return complete && Object.keys(installed).every((where) => where in wanted);
}

function sameDeclarations(declared, locked) {
  const text = (list = {}) =>
    JSON.stringify(
      Object.keys(list)
        .sort()
        .map((name) => [name, list[name]]),
    );
  return ["dependencies", "devDependencies"].every((kind) => text(declared[kind]) === text(locked[kind]));
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(path.join(root, file), "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw new Failure(`cannot read ${file}: ${error.message}`);
  }
}

/** The lines that say why npm failed, as one line. */
function reason(output) {
  const lines = output.split("\n").map((line) => line.trim());
  const errors = lines.filter((line) => line.startsWith("npm error")).map((line) => line.slice("npm error".length).trim());
  const useful = (errors.length > 0 ? errors : lines).filter((line) => line !== "" && !/complete log|^code \w|^path |^command /.test(line));
  return useful.slice(0, 3).join(" ") || "npm gave no reason; run `npm ci` to see more.";
}
