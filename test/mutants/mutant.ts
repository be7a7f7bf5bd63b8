/** Faults as edits of the gateway's source. */
import { readFileSync } from "node:fs";

/** One fault. */
export interface Mutant {
  readonly name: string;
  /** Below `src/`. */
  readonly file: string;
  /** Text that stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** How often the text that a fault replaces stands in its file. @throws Error when there is no such file. */
export function occurrences({ file, find }: Mutant): number {
  return readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8").split(find).length - 1;
}
