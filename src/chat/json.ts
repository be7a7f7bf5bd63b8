/**
 * JSON that survives the trip. `JSON.parse` loses digits beyond 2^53 and number forms (`1.0`, `1e3`);
 * tool arguments and schemas must not. Numbers that a plain parse would change are kept as their source text
 * (dossier rules 2 and 58).
 */

/** Any JSON value. An object of {@link RawNumber} stands for a number whose text must not change. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
/** A JSON object; keys set to `undefined` are absent. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}
/** JSON as text, kept as it was written. */
export type JsonText = string;

interface RawNumber {
  readonly rawJSON: string;
}
interface SourceAwareJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
}
// Part of V8 since Node 21 and ES2026; the TypeScript library does not know it yet.
const sourceAware = JSON as unknown as SourceAwareJson;

/** A number that a plain parse would reprint differently: 16 digits and more, an exponent, a trailing zero, minus zero. */
const FRAGILE_NUMBER = /[:[,]\s*-?(?:\d{16,}|\d+\.\d{16,}|\d+\.\d*0\b|\d+(?:\.\d+)?[eE]|0\b(?<=-0))/;

/**
 * Parses JSON and keeps fragile numbers as text.
 * @throws SyntaxError when the text is not JSON.
 */
export function parseJson(text: string): JsonValue {
  if (!FRAGILE_NUMBER.test(text)) return JSON.parse(text) as JsonValue;
  return sourceAware.parse(text, (_key, value, context) =>
    typeof value === "number" && context.source !== undefined && String(value) !== context.source
      ? sourceAware.rawJSON(context.source)
      : value,
  ) as JsonValue;
}

/** Parses JSON, or returns `undefined` when the text is not JSON. */
export function tryParseJson(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Writes a value of {@link parseJson} back, fragile numbers as they were. */
export function writeJson(value: JsonValue): JsonText {
  return JSON.stringify(value);
}

/** Whether a value is a JSON object (neither array nor fragile number). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !sourceAware.isRawJSON(value);
}

/** The object, or `undefined` for anything else. */
export function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

/** The array, or `undefined` for anything else. */
export function asArray(value: unknown): readonly JsonValue[] | undefined {
  return Array.isArray(value) ? (value as JsonValue[]) : undefined;
}

/** The string, or `undefined` for anything else. */
export function asString(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The number, fragile ones included, or `undefined` for anything else. */
export function asNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return sourceAware.isRawJSON(value) ? Number(value.rawJSON) : undefined;
}

/** The boolean, or `undefined` for anything else. */
export function asBoolean(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}
