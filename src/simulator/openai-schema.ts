/** OpenAI's checks of JSON schemas: those of any function, and those that `strict` adds (rule 118). Each throws the vendor's 400. */
import { wrong } from "./openai-refusals.ts";
import { fieldsOf, isFields, listOf, textOf, type Fields } from "./json-values.ts";

/** Whose schema it is, in the words of the error. */
export interface SchemaPlace {
  readonly what: string;
  readonly param: string;
  readonly code: string | undefined;
}

/** What `strict` mode does not know. */
const NOT_STRICT = [
  "allOf",
  "not",
  "dependentRequired",
  "dependentSchemas",
  "if",
  "then",
  "else",
  "patternProperties",
  "oneOf",
  "prefixItems",
];

/** Checks what every function's parameters must be: an object, with the items of arrays given. */
export function checkParameters(schema: unknown, place: SchemaPlace): void {
  const { type, properties } = fieldsOf(schema);
  if (type !== "object") {
    const got = typeof type === "string" ? type : "None";
    throw wrong(
      `Invalid schema for ${place.what}: schema must be a JSON Schema of 'type: "object"', got 'type: "${got}"'.`,
      place.param,
      place.code,
    );
  }
  if (!isFields(properties)) throw invalidSchema(place, [], "object schema missing properties.");
  checkArrays(fieldsOf(schema), [], place);
}

function checkArrays(schema: Fields, context: readonly string[], place: SchemaPlace): void {
  if (schema["type"] === "array" && schema["items"] === undefined && schema["prefixItems"] === undefined)
    throw invalidSchema(place, context, "array schema missing items.");
  for (const [step, child] of childrenOf(schema)) checkArrays(child, [...context, ...step], place);
}

/** Checks what `strict` demands: every object closed, every property required, no keyword it does not know. */
export function checkStrict(schema: unknown, place: SchemaPlace): void {
  const fields = fieldsOf(schema);
  if (fields["type"] !== "object") {
    throw wrong(
      `Invalid schema for ${place.what}: schema must be a JSON Schema of 'type: "object"', got 'type: "${textOf(fields["type"]) || "None"}"'.`,
      place.param,
      place.code,
    );
  }
  checkClosed(fields, [], place);
}

function checkClosed(schema: Fields, context: readonly string[], place: SchemaPlace): void {
  const foreign = NOT_STRICT.find((keyword) => schema[keyword] !== undefined);
  if (foreign !== undefined) throw invalidSchema(place, context, `'${foreign}' is not permitted.`);
  const isObject = schema["type"] === "object" || listOf(schema["type"]).includes("object") || schema["properties"] !== undefined;
  if (isObject) {
    if (schema["additionalProperties"] !== false)
      throw invalidSchema(place, context, "'additionalProperties' is required to be supplied and to be false.");
    const required = listOf(schema["required"]);
    const open = Object.keys(fieldsOf(schema["properties"])).find((name) => !required.includes(name));
    if (open !== undefined) {
      throw invalidSchema(
        place,
        context,
        `'required' is required to be supplied and to be an array including every key in properties. Missing '${open}'.`,
      );
    }
  }
  for (const [step, child] of childrenOf(schema)) checkClosed(child, [...context, ...step], place);
}

function childrenOf(schema: Fields): readonly (readonly [step: readonly string[], child: Fields])[] {
  const named = ["properties", "$defs", "definitions"].flatMap((group) =>
    Object.entries(fieldsOf(schema[group])).map(([name, child]) => [[group, name], fieldsOf(child)] as const),
  );
  const listed = listOf(schema["anyOf"]).map((child, index) => [["anyOf", String(index)], fieldsOf(child)] as const);
  const items = isFields(schema["items"]) ? [[["items"], schema["items"]] as const] : [];
  return [...named, ...listed, ...items];
}

function invalidSchema(place: SchemaPlace, context: readonly string[], what: string): Error {
  const at = context.length === 0 ? "()" : `(${context.map((step) => `'${step}'`).join(", ")})`;
  return wrong(`Invalid schema for ${place.what}: In context=${at}, ${what}`, place.param, place.code);
}
