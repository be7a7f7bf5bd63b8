/** Checks a document against the schema, and says what does not fit in the words of {@link ProblemList}. */
import { z } from "zod";
import { nearMatches } from "../chat/names.ts";
import { providerTypes } from "../providers/index.ts";
import { type Path, printableKey, type ProblemList } from "./errors.ts";
import { type ConfigFile, configSchema } from "./schema.ts";
import type { ResolvedReferences } from "./references.ts";

/** The document as the schema reads it, or `undefined` when it does not fit; then `problems` says why. */
export function checkDocument(document: ResolvedReferences, problems: ProblemList): ConfigFile | undefined {
  const result = configSchema.safeParse(document.value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) report(issue, [], document, problems);
  return undefined;
}

type Issue = z.core.$ZodIssue;

function report(issue: Issue, base: Path, document: ResolvedReferences, problems: ProblemList): void {
  const path = [...base, ...(issue.path as (string | number)[])];
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys) reportUnknownKey([...path, key], key, problems);
    return;
  }
  // Of the forms a value may have, the one that fits it from outside says best what is wrong inside.
  const intended = issue.code === "invalid_union" ? issue.errors.find((errors) => errors.every(isInside)) : undefined;
  if (intended !== undefined) {
    for (const inner of intended) report(inner, path, document, problems);
    return;
  }
  if (problems.has(path)) return;
  const given = valueAt(document.value, path);
  if (given === undefined) {
    problems.add(path, "is missing", issue.message, "key");
    return;
  }
  const reference = document.referenceAt(path);
  const message = reference === undefined ? issue.message : `${issue.message}, which \`${reference}\` does not hold`;
  const near =
    issue.code === "invalid_value" && typeof given === "string" && reference === undefined ? meant(given, path, issue) : undefined;
  if (near === undefined) problems.add(path, message);
  else problems.add(path, "is not a known value", didYouMean(near));
}

/** The value that was probably meant by another. */
function meant(given: string, path: Path, { values }: { readonly values: readonly unknown[] }): string | undefined {
  const isType = path[0] === "providers" && path.length === 3;
  const called = isType && providerTypes.find(({ alsoCalled }) => alsoCalled?.includes(given.toLowerCase()));
  return called ? called.type : nearMatches(given, values.map(String))[0];
}

function isInside(issue: Issue): boolean {
  return issue.path.length > 0 || issue.code === "unrecognized_keys";
}

function reportUnknownKey(path: Path, key: string, problems: ProblemList): void {
  problems.add(path, "is not a known key", insteadOf(key, path.slice(0, -1)), "key");
}

/** What to write instead of a key that is not known in this place. */
function insteadOf(key: string, place: Path): string {
  if (printableKey(key) === undefined && key.includes(":")) return "put a space after the colon";
  const known = knownKeys(place);
  const owner = known.find((name) => [[name], [name, 0]].some((below) => knownKeys([...place, ...below]).includes(key)));
  if (owner !== undefined) return `it belongs under \`${owner}\``;
  const [near] = nearMatches(key, known);
  return near === undefined ? `known here: ${known.join(", ")}` : didYouMean(near);
}

/** The suggestion for something mistyped. */
export function didYouMean(name: string): string {
  return `did you mean \`${name}\`?`;
}

/** The keys that the schema knows at a path. */
function knownKeys(path: Path): string[] {
  let schemas: z.core.$ZodType[] = [configSchema];
  for (const segment of path) schemas = schemas.flatMap(unwrap).flatMap((schema) => step(schema, segment));
  return schemas.flatMap(unwrap).flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []));
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) return unwrap(schema.unwrap());
  return schema instanceof z.ZodUnion ? schema.options.flatMap(unwrap) : [schema];
}

function step(schema: z.core.$ZodType, segment: string | number): z.core.$ZodType[] {
  if (schema instanceof z.ZodArray) return typeof segment === "number" ? [schema.element] : [];
  if (schema instanceof z.ZodRecord) return [schema.valueType];
  const child = schema instanceof z.ZodObject ? schema.shape[segment] : undefined;
  return child === undefined ? [] : [child];
}

function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const segment of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, segment)) return undefined;
    current = (current as Record<string | number, unknown>)[segment];
  }
  return current;
}
