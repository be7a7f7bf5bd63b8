/** A value that satisfies a JSON schema, the same one every time. */
import { fieldsOf, isFields, listOf, numberOf, textOf, type Fields } from "./json-values.ts";

/** Deeper than this, optional and nullable parts are left out, so that recursive schemas end. */
const DEPTH_LIMIT = 8;

const FORMAT_SAMPLES: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T00:00:00Z",
  date: "2026-01-01",
  time: "00:00:00Z",
  duration: "P1D",
  email: "user@example.com",
  hostname: "example.com",
  uri: "https://example.com/",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uuid: "00000000-0000-4000-8000-000000000000",
};

/** Tried in turn against a `pattern`; a schema whose pattern none of them meets gets the first. */
const PATTERN_SAMPLES = [
  "sample",
  "a",
  "A",
  "1",
  "abc",
  "ABC",
  "123",
  "a1",
  "A1",
  "2026-01-01",
  "sample-text",
  "sample_text",
  "1.0.0",
  "#abc",
];

/**
 * Handles what structured output and tool schemas use: types (also upper-case and lists of them), `$ref`, `const`, `enum`, `anyOf`, `oneOf`, `allOf`,
 * object, array, string and number limits, `format`, simple `pattern`s. `uniqueItems` and `not` are beyond it.
 */
export function sampleOf(schema: unknown): unknown {
  return sample(schema, schema, 0);
}

function sample(given: unknown, root: unknown, depth: number): unknown {
  if (!isFields(given)) return "sample";
  const schema = resolved(given, root, depth);
  if (schema["const"] !== undefined) return schema["const"];
  if (listOf(schema["enum"]).length > 0) return listOf(schema["enum"])[0];
  const choices = [...listOf(schema["anyOf"]), ...listOf(schema["oneOf"])];
  if (choices.length > 0) {
    const plain = choices.find((choice) => !allowsNull(choice)) ?? choices[0];
    const empty = choices.find(allowsNull);
    return sample({ ...withoutChoices(schema), ...fieldsOf(depth > DEPTH_LIMIT ? (empty ?? plain) : plain) }, root, depth + 1);
  }
  if (depth > DEPTH_LIMIT && (allowsNull(schema) || schema["nullable"] === true)) return null;
  switch (typeOf(schema)) {
    case "object":
      return objectSample(schema, root, depth);
    case "array":
      return arraySample(schema, root, depth);
    case "integer":
      return integerSample(schema);
    case "number":
      return numberSample(schema);
    case "boolean":
      return false;
    case "null":
      return null;
    default:
      return stringSample(schema);
  }
}

/** The schema with its reference followed and its `allOf` merged in. */
function resolved(schema: Fields, root: unknown, depth: number): Fields {
  let merged: Fields = schema;
  const reference = textOf(schema["$ref"]);
  if (reference.startsWith("#") && depth <= 4 * DEPTH_LIMIT) {
    const { $ref: _, ...rest } = schema;
    merged = { ...resolved(fieldsOf(pointer(root, reference)), root, depth + 1), ...rest };
  }
  for (const part of listOf(merged["allOf"])) {
    const { allOf: _, ...base } = merged;
    const other = resolved(fieldsOf(part), root, depth + 1);
    const properties = { ...fieldsOf(base["properties"]), ...fieldsOf(other["properties"]) };
    merged = { ...base, ...other, properties, required: [...listOf(base["required"]), ...listOf(other["required"])] };
  }
  return merged;
}

function pointer(root: unknown, reference: string): unknown {
  let at: unknown = root;
  for (const step of reference.slice(1).split("/").filter(Boolean)) {
    const name = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    at = Array.isArray(at) ? at[Number(name)] : fieldsOf(at)[name];
  }
  return at;
}

function withoutChoices(schema: Fields): Fields {
  const { anyOf: _, oneOf: _also, ...rest } = schema;
  return rest;
}

function allowsNull(schema: unknown): boolean {
  const type = fieldsOf(schema)["type"];
  return String(type).toLowerCase() === "null" || listOf(type).includes("null");
}

function typeOf(schema: Fields): string {
  const declared = schema["type"];
  const type = Array.isArray(declared) ? declared.find((entry) => entry !== "null") : declared;
  if (typeof type === "string") return type.toLowerCase();
  if (schema["properties"] !== undefined) return "object";
  return schema["items"] === undefined && schema["prefixItems"] === undefined ? "string" : "array";
}

function objectSample(schema: Fields, root: unknown, depth: number): Fields {
  const properties = fieldsOf(schema["properties"]);
  const required = listOf(schema["required"]).map(String);
  const names = required.length > 0 || depth > DEPTH_LIMIT ? [...new Set(required)] : Object.keys(properties);
  return Object.fromEntries(names.map((name) => [name, sample(properties[name] ?? {}, root, depth + 1)]));
}

function arraySample(schema: Fields, root: unknown, depth: number): unknown[] {
  const first = listOf(schema["prefixItems"]).map((item) => sample(item, root, depth + 1));
  const wanted = Math.max(numberOf(schema["minItems"]) ?? 0, Math.min(first.length, numberOf(schema["maxItems"]) ?? first.length));
  while (first.length < wanted) first.push(sample(schema["items"] ?? {}, root, depth + 1));
  return first.slice(0, wanted);
}

function integerSample(schema: Fields): number {
  const above = numberOf(schema["exclusiveMinimum"]);
  const below = numberOf(schema["exclusiveMaximum"]);
  const low = Math.max(Math.ceil(numberOf(schema["minimum"]) ?? -Infinity), above === undefined ? -Infinity : Math.floor(above) + 1);
  const high = Math.min(Math.floor(numberOf(schema["maximum"]) ?? Infinity), below === undefined ? Infinity : Math.ceil(below) - 1);
  return onMultiple(schema, Math.min(Math.max(1, low), high));
}

function numberSample(schema: Fields): number {
  const low = Math.max(numberOf(schema["minimum"]) ?? -Infinity, numberOf(schema["exclusiveMinimum"]) ?? -Infinity);
  const high = Math.min(numberOf(schema["maximum"]) ?? Infinity, numberOf(schema["exclusiveMaximum"]) ?? Infinity);
  if (low < 1 && high > 1) return onMultiple(schema, 1);
  if (low === -Infinity) return onMultiple(schema, high - 1);
  return onMultiple(schema, high === Infinity ? low + 1 : (low + high) / 2);
}

function onMultiple(schema: Fields, value: number): number {
  const multiple = numberOf(schema["multipleOf"]);
  return multiple === undefined ? value : Math.ceil(value / multiple) * multiple;
}

function stringSample(schema: Fields): string {
  const format = FORMAT_SAMPLES[textOf(schema["format"])];
  if (format !== undefined) return format;
  const pattern = textOf(schema["pattern"]);
  const text = pattern === "" ? "sample" : (PATTERN_SAMPLES.find((candidate) => matches(pattern, candidate)) ?? "sample");
  return text.padEnd(numberOf(schema["minLength"]) ?? 0, "x").slice(0, numberOf(schema["maxLength"]) ?? Infinity);
}

function matches(pattern: string, candidate: string): boolean {
  try {
    return new RegExp(pattern, "u").test(candidate);
  } catch {
    return false;
  }
}
