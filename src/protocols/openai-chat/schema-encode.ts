/** Schemas of tools and answers as servers take them (rules 95, 118–121). Lowering what is lowered changes nothing. */
import { asArray, asObject, isObject, type JsonObject, type JsonValue } from "../../chat/json.ts";

/** The parameters of a function: an object with properties, without the address of the schema's own schema (rules 95, 119). */
export function lowerToolSchema(schema: JsonObject): JsonObject {
  const { $schema: _address, ...rest } = schema;
  const typed = rest["type"] === undefined && !COMBINATORS.some((key) => rest[key] !== undefined) ? { type: "object", ...rest } : rest;
  return typed["type"] === "object" && typed["properties"] === undefined ? { ...typed, properties: {} } : typed;
}

const COMBINATORS = ["anyOf", "oneOf", "allOf", "$ref", "enum", "const"];

/** Whether a schema keeps the law of `strict`: every object closed, and every property required (rules 118, 216). */
export function isStrict(value: JsonValue | undefined): boolean {
  const schema = asObject(value);
  if (!schema) return true;
  const properties = asObject(schema["properties"]);
  if (schema["type"] === "object" || properties) {
    const required = asArray(schema["required"]) ?? [];
    if (schema["additionalProperties"] !== false) return false;
    if (!Object.keys(properties ?? {}).every((name) => required.includes(name))) return false;
  }
  return Object.entries(schema).every(([key, member]) => {
    if (MAPS.has(key)) return Object.values(asObject(member) ?? {}).every(isStrict);
    if (LISTS.has(key)) return (asArray(member) ?? []).every(isStrict);
    return key !== "items" || isStrict(member);
  });
}

const MAPS: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"]);
const LISTS: ReadonlySet<string> = new Set(["anyOf", "oneOf", "allOf"]);

/** Closes every object, and requires its properties, those that were optional as nullable (rule 118). */
export function lowerStrictSchema(value: JsonValue): JsonValue {
  if (!isObject(value) || isStrict(value)) return value;
  const lowered: Record<string, JsonValue | undefined> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined || key === "$schema") continue;
    if (MAPS.has(key)) lowered[key] = mapMembers(member);
    else if (LISTS.has(key)) lowered[key] = asArray(member)?.map(lowerStrictSchema) ?? member;
    else lowered[key] = key === "items" ? lowerStrictSchema(member) : member;
  }
  const properties = asObject(lowered["properties"]);
  if (lowered["type"] !== "object" && !properties) return lowered;
  const required = asArray(value["required"]) ?? [];
  const all = Object.entries(properties ?? {}).map(([name, member]) => [name, required.includes(name) ? member : nullable(member ?? {})]);
  return { ...lowered, properties: Object.fromEntries(all), required: Object.keys(properties ?? {}), additionalProperties: false };
}

function mapMembers(value: JsonValue): JsonValue {
  const members = asObject(value);
  return members ? Object.fromEntries(Object.entries(members).map(([name, member]) => [name, lowerStrictSchema(member ?? {})])) : value;
}

function nullable(value: JsonValue): JsonValue {
  const type = asObject(value)?.["type"];
  if (isObject(value) && typeof type === "string" && value["enum"] === undefined && value["const"] === undefined) {
    return type === "null" ? value : { ...value, type: [type, "null"] };
  }
  if (Array.isArray(type) && type.includes("null")) return value;
  return { anyOf: [value, { type: "null" }] };
}
