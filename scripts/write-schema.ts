/** Writes `dragoman.schema.json` from the configuration's schema, or checks it: `npx node scripts/write-schema.ts [--check]`. */
import { configJsonSchema } from "../src/config/json-schema.ts";
import { writeGenerated } from "./generated-file.ts";

writeGenerated("dragoman.schema.json", configJsonSchema(), "npx node scripts/write-schema.ts");
