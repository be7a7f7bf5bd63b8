#!/usr/bin/env node
/**
 * The entry of every npm script: `node scripts/bootstrap.mjs COMMAND [arguments]`.
 *
 * It runs on Node 20 with nothing installed. It installs what package-lock.json asks for, finds the Node that the project pins, and then
 * runs the command under that Node, handing on arguments, signals and the exit code. A failure is one readable line on stderr.
 */
import { commands } from "./commands.mjs";
import { ensureDependencies } from "./dependencies.mjs";
import { Failure } from "./failure.mjs";
import { findNode } from "./pinned-node.mjs";
import { createRunner } from "./runner.mjs";

const [name = "", ...args] = process.argv.slice(2);
try {
  const command = commands.get(name);
  if (command === undefined) throw new Failure(`no command "${name}"; there are: ${[...commands.keys()].join(", ")}.`);
  const installer = createRunner(process.env.PATH ?? "");
  await ensureDependencies(installer);
  process.exitCode = await command(createRunner(findNode().searchPath), args);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(`dragoman: ${error.message}`);
  process.exitCode = error.exitCode;
}
