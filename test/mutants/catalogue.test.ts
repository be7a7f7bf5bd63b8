/** That the faults can still be put into the source, which the long run would else be the first to find out. */
import { expect, test } from "vitest";
import { MUTANTS } from "./catalogue.ts";
import { occurrences } from "./mutant.ts";

test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))("%s: what it replaces stands once in its file", (_name, mutant) => {
  expect(occurrences(mutant)).toBe(1);
});
