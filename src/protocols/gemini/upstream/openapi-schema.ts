/**
 * JSON Schema as `parameters` takes it: the OpenAPI 3.0 subset of endpoints that do not know `parametersJsonSchema`
 * (dossier A.4.2, rules 97–115). Pure and idempotent.
 */
import { asArray, asNumber, asObject, asString, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { References } from "./schema-merge.ts";
import { cleanToolSchema, withNotes, type LoweredSchema } from "./schema.ts";

/** What this dialect knows beyond the JSON Schema subset (rules 113, 114). */
const NATIVE: ReadonlySet<string> = new Set(["minLength", "maxLength", "pattern", "minProperties", "maxProperties", "default", "example"]);
const COUNTS = ["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"] as const;
/** Per type, the formats that are accepted (rule 101). */
const FORMATS: Readonly<Record<string, readonly string[]>> = {
  string: ["enum", "date-time"],
  number: ["float", "double"],
  integer: ["int32", "int64"],
};
/** A tool's input schema, or `undefined` when it takes nothing, which this dialect says by leaving it out (rule 105). */
export function lowerToolSchema(schema: JsonObject): LoweredSchema | undefined {
  const cleaned = cleanToolSchema(schema, NATIVE);
  const lowering = new Lowering(cleaned.schema);
  const lowered = lowering.lower(cleaned.schema, []);
  const properties = asObject(lowered["properties"]);
  if (!properties || Object.keys(properties).length === 0) return undefined;
  return { schema: lowered, worded: cleaned.worded || lowering.worded };
}

class Lowering {
  readonly #references: References;
  worded = false;

  constructor(root: JsonObject) {
    this.#references = new References(root);
  }

  /** @param following the references that lead here, to notice a recursive one (rule 107). */
  lower(given: JsonValue | undefined, following: readonly string[]): JsonObject {
    const schema = asObject(given) ?? {};
    const reference = asString(schema["$ref"]);
    if (reference !== undefined) return this.#inline(reference, following);
    const types = typesOf(schema);
    const concrete = types.filter((type) => type !== "null");
    const nullable = types.includes("null");
    const branches = [...(asArray(schema["anyOf"]) ?? []), ...(asArray(schema["oneOf"]) ?? [])];
    if (branches.length > 0 && !schema["properties"]) return this.#union(schema, branches, nullable, following);
    if (concrete.length > 1) return this.#union(schema, splitTypes(schema, concrete), nullable, following);
    return this.#plain(schema, concrete[0], nullable, following);
  }

  #inline(reference: string, following: readonly string[]): JsonObject {
    const target = this.#references.resolve(reference, following);
    if (target) return this.lower(target, [...following, reference]);
    this.worded = true;
    return { type: "OBJECT", description: `The shape of ${reference.slice(reference.lastIndexOf("/") + 1)}.` };
  }

  /** `anyOf` must stand alone, so what is said beside it moves into the branches. */
  #union(schema: JsonObject, branches: readonly JsonValue[], nullable: boolean, following: readonly string[]): JsonObject {
    const lowered = branches.filter((branch) => !isNull(branch)).flatMap((branch) => this.#branches(branch, following));
    const optional = nullable || branches.some(isNull);
    const description = asString(schema["description"]);
    const described = lowered.map((branch) => ({
      ...branch,
      ...(description !== undefined && branch["description"] === undefined && { description }),
      ...(optional && { nullable: true }),
    }));
    const [only, ...others] = described;
    if (!only) return this.#plain({ ...(description !== undefined && { description }) }, "string", true, following);
    return others.length === 0 ? only : { anyOf: described };
  }

  /** A union inside a union is one union. */
  #branches(branch: JsonValue, following: readonly string[]): readonly JsonObject[] {
    const lowered = this.lower(branch, following);
    return (asArray(lowered["anyOf"]) as readonly JsonObject[] | undefined) ?? [lowered];
  }

  #plain(schema: JsonObject, declared: string | undefined, nullable: boolean, following: readonly string[]): JsonObject {
    const notes: Record<string, JsonValue> = {};
    const properties = asObject(schema["properties"]);
    const type = declared ?? (properties ? "object" : "string");
    if (declared === undefined && schema["enum"] === undefined) notes["type"] = "any";
    const members = asArray(schema["enum"]);
    const textual = members !== undefined && type === "string" && members.every((member) => typeof member === "string");
    if (members && !textual) notes["enum"] = members;
    const format = asString(schema["format"]);
    const formatKept = format !== undefined && FORMATS[type]?.includes(format) === true && (format !== "enum" || textual);
    if (format !== undefined && !formatKept && format !== "enum") notes["format"] = format;
    if (schema["additionalProperties"] === true || asObject(schema["additionalProperties"])) {
      notes["additionalProperties"] = schema["additionalProperties"] as JsonValue;
    }
    if (properties && schema["anyOf"]) notes["anyOf"] = schema["anyOf"];
    const items = type === "array" ? this.#items(schema, notes, following) : undefined;
    const description = withNotes(asString(schema["description"]), notes);
    if (Object.keys(notes).length > 0) this.worded = true;
    const lowered: JsonObject = {
      type: type.toUpperCase(),
      format: formatKept ? format : undefined,
      title: asString(schema["title"]),
      description,
      nullable: nullable ? true : undefined,
      enum: textual ? members : undefined,
      properties:
        type === "object" && properties
          ? Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, this.lower(property, following)]))
          : undefined,
      required: type === "object" ? asArray(schema["required"]) : undefined,
      propertyOrdering: type === "object" ? asArray(schema["propertyOrdering"]) : undefined,
      items,
      minimum: schema["minimum"],
      maximum: schema["maximum"],
      pattern: asString(schema["pattern"]),
      ...Object.fromEntries(COUNTS.map((key) => [key, int64(schema[key])])),
      default: schema["default"],
      example: schema["example"],
    };
    return Object.fromEntries(Object.entries(lowered).filter(([, value]) => value !== undefined));
  }

  /** An array must say what it holds (rule 104). */
  #items(schema: JsonObject, notes: Record<string, JsonValue>, following: readonly string[]): JsonObject {
    const tuple = asArray(schema["prefixItems"]);
    if (tuple && tuple.length > 0) {
      notes["prefixItems"] = tuple;
      return this.#union({}, tuple, false, following);
    }
    if (asObject(schema["items"])) return this.lower(schema["items"], following);
    notes["items"] = "any";
    return { type: "STRING" };
  }
}

