/**
 * Google's `Schema` messages as JSON Schema (dossier B.10, rule 215): types in small letters, `nullable` as a type, counts
 * that came as strings as numbers. JSON Schema itself passes, but for types in capitals, which clients write there too.
 */
import { asArray, asNumber, asObject, asString, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { message } from "../fields.ts";

/** Deeper schemas than any tool has; what lies below says nothing. */
const MAX_DEPTH = 64;

const COUNTS: ReadonlySet<string> = new Set(["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"]);
const BOUNDS: ReadonlySet<string> = new Set(["minimum", "maximum"]);
/** Keywords of the dialect that mean something to its own models only, or are said otherwise. */
const SILENT: ReadonlySet<string> = new Set(["nullable", "propertyOrdering"]);

/** A `parameters` or `responseSchema`. */
export function decodeSchema(schema: JsonObject, depth = 0): JsonObject {
  if (depth > MAX_DEPTH) return {};
  const given = message(schema);
  const nullable = given["nullable"] === true;
  const out: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || value === null || SILENT.has(key)) continue;
    const read = keyword(key, value, depth);
    if (read !== undefined) out[key] = read;
  }
  if (!nullable) return out;
  const type = out["type"];
  if (type === undefined) return out["anyOf"] ? { ...out, anyOf: [...(out["anyOf"] as JsonValue[]), { type: "null" }] } : out;
  const members = asArray(out["enum"]);
  return { ...out, type: [type, "null"], ...(members && !members.includes(null) && { enum: [...members, null] }) };
}

function keyword(key: string, value: JsonValue, depth: number): JsonValue | undefined {
  if (COUNTS.has(key) || BOUNDS.has(key)) return typeof value === "string" ? asFinite(value) : value;
  switch (key) {
    case "type":
      return typeWord(value);
    case "items":
      return nested(value, depth);
    case "anyOf":
      return (asArray(value) ?? []).map((branch) => nested(branch, depth));
    case "properties":
      return Object.fromEntries(Object.entries(asObject(value) ?? {}).map(([name, property]) => [name, nested(property, depth)]));
    case "format":
      // `enum` says no more than the list of values does.
      return value === "enum" ? undefined : value;
    default:
      return value;
  }
}

function nested(value: JsonValue | undefined, depth: number): JsonObject {
  const schema = asObject(value);
  return schema ? decodeSchema(schema, depth + 1) : {};
}

function asFinite(text: string): JsonValue {
  const number = Number(text);
  return text.trim() !== "" && Number.isFinite(number) ? number : text;
}

const TYPES: ReadonlySet<string> = new Set(["STRING", "NUMBER", "INTEGER", "BOOLEAN", "OBJECT", "ARRAY", "NULL"]);
/** The numbers of `Type`, which some libraries write. */
const NUMBERED = [undefined, "string", "number", "integer", "boolean", "array", "object", "null"];

/** A type's word in JSON Schema; what is no type stays, for the target to judge. */
function typeWord(value: JsonValue): JsonValue | undefined {
  const number = asNumber(value);
  if (number !== undefined) return NUMBERED[number];
  const word = asString(value);
  if (word === "TYPE_UNSPECIFIED") return undefined;
  if (Array.isArray(value)) return (value as JsonValue[]).map((one) => typeWord(one) ?? "null");
  return word !== undefined && TYPES.has(word.toUpperCase()) ? word.toLowerCase() : value;
}

/** A JSON Schema as it came, with types in small letters (Gemini CLI's router asks for an `OBJECT`). */
export function decodeJsonSchema(schema: JsonObject): JsonObject {
  return lowered(schema, 0) as JsonObject;
}

/** The same value where nothing changes. */
function lowered(value: JsonValue, depth: number): JsonValue {
  if (depth > MAX_DEPTH) return value;
  const list = asArray(value);
  if (list) {
    const changed = list.map((member) => lowered(member, depth + 1));
    return changed.some((member, i) => member !== list[i]) ? changed : value;
  }
  const schema = asObject(value);
  if (!schema) return value;
  let changed: Record<string, JsonValue | undefined> | undefined;
  for (const [key, member] of Object.entries(schema)) {
    if (member === undefined || VALUES.has(key)) continue;
    const type = asString(member);
    const read = key === "type" && type !== undefined && TYPES.has(type) ? type.toLowerCase() : lowered(member, depth + 1);
    if (read === member) continue;
    changed ??= { ...schema };
    changed[key] = read;
  }
  return changed ?? value;
}

/** Keywords that hold values of the caller's, not schemas. */
const VALUES: ReadonlySet<string> = new Set(["enum", "const", "default", "example", "examples", "required"]);
