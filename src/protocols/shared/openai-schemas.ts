/** Schemas of tools and answers as servers of OpenAI's protocols take them (rules 95, 116, 118–121). Lowering what is lowered changes nothing. */
import { asArray, asObject, isObject, type JsonObject, type JsonValue } from "../../chat/json.ts";
import { objectSchema, type ObjectSchema } from "./object-schema.ts";

/** The parameters of a function: an object with properties, the items of its lists given, without the address of the schema's own schema (rules 95, 119). */
export function lowerToolSchema(given: JsonObject): ObjectSchema {
  const { $schema: _address, ...rest } = given;
  const { schema, lost } = objectSchema(rest);
  return { schema: itemise(schema["properties"] === undefined ? { ...schema, properties: {} } : schema) as JsonObject, lost };
}

/** A list that does not say of what is refused; tuples of older drafts are lists of alternatives (A.2.1). */
function itemise(value: JsonValue): JsonValue {
  if (!isObject(value)) return value;
  const schema = mapSubschemas(value, itemise);
  const { type, items } = schema;
  const tuple = asArray(items);
  if (tuple) return { ...schema, items: { anyOf: tuple.map(itemise) } };
  const isList = type === "array" || asArray(type)?.includes("array") === true;
  return isList && items === undefined ? { ...schema, items: {} } : schema;
}

/** What `strict` refuses wherever it stands. */
const NOT_STRICT: readonly string[] = "allOf oneOf not if then else patternProperties dependentRequired dependentSchemas prefixItems".split(
  " ",
);

/** Whether a schema keeps the law of `strict`: an object at the root, every object closed, and every property required (rules 118, 216). */
export function isStrict(schema: JsonObject): boolean {
  return schema["type"] === "object" && schema["anyOf"] === undefined && isClosed(schema);
}

function isClosed(value: JsonValue | undefined): boolean {
  const schema = asObject(value);
  if (!schema) return true;
  if (NOT_STRICT.some((keyword) => schema[keyword] !== undefined)) return false;
  const properties = asObject(schema["properties"]);
  if (schema["type"] === "object" || properties) {
    const required = asArray(schema["required"]) ?? [];
    if (schema["additionalProperties"] !== false) return false;
    if (!Object.keys(properties ?? {}).every((name) => required.includes(name))) return false;
  }
  let closed = true;
  mapSubschemas(schema, (subschema) => {
    closed &&= isClosed(subschema);
    return subschema;
  });
  return closed;
}

/** Closes every object, and requires its properties, those that were optional as nullable (rule 118). */
export function lowerStrictSchema(value: JsonObject): JsonObject {
  return close(value) as JsonObject;
}

function close(value: JsonValue): JsonValue {
  if (!isObject(value) || isClosed(value)) return value;
  const { $schema: _address, oneOf, ...others } = value;
  const alternatives = oneOf !== undefined && { [others["anyOf"] === undefined ? "anyOf" : "oneOf"]: oneOf };
  const lowered = mapSubschemas({ ...others, ...alternatives }, close);
  const properties = asObject(lowered["properties"]);
  if (lowered["type"] !== "object" && !properties) return lowered;
  const required = asArray(value["required"]) ?? [];
  const all = Object.entries(properties ?? {}).map(([name, member]) => [name, required.includes(name) ? member : nullable(member ?? {})]);
  return { ...lowered, properties: Object.fromEntries(all), required: Object.keys(properties ?? {}), additionalProperties: false };
}

const MAPS: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"]);
const LISTS: ReadonlySet<string> = new Set(["anyOf", "oneOf", "allOf"]);

/** The schema with every schema inside it changed. */
function mapSubschemas(schema: JsonObject, change: (subschema: JsonValue) => JsonValue): JsonObject {
  const mapped: Record<string, JsonValue | undefined> = {};
  for (const [key, value] of Object.entries(schema)) {
    const members = MAPS.has(key) ? asObject(value) : undefined;
    const list = LISTS.has(key) ? asArray(value) : undefined;
    if (members) mapped[key] = Object.fromEntries(Object.entries(members).map(([name, member]) => [name, change(member ?? {})]));
    else if (list) mapped[key] = list.map(change);
    else mapped[key] = key === "items" && isObject(value) ? change(value) : value;
  }
  return mapped;
}

function nullable(value: JsonValue): JsonValue {
  const type = asObject(value)?.["type"];
  if (isObject(value) && typeof type === "string" && value["enum"] === undefined && value["const"] === undefined) {
    return type === "null" ? value : { ...value, type: [type, "null"] };
  }
  if (Array.isArray(type) && type.includes("null")) return value;
  return { anyOf: [value, { type: "null" }] };
}
