/** Schemas as the wire takes them: any object schema for a tool, a strict subset for what the answer must obey (A.1.6, rules 116, 117). */
import { asArray, asObject, asString, isObject, writeJson, type JsonObject, type JsonValue } from "../../chat/json.ts";

/** Whether something was said less exactly than the caller did. */
export interface LoweredSchema {
  readonly schema: JsonObject;
  readonly lost: boolean;
}

const COMBINATORS = ["anyOf", "oneOf", "allOf"];

/** A tool's input: the wire wants an object at the root, with no alternatives there. */
export function lowerToolSchema(schema: JsonObject): LoweredSchema {
  const typed = schema["type"] === undefined ? { type: "object", ...schema } : schema;
  const branches = COMBINATORS.flatMap((key) => (asArray(typed[key]) ?? []).map((branch) => asObject(branch) ?? {}));
  if (branches.length === 0) return { schema: typed, lost: false };
  const { anyOf: _anyOf, oneOf: _oneOf, allOf, ...rest } = typed;
  const properties = Object.assign({}, ...branches.map((branch) => branch["properties"] ?? {}), rest["properties"] ?? {}) as JsonObject;
  const required = allOf ? branches.flatMap((branch) => asArray(branch["required"]) ?? []) : [];
  const all = [...new Set([...(asArray(rest["required"]) ?? []), ...required])];
  return { schema: { ...rest, properties, ...(all.length > 0 && { required: all }) }, lost: true };
}

const KEPT: ReadonlySet<string> = new Set(
  "$ref $defs type enum const anyOf allOf properties required items title description additionalProperties".split(" "),
);
const FORMATS: ReadonlySet<string> = new Set("date-time time date duration email hostname uri ipv4 ipv6 uuid".split(" "));

/** The strict subset: objects are closed, alternatives are `anyOf`, and what has no keyword is said in the description. */
export function lowerStrictSchema(value: JsonValue | undefined): JsonObject {
  const schema = asObject(value) ?? {};
  const lowered: Record<string, JsonValue | undefined> = {};
  const said: Record<string, JsonValue | undefined> = {};
  for (const [key, given] of Object.entries(schema)) {
    if (key === "$schema" || given === undefined) continue;
    if (key === "oneOf" && schema["anyOf"] === undefined) lowered["anyOf"] = lowerList(given);
    else if (key === "anyOf" || key === "allOf") lowered[key] = lowerList(given);
    else if (key === "properties" || key === "$defs") lowered[key] = lowerMembers(given);
    else if (key === "items" && isObject(given)) lowered[key] = lowerStrictSchema(given);
    else if (isKept(key, given)) lowered[key] = given;
    else said[key] = given;
  }
  if (lowered["type"] === "object" || lowered["properties"] !== undefined) {
    if (isObject(lowered["additionalProperties"])) said["additionalProperties"] = lowered["additionalProperties"];
    lowered["additionalProperties"] = false;
  }
  if (Object.keys(said).length === 0) return lowered;
  const description = asString(lowered["description"]);
  return { ...lowered, description: `${description === undefined ? "" : `${description}\n\n`}${writeJson(said)}` };
}

function isKept(key: string, value: JsonValue): boolean {
  if (key === "format") return typeof value === "string" && FORMATS.has(value);
  if (key === "minItems") return value === 0 || value === 1;
  return KEPT.has(key);
}

function lowerList(value: JsonValue): JsonValue {
  return asArray(value)?.map(lowerStrictSchema) ?? value;
}

function lowerMembers(value: JsonValue): JsonValue {
  const members = asObject(value);
  return members ? Object.fromEntries(Object.entries(members).map(([name, member]) => [name, lowerStrictSchema(member)])) : value;
}
