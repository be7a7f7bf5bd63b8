/** The `keys` of a file as the program uses them: hashed at once. */
import { createHash } from "node:crypto";
import type { KeyConfig } from "./config.ts";
import { isHeaderText, type ProblemList } from "./errors.ts";
import type { KeyFile } from "./schema.ts";

const CONTROL = /\p{Cc}/u;

/** @param secrets gets the clear keys that stood in the file, so that no log repeats one. */
export function resolveKeys(keys: readonly KeyFile[], problems: ProblemList, secrets: Set<string>): KeyConfig[] {
  const names = new Set<string>();
  const owners = new Map<string, string>();
  return keys.flatMap((key, index) => {
    const path = ["keys", index];
    for (const unfinished of ["limits", "budget"] as const) {
      if (key[unfinished] !== undefined) problems.add([...path, unfinished], "is not implemented yet", "remove it", "key");
    }
    // Whatever belongs to a caller is filed under its name, a line break, and a name of the caller's choice.
    if (CONTROL.test(key.name)) {
      problems.add([...path, "name"], "holds a line break or another control character", "give it a name of one line");
    }
    if (names.has(key.name)) problems.add([...path, "name"], "another key has this name", "names must be unique");
    names.add(key.name);

    const sha256 = resolveHash(key, path, problems, secrets);
    if (sha256 === undefined) return [];
    const owner = owners.get(sha256);
    if (owner !== undefined) problems.add(path, `is the same key as \`${owner}\``, "give each caller a key of its own");
    owners.set(sha256, key.name);
    return [
      {
        name: key.name,
        sha256,
        ...(key.models !== undefined && { models: key.models }),
        ...(key.loss !== undefined && { loss: key.loss }),
      },
    ];
  });
}

function resolveHash(key: KeyFile, path: readonly (string | number)[], problems: ProblemList, secrets: Set<string>): string | undefined {
  if (key.key === undefined && key.hash === undefined) {
    problems.add(path, "has neither `key` nor `hash`", "add `key: env:NAME`, or `hash: sha256:…`");
    return undefined;
  }
  if (key.key === undefined) return key.hash?.slice("sha256:".length).toLowerCase();
  secrets.add(key.key);
  if (key.hash !== undefined) problems.add([...path, "hash"], "stands beside `key`", "keep one of the two", "key");
  if (!isHeaderText(key.key)) problems.add([...path, "key"], "holds a space, a line break or a character that no header can carry");
  return createHash("sha256").update(key.key).digest("hex");
}
