/**
 * The numbered rules of the project's study of the wire formats, chapter C, and the tests that hold them.
 *
 * In scope is every rule that Messages, Chat, Responses or Gemini can break. Out of scope are those in which one end is Bedrock,
 * Vertex or Azure. A test holds a rule by having the rule's number in its name: `rule 28: …`,
 * `rules 12, 34 and 56: …`, `rules 269–278: …`.
 */
import { readdirSync, readFileSync } from "node:fs";
import data from "./rules.json" with { type: "json" };

/** Why a rule has no test. */
export const REASONS = {
  contradicted: "a vendor's own source contradicts it",
  live: "it needs a live vendor",
  elsewhere: "it belongs to another part of the project",
} as const;

/** A rule without a test. */
export interface Exemption {
  readonly reason: keyof typeof REASONS;
  /** What contradicts it, what the vendor would have to show, or which part it belongs to. */
  readonly why: string;
}

/** A short title for each rule in scope, by number. */
export const RULES: ReadonlyMap<number, string> = numbered(data.rules);

/** The rules in scope that have no test, by number. */
export const EXEMPT: ReadonlyMap<number, Exemption> = numbered(data.exempt as Record<string, Exemption>);

const ROOT = new URL("../", import.meta.url);
const FOLDERS = ["src", "test"];
/** What the simulator does proves nothing about the gateway. */
const WITNESS = "simulator/";
/** The name given to `test`, `it` or `describe`, also behind `.each(…)`. A skipped or planned test holds nothing. */
const NAME =
  /(?:\b(?:test|it|describe)(?!\.(?:skip|todo|fails))(?:\.\w+)*|\)|`)\(\s*(?<quote>["'`])(?<name>(?:\\.|(?!\k<quote>)[^\\])*)\k<quote>/g;
/** The name of a row of `test.each`, which takes the place of `%s`. */
const ROW_NAME = /[[,{:]\s*(?<quote>["'`])(?<name>rules? \d(?:\\.|(?!\k<quote>)[^\\])*)\k<quote>/g;
const MENTION = /\brules? (?<numbers>\d+(?:(?:, | and |, and |–)\d+)*)/gi;

/** The numbers in the names of a file's tests. */
export function rulesNamedIn(source: string): number[] {
  const names = [NAME, ROW_NAME].flatMap((name) => [...source.matchAll(name)]).map(({ groups }) => groups?.["name"] ?? "");
  return names.flatMap((name) => [...name.matchAll(MENTION)]).flatMap(({ groups }) => numbersOf(groups?.["numbers"] ?? ""));
}

/** The numbers in the names of all tests. */
export function rulesWithTests(): ReadonlySet<number> {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, ROOT), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".test.ts") && !file.startsWith(WITNESS))
      .map((file) => new URL(`${folder}/${file}`, ROOT)),
  );
  return new Set(files.flatMap((file) => rulesNamedIn(readFileSync(file, "utf8"))));
}

function numbersOf(list: string): number[] {
  return list.split(/, and |, | and /).flatMap((item) => {
    const [first = 0, last = first] = item.split("–").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

function numbered<Value>(byText: Readonly<Record<string, Value>>): ReadonlyMap<number, Value> {
  return new Map(Object.entries(byText).map(([number, value]) => [Number(number), value]));
}
