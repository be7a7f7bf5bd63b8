/**
 * Writes `dragoman.schema.json` from the configuration's schema: `node scripts/write-schema.ts`. With `--check` it writes
 * nothing and fails when the file is not up to date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { configJsonSchema } from "../src/config/json-schema.ts";

const file = new URL("../dragoman.schema.json", import.meta.url);
if (!process.argv.includes("--check")) {
  writeFileSync(file, configJsonSchema());
} else if (readFileSync(file, "utf8") !== configJsonSchema()) {
  console.error("dragoman.schema.json is not up to date: run `node scripts/write-schema.ts`.");
  process.exitCode = 1;
}
