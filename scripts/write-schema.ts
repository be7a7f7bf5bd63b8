/** Writes `dragoman.schema.json` from the configuration's schema: `node scripts/write-schema.ts`. */
import { writeFileSync } from "node:fs";
import { configJsonSchema } from "../src/config/json-schema.ts";

writeFileSync(new URL("../dragoman.schema.json", import.meta.url), configJsonSchema());
