/** OpenAI's 400s: how it words what is wrong with a request (dossier A.2.4). */
import { VendorError } from "./vendor-error.ts";

const TOOL_NAME = /^[a-zA-Z0-9_-]+$/;
const NAME_LENGTH = 64;

const ARTICLES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a decimal",
  integer: "an integer",
  boolean: "a boolean",
  object: "an object",
  array: "an array",
};

/** The request's own fault in a field, with OpenAI's code for it. */
export function wrong(message: string, param: string | undefined, code?: string): VendorError {
  return new VendorError(400, message, { ...(param === undefined ? {} : { param }), ...(code === undefined ? {} : { code }) });
}

/** The error for a required field that is not there. */
export function missing(path: string): VendorError {
  return wrong(`Missing required parameter: '${path}'.`, path, "missing_required_parameter");
}

/** The error for a field that there is not. */
export function unknownParameter(path: string): VendorError {
  return wrong(`Unknown parameter: '${path}'.`, path, "unknown_parameter");
}

/** The error for a field that the model does not have. */
export function unsupportedParameter(path: string, hint = ""): VendorError {
  return wrong(`Unsupported parameter: '${path}' is not supported with this model.${hint}`, path, "unsupported_parameter");
}

/** The error for a value of a type that is not the `expected` ("a string", "an object", …). */
export function wrongType(path: string, expected: string, value: unknown): VendorError {
  return wrong(
    `Invalid type for '${path}': expected ${expected}, but got ${withArticle(jsonTypeOf(value))} instead.`,
    path,
    "invalid_type",
  );
}

/** A JSON type as OpenAI's sentences say it. */
export function withArticle(type: string): string {
  return ARTICLES[type] ?? "null";
}

/** The error for a value that is none of the supported. */
export function unsupportedValue(value: string, supported: readonly string[], path: string): VendorError {
  return wrong(`Invalid value: '${value}'. Supported values are: ${quotedList(supported)}.`, path, "invalid_value");
}

/** The error for a value that does not look as it must. */
export function unmatched(path: string, pattern: RegExp): VendorError {
  return wrong(
    `Invalid '${path}': string does not match pattern. Expected a string that matches the pattern '${pattern.source}'.`,
    path,
    "invalid_value",
  );
}

export function emptyArray(path: string): VendorError {
  return wrong(
    `Invalid '${path}': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
    path,
    "empty_array",
  );
}

export function longArray(path: string, most: number, length: number): VendorError {
  return wrong(
    `Invalid '${path}': array too long. Expected an array with maximum length ${most}, but got an array with length ${length} instead.`,
    path,
    "array_above_max_length",
  );
}

export function emptyString(path: string): VendorError {
  return wrong(
    `Invalid '${path}': empty string. Expected a string with minimum length 1, but got an empty string instead.`,
    path,
    "empty_string",
  );
}

/** Refuses a text of more characters than `most`. */
export function checkLength(text: string, most: number, path: string): void {
  if (text.length <= most) return;
  throw wrong(
    `Invalid '${path}': string too long. Expected a string with maximum length ${most}, but got a string with length ${text.length} instead.`,
    path,
    "string_above_max_length",
  );
}

/** Refuses a tool's name that is too long or of other letters than allowed. */
export function checkName(name: string, path: string): void {
  checkLength(name, NAME_LENGTH, path);
  if (!TOOL_NAME.test(name)) throw unmatched(path, TOOL_NAME);
}

/** Refuses a number outside these bounds; both belong to what is allowed. */
export function checkRange(value: number | undefined, path: string, low: number, high: number, kind: "decimal" | "integer"): void {
  if (value === undefined || (value >= low && value <= high)) return;
  const [side, sign, bound] = value < low ? ["below minimum", ">=", low] : ["above maximum", "<=", high];
  throw wrong(
    `Invalid '${path}': ${kind} ${side} value. Expected a value ${sign} ${bound}, but got ${value} instead.`,
    path,
    `${kind}_${value < low ? "below_min" : "above_max"}_value`,
  );
}

/** Refuses metadata of too many or too long entries. */
export function checkMetadata(metadata: Readonly<Record<string, unknown>>): void {
  if (Object.keys(metadata).length > 16)
    throw wrong("Invalid 'metadata': too many properties. Expected at most 16.", "metadata", "object_above_max_properties");
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== "string") throw wrongType(`metadata.${key}`, "a string", value);
    if (key.length > 64 || value.length > 512)
      throw wrong(`Invalid 'metadata.${key}': string too long.`, `metadata.${key}`, "string_above_max_length");
  }
}

/** The values in quotes: 'a', 'b', and 'c'. */
export function quotedList(values: readonly string[]): string {
  const quoted = values.map((name) => `'${name}'`);
  const last = quoted.at(-1) ?? "";
  return quoted.length < 2 ? last : `${quoted.slice(0, -1).join(", ")}${quoted.length > 2 ? "," : ""} and ${last}`;
}

/** The JSON type of a value, in the words of the fields' tables. */
export function jsonTypeOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" ? (Number.isInteger(value) ? "integer" : "number") : typeof value;
}
