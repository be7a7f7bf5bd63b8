/** Files that are made from the sources and committed, because people and editors read them. */
import { readFileSync, writeFileSync } from "node:fs";

/**
 * Writes a file. When the command line says `--check` it writes nothing, and the process fails if the file is not up to date.
 * @param name the file's path from the repository's root.
 * @param command what to run when it is not.
 */
export function writeGenerated(name: string, text: string, command: string): void {
  const file = new URL(`../${name}`, import.meta.url);
  if (!process.argv.includes("--check")) {
    writeFileSync(file, text);
  } else if (readFileSync(file, "utf8") !== text) {
    console.error(`${name} is not up to date: run \`${command}\`.`);
    process.exitCode = 1;
  }
}
