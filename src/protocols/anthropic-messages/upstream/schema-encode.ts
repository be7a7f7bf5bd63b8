/** Schemas that the answer, or a strict tool, must obey: a subset of JSON Schema (A.1.6, rule 117). */
import { asArray, asObject, asString, isObject, writeJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";

const KEPT: ReadonlySet<string> = new Set("$ref type enum const required title description additionalProperties".split(" "));
const FORMATS: ReadonlySet<string> = new Set("date-time time date duration email hostname uri ipv4 ipv6 uuid".split(" "));

/**
 * The strict subset: objects are closed, alternatives are `anyOf`, definitions have their newer name, and what has no
 * keyword is said in the description. Pure, and lowering what is lowered changes nothing (rule 121).
 * @param worded called when something was said in words.
 */
export function lowerStrictSchema(value: JsonValue | undefined, worded: () => void = () => {}): JsonObject {
  // `true` allows everything, and `false` nothing (rule 120).
  const schema = asObject(value) ?? (value === false ? { not: {} } : {});
  const lowered: Record<string, JsonValue | undefined> = {};
  const said: Record<string, JsonValue | undefined> = {};
  for (const [key, given] of Object.entries(schema)) {
    if (key === "$schema" || given === undefined) continue;
    const [name, kept] = lowerKeyword(key, given, schema, worded);
    if (kept === undefined) said[key] = given;
    else lowered[name] = kept;
  }
  if (lowered["type"] === "object" || lowered["properties"] !== undefined) {
    const open = lowered["additionalProperties"];
    if (open !== undefined && open !== false) said["additionalProperties"] = open;
    lowered["additionalProperties"] = false;
  }
  if (Object.keys(said).length === 0) return lowered;
  worded();
  const description = asString(lowered["description"]);
  return { ...lowered, description: `${description === undefined ? "" : `${description}\n\n`}${writeJson(said)}` };
}

/** The keyword to use and its value; without a value it has no place in the subset. */
function lowerKeyword(
  key: string,
  given: JsonValue,
  schema: JsonObject,
  worded: () => void,
): readonly [name: string, value: JsonValue | undefined] {
  switch (key) {
    case "anyOf":
    case "allOf":
      return [key, lowerList(given, worded)];
    case "oneOf":
      return ["anyOf", schema["anyOf"] === undefined ? lowerList(given, worded) : undefined];
    case "properties":
    case "$defs":
      return [key, lowerMembers(given, worded)];
    case "definitions":
      return ["$defs", schema["$defs"] === undefined ? lowerMembers(given, worded) : undefined];
    case "$ref":
      return [key, typeof given === "string" ? given.replace(/^#\/definitions\//, "#/$defs/") : undefined];
    case "items":
      return [key, isObject(given) || typeof given === "boolean" ? lowerStrictSchema(given, worded) : undefined];
    case "format":
      return [key, typeof given === "string" && FORMATS.has(given) ? given : undefined];
    case "minItems":
      return [key, given === 0 || given === 1 ? given : undefined];
    default:
      return [key, KEPT.has(key) ? given : undefined];
  }
}

function lowerList(value: JsonValue, worded: () => void): JsonValue | undefined {
  return asArray(value)?.map((member) => lowerStrictSchema(member, worded));
}

function lowerMembers(value: JsonValue, worded: () => void): JsonValue | undefined {
  const members = asObject(value);
  return members && Object.fromEntries(Object.entries(members).map(([name, member]) => [name, lowerStrictSchema(member, worded)]));
}
