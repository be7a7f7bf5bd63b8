/**
 * JSON Schema as `parametersJsonSchema` and `responseJsonSchema` take it (dossier A.4.2, rules 95–121): a subset. What
 * lies outside it is said in words, in the description, so that the model still hears of it. Pure and idempotent.
 */
import { asArray, asNumber, asObject, asString, writeJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { BranchMerger } from "./schema-merge.ts";

/** A schema in the target's dialect. */
export interface LoweredSchema {
  readonly schema: JsonObject;
  /** Whether something had to be said in words. */
  readonly worded: boolean;
}

const NO_KEYWORDS: ReadonlySet<string> = new Set();
/** Says nothing about values (rule 95). */
const SILENT: ReadonlySet<string> = new Set(["$schema", "$comment", "$vocabulary", "definitions", "additionalItems"]);
const TYPES: ReadonlySet<string> = new Set(["string", "number", "integer", "boolean", "object", "array", "null"]);
/** The schema of a tool's input: always an object (rule 116). */
export function cleanToolSchema(schema: JsonObject, keep: ReadonlySet<string> = NO_KEYWORDS): LoweredSchema {
  const { schema: cleaned, worded } = cleanSchema(spellOut(schema), keep);
  if (cleaned["type"] === "object") return { schema: cleaned, worded };
  const { type: _type, ...rest } = cleaned;
  return { schema: { type: "object", ...rest }, worded: worded || cleaned["type"] !== undefined };
}

/**
 * Any schema.
 * @param keep keywords beyond the subset that the caller takes as they are.
 */
export function cleanSchema(schema: JsonObject, keep: ReadonlySet<string> = NO_KEYWORDS): LoweredSchema {
  const cleaner = new Cleaner(schema, keep);
  return { schema: cleaner.clean(schema, []), worded: cleaner.worded };
}

/** A description with more said in it. */
export function withNotes(description: string | undefined, notes: JsonObject): string | undefined {
  if (Object.keys(notes).length === 0) return description;
  return `${description === undefined || description === "" ? "" : `${description}\n\n`}Constraints: ${writeJson(notes)}`;
}

class Cleaner {
  readonly #merger: BranchMerger;
  readonly #keep: ReadonlySet<string>;
  worded = false;

  constructor(root: JsonObject, keep: ReadonlySet<string>) {
    this.#merger = new BranchMerger(root);
    this.#keep = keep;
  }

  /** @param following the references that were written out around it. */
  clean(input: JsonValue | undefined, following: readonly string[]): JsonObject {
    if (input === false) return this.#describe({}, { not: {} });
    const given = asObject(input);
    if (!given) return {};
    const notes: Record<string, JsonValue> = {};
    const followed = [...following];
    const schema = this.#merger.merge(given, notes, followed);
    const reference = asString(schema["$ref"]);
    const { $ref: _ref, ...rest } = schema;
    const cleaned = this.#keywords(reference === undefined ? schema : rest, notes, followed);
    if (reference === undefined) return cleaned;
    const link = { $ref: reference.replace(/^#\/definitions\//, "#/$defs/") };
    // Only keys that begin with a dollar sign may stand beside a reference.
    if (Object.keys(cleaned).every((key) => key.startsWith("$"))) return { ...link, ...cleaned };
    if (!cleaned["anyOf"]) return { ...cleaned, anyOf: [link] };
    this.worded = true;
    return link;
  }

  /** Every keyword of the subset, in a fixed order. */
  #keywords(schema: JsonObject, notes: Record<string, JsonValue>, following: readonly string[]): JsonObject {
    const properties = asObject(schema["properties"]);
    let type = cleanType(schema["type"]);
    if (type === undefined && properties) type = "object";
    const values = this.#enumeration(schema, type, notes);
    type = values.type;
    if (schema["nullable"] === true && type !== undefined) type = withNull(type);
    const objectLike = type === undefined || hasType(type, "object");
    const required = this.#required(schema["required"], objectLike ? properties : undefined, notes);
    const bounds = this.#bounds(schema, type, notes);
    const draft4Tuple = asArray(schema["items"]);
    const tuple = draft4Tuple ?? asArray(schema["prefixItems"]);
    const nullable = schema["nullable"] === true && type === undefined ? [{ type: "null" }] : [];
    const anyOf = asArray(schema["anyOf"])?.map((branch) => this.clean(branch, following));
    const oneOf = asArray(schema["oneOf"])?.map((branch) => this.clean(branch, following));
    const definitions =
      schema["definitions"] || schema["$defs"] ? { ...asObject(schema["definitions"]), ...asObject(schema["$defs"]) } : {};
    this.#wordUnknown(schema, notes);
    const description = withNotes(asString(schema["description"]), notes) || undefined;
    if (Object.keys(notes).length > 0) this.worded = true;
    return present({
      $id: asString(schema["$id"]),
      $anchor: asString(schema["$anchor"]),
      type,
      format: asString(schema["format"]),
      title: asString(schema["title"]),
      description,
      enum: values.members,
      properties: objectLike && properties ? this.#each(properties, following) : undefined,
      required,
      additionalProperties: objectLike ? this.#open(schema["additionalProperties"], following) : undefined,
      propertyOrdering: objectLike ? asArray(schema["propertyOrdering"]) : undefined,
      items: draft4Tuple || schema["items"] === undefined ? undefined : this.clean(schema["items"], following),
      prefixItems: tuple?.map((item) => this.clean(item, following)),
      minItems: count(schema["minItems"]),
      maxItems: count(schema["maxItems"]),
      minimum: bounds.minimum,
      maximum: bounds.maximum,
      ...(this.#keep.size > 0 && Object.fromEntries(Object.entries(schema).filter(([key]) => this.#keep.has(key)))),
      anyOf: anyOf && anyOf.length > 0 ? [...anyOf, ...nullable] : undefined,
      oneOf: oneOf && oneOf.length > 0 ? oneOf : undefined,
      $defs: Object.keys(definitions).length > 0 ? this.#each(definitions, following) : undefined,
    });
  }

  /** `const` is an enum of one (rule 98); an enum holds strings or numbers, none of them empty (rules 99, 100). */
  #enumeration(
    schema: JsonObject,
    declared: JsonValue | undefined,
    notes: Record<string, JsonValue>,
  ): { type: JsonValue | undefined; members: JsonValue[] | undefined } {
    const constant = schema["const"];
    const given = constant !== undefined ? [constant] : asArray(schema["enum"]);
    if (!given) return { type: declared, members: undefined };
    const members = given
      .filter((member) => typeof member === "string" || asNumber(member) !== undefined)
      .filter((member) => member !== "");
    if (given.some((member) => member !== null && member !== "" && !members.includes(member))) notes["enum"] = given;
    let type = declared;
    if (type === undefined && members.length > 0) type = commonType(members);
    else if (type === undefined && given.every((member) => typeof member === "boolean")) type = "boolean";
    if (given.includes(null)) type = type === undefined ? "null" : withNull(type);
    return { type, members: members.length > 0 ? members : undefined };
  }

  /** Only declared properties can be required (rules 102, 103). */
  #required(given: JsonValue | undefined, properties: JsonObject | undefined, notes: Record<string, JsonValue>): JsonValue[] | undefined {
    const names = asArray(given)?.filter((name) => typeof name === "string");
    if (!names) return undefined;
    const declared = (name: string): boolean => properties !== undefined && Object.hasOwn(properties, name);
    const kept = names.filter(declared);
    const lost = names.filter((name) => !declared(name));
    if (lost.length > 0) notes["required"] = lost;
    return kept.length > 0 ? kept : undefined;
  }

  /** An exclusive bound becomes an inclusive one, exactly for integers, with a word for other numbers (rule 111). */
  #bounds(
    schema: JsonObject,
    type: JsonValue | undefined,
    notes: Record<string, JsonValue>,
  ): { minimum: JsonValue | undefined; maximum: JsonValue | undefined } {
    const bound = (
      key: "minimum" | "maximum",
      exclusiveKey: "exclusiveMinimum" | "exclusiveMaximum",
      step: number,
    ): JsonValue | undefined => {
      const inclusive = asNumber(schema[key]) === undefined ? undefined : schema[key];
      const exclusive = schema[exclusiveKey] === true ? inclusive : schema[exclusiveKey];
      const limit = asNumber(exclusive);
      if (limit === undefined || exclusive === undefined) return inclusive;
      const integer = type !== undefined && hasType(type, "integer") && Number.isSafeInteger(limit);
      if (!integer) notes[exclusiveKey] = exclusive;
      const candidate = integer ? limit + step : exclusive;
      const other = asNumber(inclusive);
      if (other === undefined || inclusive === undefined) return candidate;
      return (other - (asNumber(candidate) as number)) * step > 0 ? inclusive : candidate;
    };
    return { minimum: bound("minimum", "exclusiveMinimum", 1), maximum: bound("maximum", "exclusiveMaximum", -1) };
  }

  #open(given: JsonValue | undefined, following: readonly string[]): JsonValue | undefined {
    if (typeof given === "boolean") return given;
    return asObject(given) ? this.clean(given, following) : undefined;
  }

  #wordUnknown(schema: JsonObject, notes: Record<string, JsonValue>): void {
    for (const key in schema) {
      const value = schema[key];
      if (value === undefined || HANDLED.has(key) || SILENT.has(key) || this.#keep.has(key) || key.startsWith("x-")) continue;
      notes[key] = value;
    }
  }

  #each(schemas: JsonObject, following: readonly string[]): JsonObject {
    return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, this.clean(schema, following)]));
  }

  #describe(schema: JsonObject, notes: JsonObject): JsonObject {
    this.worded = true;
    return { ...schema, description: withNotes(undefined, notes) };
  }
}