/** Which keywords go with which type when a list of types is written as a union (rule 97). */
const BELONGS: Readonly<Record<string, readonly string[]>> = {
  object: ["properties", "required", "additionalProperties", "propertyOrdering", "minProperties", "maxProperties"],
  array: ["items", "prefixItems", "minItems", "maxItems"],
  string: ["format", "pattern", "minLength", "maxLength", "enum"],
  number: ["format", "minimum", "maximum"],
  integer: ["format", "minimum", "maximum"],
};

function splitTypes(schema: JsonObject, types: readonly string[]): JsonObject[] {
  return types.map((type) => ({
    type,
    ...Object.fromEntries((BELONGS[type] ?? []).filter((key) => schema[key] !== undefined).map((key) => [key, schema[key]])),
  }));
}

function typesOf(schema: JsonObject): string[] {
  const type = schema["type"];
  const listed = Array.isArray(type) ? (type as JsonValue[]) : [type];
  return listed.filter((name): name is string => typeof name === "string");
}

function isNull(branch: JsonValue): boolean {
  const schema = asObject(branch);
  return schema?.["type"] === "null" && !schema["anyOf"];
}

/** Counts are int64, which protobuf JSON writes as a string (rule 114). */
function int64(value: JsonValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  return asNumber(value) === undefined ? undefined : String(asNumber(value));
}
