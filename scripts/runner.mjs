import { spawn } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

import { allocatorSettings } from "./allocator.mjs";

/** The root folder of the repository. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** A terminal sends Ctrl-C to every process of its foreground group, so handing SIGINT on as well would deliver it twice. */
const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
const forwarded = terminal ? ["SIGTERM", "SIGHUP"] : ["SIGTERM", "SIGHUP", "SIGINT"];

/**
 * @typedef {object} Result
 * @property {number} exitCode 128 + the signal's number when a signal ended it, 127 when the program was not found
 * @property {string} output stdout and stderr, when it was captured
 *
 * @typedef {object} Runner
 * @property {(file: string, args: string[]) => Promise<number>} run runs a program on this terminal, gives its exit code
 * @property {(file: string, args: string[]) => Promise<Result>} capture runs a program quietly
 */

/**
 * Runs programs in the repository's root, one at a time, while this process hands on the signals it gets.
 * @param {string} searchPath the PATH that the programs see and are looked up in
 * @returns {Runner}
 */
export function createRunner(searchPath) {
  const start = (file, args, stdio) =>
    new Promise((resolve) => {
      const child = spawn(file, args, { cwd: root, stdio, env: { ...allocatorSettings, ...process.env, PATH: searchPath } });
      let output = "";
      const collect = (chunk) => (output += chunk);
      child.stdout?.on("data", collect);
      child.stderr?.on("data", collect);
      const forward = (signal) => child.kill(signal);
      const ignore = () => {};
      for (const signal of forwarded) process.on(signal, forward);
      if (terminal) process.on("SIGINT", ignore);
      const finish = (exitCode) => {
        for (const signal of forwarded) process.off(signal, forward);
        process.off("SIGINT", ignore);
        resolve({ exitCode, output });
      };
      child.on("error", (error) => {
        output += error.message;
        finish(127);
      });
      child.on("close", (code, signal) => finish(code ?? 128 + constants.signals[signal]));
    });
  return {
    run: async (file, args) => (await start(file, args, "inherit")).exitCode,
    capture: (file, args) => start(file, args, ["ignore", "pipe", "pipe"]),
  };
}