/** The same schema with what its own reference and a lone branch name written out: a root has to show that it is an object. */
function spellOut(schema: JsonObject): JsonObject {
  const { $ref: reference, allOf, ...rest } = schema;
  const branches = asArray(allOf) ?? [];
  if (reference === undefined && branches.length === 0) return schema;
  return { ...rest, allOf: [...(reference === undefined ? [] : [{ $ref: reference }]), {}, ...branches] };
}

/** Keywords that {@link Cleaner} knows what to do with. */
const HANDLED: ReadonlySet<string> = new Set(
  (
    "$id $anchor $ref $defs type format title description enum const nullable properties required additionalProperties " +
    "propertyOrdering items prefixItems minItems maxItems minimum maximum exclusiveMinimum exclusiveMaximum anyOf oneOf allOf"
  ).split(" "),
);

function cleanType(given: JsonValue | undefined): JsonValue | undefined {
  const names = (Array.isArray(given) ? (given as JsonValue[]) : [given]).map((name) =>
    typeof name === "string" ? name.toLowerCase() : "",
  );
  const known = [...new Set(names.filter((name) => TYPES.has(name)))];
  if (known.length === 0) return undefined;
  return known.length === 1 ? known[0] : known;
}

function withNull(type: JsonValue): JsonValue {
  return hasType(type, "null") ? type : [...(asArray(type) ?? [type]), "null"];
}

function hasType(type: JsonValue, name: string): boolean {
  return type === name || (Array.isArray(type) && (type as JsonValue[]).includes(name));
}

function commonType(members: readonly JsonValue[]): JsonValue | undefined {
  if (members.every((member) => typeof member === "string")) return "string";
  return members.every((member) => typeof member !== "string") ? "number" : ["string", "number"];
}

/** A count, which protobuf JSON also writes as a string (rule 114). */
function count(given: JsonValue | undefined): JsonValue | undefined {
  const number = typeof given === "string" ? Number(given) : asNumber(given);
  return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

function present(object: JsonObject): JsonObject {
  const kept: Record<string, JsonValue> = {};
  for (const key in object) {
    const value = object[key];
    if (value !== undefined) kept[key] = value;
  }
  return kept;
}
