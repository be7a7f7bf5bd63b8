/**
 * `npm run test:mutants`: puts each fault of the catalogue into the gateway, one at a time, and plays the golden matrix until
 * its first failure. A fault that the matrix does not notice has survived, and the run fails. Further arguments select faults
 * by words of their names.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MUTANTS } from "./catalogue.ts";
import { occurrences } from "./mutant.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What the matrix said. */
export interface Run {
  /** The first test that failed; absent when none did. */
  readonly failed?: string;
  /** Whether there was a report at all. */
  readonly played: boolean;
}

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const chosen = MUTANTS.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word.toLowerCase())));
  if (chosen.length === 0) {
    console.log(`No fault is named so: ${words.join(" ")}`);
    return 1;
  }
  const stale = chosen.filter((mutant) => occurrences(mutant) !== 1);
  for (const mutant of stale) {
    console.log(`${mutant.name}: what it replaces stands ${occurrences(mutant)} times in src/${mutant.file}; it must stand there once.`);
  }
  if (stale.length > 0) return 1;
  const sound = await play(undefined);
  if (!sound.played || sound.failed !== undefined) {
    console.log(`The matrix fails without any fault: ${sound.failed ?? "it did not run"}.`);
    return 1;
  }
  const width = Math.max(...chosen.map(({ name }) => name.length));
  let survived = 0;
  for (const mutant of chosen) {
    const { failed, played } = await playTwice(MUTANTS.indexOf(mutant));
    if (failed === undefined) survived += 1;
    console.log(`${mutant.name.padEnd(width)}  ${failed === undefined ? (played ? "SURVIVED" : "DID NOT RUN") : `killed by ${failed}`}`);
  }
  console.log(`\n${chosen.length - survived} killed, ${survived} survived`);
  return survived === 0 ? 0 : 1;
}

/** Once more when the run did not come to any result: other test runs on the machine may have been in its way. */
async function playTwice(index: number): Promise<Run> {
  const run = await play(index);
  return run.played ? run : play(index);
}

/** Plays the matrix with this fault in it, or with none. */
async function play(index: number | undefined): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "dragoman-mutant-"));
  const report = join(folder, "report.json");
  const args = ["run", "--config", "test/mutants/vitest.config.ts"];
  const env = { ...process.env, MUTANT_REPORT: report, ...(index !== undefined && { MUTANT: String(index) }) };
  try {
    await new Promise((resolve, reject) => {
      const child = spawn("vitest", args, { cwd: ROOT, env, stdio: "ignore" });
      child.once("error", reject);
      child.once("close", resolve);
    });
    return readReport(report);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Without a report the matrix did not even start. */
function readReport(file: string): Run {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Run) : { played: false };
}
