import { readFileSync } from "node:fs";

/** The version in package.json, as clients, upstreams and logs see it. */
export const version: string = (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string })
  .version;
