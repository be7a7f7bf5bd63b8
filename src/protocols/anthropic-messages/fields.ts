/** Reading a client's fields, with errors in the words Anthropic uses: `messages.0.content: Field required`. */
import { GatewayError } from "../../chat/error.ts";
import { asArray, asBoolean, asNumber, asObject, asString, type JsonObject, type JsonValue } from "../../chat/json.ts";

/** @throws GatewayError `invalid-request`, always. */
export function refuse(path: string, problem: string): never {
  const dotted = path.replaceAll(/\[(\d+)\]/g, ".$1");
  throw new GatewayError("invalid-request", dotted === "" ? problem : `${dotted}: ${problem}`, path === "" ? {} : { field: path });
}

/** A field of an object; `null` counts as absent (rule 208). */
function given(object: JsonObject, key: string): JsonValue | undefined {
  const value = object[key];
  return value === null ? undefined : value;
}

function under(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

type Reader<T> = (object: JsonObject, key: string, path: string) => T | undefined;

function reader<T>(narrow: (value: unknown) => T | undefined, expected: string): Reader<T> {
  return (object, key, path) => {
    const value = given(object, key);
    if (value === undefined) return undefined;
    return narrow(value) ?? refuse(under(path, key), `Input should be ${expected}`);
  };
}

/** Optional fields by type: the value, or `undefined` when absent. Each refuses another type. */
export const stringField = reader(asString, "a valid string");
export const booleanField = reader(asBoolean, "a valid boolean");
export const numberField = reader(asNumber, "a valid number");
export const objectField = reader(asObject, "a valid dictionary");
export const arrayField = reader(asArray, "a valid list");
export const integerField = reader((value) => {
  const number = asNumber(value);
  return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}, "a valid integer, not negative");

/** The value of a field that must be there. */
export function required<T>(read: Reader<T>, object: JsonObject, key: string, path: string): T {
  return read(object, key, path) ?? refuse(under(path, key), "Field required");
}

/** An element of a list that must be an object. */
export function objectAt(value: JsonValue, path: string): JsonObject {
  return asObject(value) ?? refuse(path, "Input should be a valid dictionary");
}
