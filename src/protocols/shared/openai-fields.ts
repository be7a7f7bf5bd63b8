/** Reading a client's fields, with errors in the words OpenAI uses in all of its protocols. */
import { GatewayError } from "../../chat/error.ts";
import { asArray, asBoolean, asNumber, asObject, asString, type JsonObject, type JsonValue } from "../../chat/json.ts";

/**
 * @param param the field at fault, as a path; empty: the whole body.
 * @param code OpenAI's code for it, where there is one.
 * @throws GatewayError `invalid-request`, always.
 */
export function refuse(param: string, message: string, code?: string): never {
  throw new GatewayError("invalid-request", message, { ...(param !== "" && { field: param }), ...(code !== undefined && { code }) });
}

/** @throws GatewayError `invalid-request`: the field has a value of another type. @param expected with its article. */
export function refuseType(param: string, expected: string, given: unknown): never {
  const where = param === "" ? "Invalid type for the request body" : `Invalid type for '${param}'`;
  return refuse(param, `${where}: expected ${expected}, but got ${described(given)} instead.`, "invalid_type");
}

/** @throws GatewayError `invalid-request`: the field has none of the values it may have. */
export function refuseValue(param: string, given: string, supported: readonly string[]): never {
  return refuse(param, `Invalid value: '${given}'. Supported values are: ${listed(supported)}.`, "invalid_value");
}

/** As OpenAI lists values: 'a' and 'b'; 'a', 'b', and 'c'. */
function listed(values: readonly string[]): string {
  const quoted = values.map((value) => `'${value}'`);
  return quoted.length < 3 ? quoted.join(" and ") : `${quoted.slice(0, -1).join(", ")}, and ${quoted.at(-1)}`;
}

/** The name of a tool. @throws GatewayError `invalid-request` when it is empty: names that are only illegal can be changed (rule 70). */
export function nameField(object: JsonObject, path: string): string {
  const name = required(stringField, object, "name", path);
  if (name !== "") return name;
  const at = under(path, "name");
  return refuse(
    at,
    `Invalid '${at}': empty string. Expected a string with minimum length 1, but got an empty string instead.`,
    "empty_string",
  );
}

/** @throws GatewayError `invalid-request`: the field is not there. */
export function refuseMissing(param: string): never {
  return refuse(param, `Missing required parameter: '${param}'.`, "missing_required_parameter");
}

function described(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  const number = asNumber(value);
  if (number !== undefined && Math.abs(number) > Number.MAX_SAFE_INTEGER) return "a number that is too large";
  if (number !== undefined) return Number.isInteger(number) ? "an integer" : "a decimal number";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** The path of a field. */
function under(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

type Reader<T> = (object: JsonObject, key: string, path: string) => T | undefined;

function reader<T>(narrow: (value: JsonValue) => T | undefined, expected: string): Reader<T> {
  return (object, key, path) => {
    const value = object[key];
    // `null` is absent (rule 208).
    if (value === undefined || value === null) return undefined;
    return narrow(value) ?? refuseType(under(path, key), expected, value);
  };
}

/** Optional fields by type: the value, or `undefined` when absent. Each refuses another type. */
export const stringField = reader(asString, "a string");
export const booleanField = reader(asBoolean, "a boolean");
export const numberField = reader((value) => {
  const number = asNumber(value);
  return Number.isFinite(number) ? number : undefined;
}, "a number");
export const objectField = reader(asObject, "an object");
export const arrayField = reader(asArray, "an array");
export const integerField = reader((value) => {
  const number = asNumber(value);
  return number !== undefined && Number.isSafeInteger(number) ? number : undefined;
}, "an integer");

/** An optional integer of at least `minimum`. */
export function integerFrom(minimum: number, object: JsonObject, key: string, path: string): number | undefined {
  const value = integerField(object, key, path);
  if (value === undefined || value >= minimum) return value;
  const at = under(path, key);
  const message = `Invalid '${at}': integer below minimum value. Expected a value >= ${minimum}, but got ${value} instead.`;
  return refuse(at, message, "integer_below_min_value");
}

/** The value of a field that must be there. */
export function required<T>(read: Reader<T>, object: JsonObject, key: string, path: string): T {
  return read(object, key, path) ?? refuseMissing(under(path, key));
}

/** An element of a list that must be an object. */
export function objectAt(value: JsonValue, path: string): JsonObject {
  return asObject(value) ?? refuseType(path, "an object", value);
}
