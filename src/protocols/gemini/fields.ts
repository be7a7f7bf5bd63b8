/**
 * Reading a client's fields as protobuf JSON does: snake_case names are camelCase ones (rule 382), a number may come as a
 * string, a list of one as its element, and `null` is absent (rule 208). Errors are in Google's words.
 */
import { GatewayError } from "../../chat/error.ts";
import { asArray, asBoolean, asNumber, asObject, asString, parseJson, type JsonObject, type JsonValue } from "../../chat/json.ts";

/** @throws GatewayError `invalid-request`, always. */
export function refuse(path: string, problem: string): never {
  throw new GatewayError("invalid-request", problem, path === "" ? {} : { field: path });
}

/** What a message's object holds, under the names of the JSON mapping. Never for maps and values of the caller's own. */
export function message(object: JsonObject): JsonObject {
  const keys = Object.keys(object);
  if (!keys.some((key) => key.includes("_"))) return object;
  const camel: Record<string, JsonValue | undefined> = {};
  for (const key of keys) {
    const name = key.replaceAll(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
    if (name === key || object[name] === undefined) camel[name] = object[key];
  }
  return camel;
}

/** The path of a field. */
export function under(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** @throws GatewayError `invalid-request`: a value of another type. Google's own words for it, and what they mean. */
export function refuseType(path: string, type: keyof typeof EXPECTED): never {
  return refuse(path, `Invalid value at '${path}' (${type}): ${EXPECTED[type]} is expected.`);
}

const EXPECTED = {
  TYPE_STRING: "a string",
  TYPE_BOOL: "true or false",
  TYPE_FLOAT: "a number",
  TYPE_INT32: "an integer",
  TYPE_MESSAGE: "an object",
} as const;

type Reader<T> = (object: JsonObject, key: string, path: string) => T | undefined;

function reader<T>(narrow: (value: JsonValue) => T | undefined, type: keyof typeof EXPECTED): Reader<T> {
  return (object, key, path) => {
    const value = object[key];
    if (value === undefined || value === null) return undefined;
    const at = under(path, key);
    return narrow(value) ?? refuseType(at, type);
  };
}

/** Optional fields by type: the value, or `undefined` when absent. Each refuses another type. */
export const stringField = reader(asString, "TYPE_STRING");
export const booleanField = reader(asBoolean, "TYPE_BOOL");
export const numberField = reader(toNumber, "TYPE_FLOAT");
export const objectField = reader(asObject, "TYPE_MESSAGE");
export const messageField = reader((value) => {
  const object = asObject(value);
  return object && message(object);
}, "TYPE_MESSAGE");
/** A list; what is none is the only element of one. */
export const listField = reader((value) => asArray(value) ?? [value], "TYPE_MESSAGE");
export const integerField = reader((value) => {
  const number = toNumber(value);
  return number !== undefined && Number.isSafeInteger(number) ? number : undefined;
}, "TYPE_INT32");

function toNumber(value: JsonValue): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : asNumber(value);
  return number !== undefined && Number.isFinite(number) ? number : undefined;
}

/** An element of a list that must be a message. */
export function messageAt(value: JsonValue, path: string): JsonObject {
  const object = asObject(value);
  return object ? message(object) : refuseType(path, "TYPE_MESSAGE");
}

/** @throws GatewayError `invalid-request` when the bytes are not one JSON object. */
export function parseBody(bytes: Buffer): JsonObject {
  let value: JsonValue;
  try {
    value = parseJson(bytes.toString("utf8"));
  } catch {
    return refuse("", "Invalid JSON payload received. The request body is not valid JSON.");
  }
  const object = asObject(value);
  return object ? message(object) : refuse("", "Invalid JSON payload received. The request body is not a JSON object.");
}
