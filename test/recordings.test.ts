/** Every recording says where it comes from, and the licence of its source stands beside it. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("recordings/", import.meta.url);

interface Source {
  readonly repo: string | null;
  readonly commit: string | null;
  readonly licence: string;
  readonly kind: string;
}

const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".json"))
  .map((file): [file: string, source: Source] => [
    file,
    (JSON.parse(readFileSync(new URL(file, root), "utf8")) as { source: Source }).source,
  ]);
const taken = sources.filter(([, { kind }]) => kind !== "synthesised");

test("own work has no source, everything else has a full one", () => {
  expect(taken.length).toBeGreaterThan(90);
  for (const [file, { repo, commit, licence, kind }] of sources) {
    if (kind === "synthesised") expect([file, repo, licence]).toEqual([file, null, "own work"]);
    else
      expect([file, repo, commit, licence].join(" ")).toMatch(
        /^\S+ [\w.-]+\/[\w.-]+ [0-9a-f]{40} (?:MIT|Apache-2\.0|Apache-2\.0 OR BSD-3-Clause)$/,
      );
  }
});

test("LICENSES holds the texts of these sources and of no others", () => {
  const named = new Set(taken.map(([, { repo }]) => `${repo?.replace("/", "+")}.txt`));
  expect(readdirSync(new URL("LICENSES/", root)).sort()).toEqual([...named].sort());
});

test("the README counts the files of each source", () => {
  const rows = [...readFileSync(new URL("README.md", root), "utf8").matchAll(/^\| (\S+\/\S+) \| (.+) \| ([0-9a-f]{12}) \| (\d+) \|$/gm)];
  const counted = Object.entries(Object.groupBy(taken, ([, { repo, licence, commit }]) => `${repo} ${licence} ${commit?.slice(0, 12)}`));
  expect(rows.map(([, repo, licence, commit, files]) => `${repo} ${licence} ${commit} ${files}`).sort()).toEqual(
    counted.map(([source, files]) => `${source} ${files?.length}`).sort(),
  );
});
