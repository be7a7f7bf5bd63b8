import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

import type { Installation } from "./client.ts";

/** Where clients are kept between runs: hundreds of megabytes, so outside the tree. */
function clientsHome(): string {
  const { DRAGOMAN_CLIENTS_HOME, XDG_CACHE_HOME } = process.env;
  return DRAGOMAN_CLIENTS_HOME ?? path.join(XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "dragoman", "clients");
}

/**
 * Installs what a client needs unless it is there. An installation appears under its final name only when it is complete, so an interrupted one
 * leaves nothing behind that is taken for whole, and two runs at once do no harm.
 * @returns its folder `node_modules`
 * @throws Error with npm's reason
 */
export function install({ name, packages }: Installation): string {
  const versions = packages.map((spec) => spec.slice(spec.lastIndexOf("@") + 1)).join("+");
  const folder = path.join(clientsHome(), `${name}-${versions}`);
  const modules = path.join(folder, "node_modules");
  if (existsSync(folder)) return modules;

  console.log(`Installing ${packages.join(" ")} in ${folder}; this takes a while the first time.`);
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  writeFileSync(path.join(unfinished, "package.json"), '{ "private": true }\n');
  const options = ["--prefix", unfinished, "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, stderr, error } = spawnSync("npm", ["install", ...options, ...packages], { cwd: unfinished, encoding: "utf8" });
  if (status !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new Error(`npm cannot install ${packages.join(" ")}: ${(error?.message ?? stderr).trim().replaceAll(/\s+/g, " ")}`);
  }
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return modules;
}
