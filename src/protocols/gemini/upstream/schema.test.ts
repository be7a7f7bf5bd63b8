import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asObject, type JsonObject } from "../../../chat/json.ts";
import { lowerToolSchema } from "./openapi-schema.ts";
import { cleanSchema, cleanToolSchema } from "./schema.ts";

const clean = (schema: JsonObject): JsonObject => cleanSchema(schema).schema;

describe("schemas for parametersJsonSchema", () => {
  test("rule 95: $schema and $comment vanish silently", () => {
    const lowered = cleanToolSchema({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $comment: "x",
      type: "object",
      properties: {},
    });
    expect(lowered).toEqual({ schema: { type: "object", properties: {} }, worded: false });
  });

  test("rule 98: const becomes an enum of one, a constant of another type is worded", () => {
    expect(clean({ const: "a" })).toEqual({ type: "string", enum: ["a"] });
    expect(clean({ const: 3 })).toEqual({ type: "number", enum: [3] });
    expect(clean({ const: true })).toEqual({ type: "boolean", description: 'Constraints: {"enum":[true]}' });
  });

  test("rules 99 and 100: an enum without a type gets one and loses its empty member", () => {
    expect(clean({ enum: ["a", "", "b"] })).toEqual({ type: "string", enum: ["a", "b"] });
    expect(clean({ type: "string", enum: [""] })).toEqual({ type: "string" });
    expect(clean({ type: "string", enum: ["a", null] })).toEqual({ type: ["string", "null"], enum: ["a"] });
    expect(clean({ type: "integer", enum: [1, 2] })).toEqual({ type: "integer", enum: [1, 2] });
  });

  test("rule 102: properties and required on another type go", () => {
    expect(clean({ type: "string", properties: { a: {} } })).toEqual({ type: "string" });
  });

  test("rule 103: only declared properties are required", () => {
    const { schema, worded } = cleanSchema({ type: "object", properties: { a: {} }, required: ["a", "b"] });
    expect(schema).toEqual({ type: "object", description: 'Constraints: {"required":["b"]}', properties: { a: {} }, required: ["a"] });
    expect(worded).toBe(true);
    expect(clean({ type: "object", properties: { a: {} }, required: [] })).toEqual({ type: "object", properties: { a: {} } });
  });

  test("rule 104: an array without items stays as it is", () => {
    expect(clean({ type: "array" })).toEqual({ type: "array" });
  });

  test("rule 107: definitions and references stay, also under their older name", () => {
    expect(clean({ type: "object", properties: { a: { $ref: "#/definitions/A" } }, definitions: { A: { type: "string" } } })).toEqual({
      type: "object",
      properties: { a: { $ref: "#/$defs/A" } },
      $defs: { A: { type: "string" } },
    });
  });

  test("nothing but dollar keys stands beside a reference", () => {
    expect(clean({ $ref: "#/$defs/A", description: "which" })).toEqual({ description: "which", anyOf: [{ $ref: "#/$defs/A" }] });
    expect(clean({ $ref: "#/$defs/A", $defs: { A: {} } })).toEqual({ $ref: "#/$defs/A", $defs: { A: {} } });
  });

  test("rule 109: allOf is merged, and where it conflicts, worded", () => {
    expect(
      clean({
        type: "object",
        properties: { a: { type: "string" } },
        required: ["a"],
        allOf: [{ $ref: "#/$defs/B" }, { properties: { a: { maxLength: 3 } }, required: ["b"], minimum: 1 }],
        $defs: { B: { properties: { b: { type: "number" } } } },
      }),
    ).toEqual({
      type: "object",
      properties: { a: { type: "string", description: 'Constraints: {"maxLength":3}' }, b: { type: "number" } },
      required: ["a", "b"],
      minimum: 1,
      $defs: { B: { type: "object", properties: { b: { type: "number" } } } },
    });
    expect(clean({ type: "string", allOf: [{ type: "number" }] })).toEqual({
      type: "string",
      description: 'Constraints: {"type":"number"}',
    });
  });

  test("rule 109: an allOf that refers to itself ends", () => {
    const endless = {
      $defs: { A: { allOf: [{ $ref: "#/$defs/A" }, { type: "object" }] } },
      allOf: [{ $ref: "#/$defs/A" }, { type: "object" }],
    };
    expect(clean(endless)["type"]).toBe("object");
    const mutual = {
      allOf: [{ $ref: "#/$defs/A" }, { $ref: "#/$defs/B" }],
      $defs: { A: { properties: { x: { $ref: "#/$defs/A" } } }, B: { properties: { x: { $ref: "#/$defs/B" } } } },
    };
    expect(clean(mutual)["type"]).toBe("object");
  });

  test("rule 111: an exclusive bound is inclusive for integers and worded for other numbers", () => {
    expect(clean({ type: "integer", exclusiveMinimum: 0, exclusiveMaximum: 10 })).toEqual({ type: "integer", minimum: 1, maximum: 9 });
    expect(clean({ type: "number", exclusiveMinimum: 0 })).toEqual({
      type: "number",
      description: 'Constraints: {"exclusiveMinimum":0}',
      minimum: 0,
    });
    expect(clean({ type: "integer", minimum: 5, exclusiveMinimum: true })).toEqual({ type: "integer", minimum: 6 });
    expect(clean({ type: "integer", minimum: 8, exclusiveMinimum: 3 })).toEqual({ type: "integer", minimum: 8 });
  });

  test("rule 112: additionalProperties stays, whatever it is", () => {
    expect(clean({ type: "object", properties: {}, additionalProperties: false })).toEqual({
      type: "object",
      properties: {},
      additionalProperties: false,
    });
    expect(clean({ type: "object", additionalProperties: { type: "string", pattern: "^a" } })).toEqual({
      type: "object",
      additionalProperties: { type: "string", description: 'Constraints: {"pattern":"^a"}' },
    });
  });

  test("rule 113: what the subset lacks is said in the description", () => {
    expect(clean({ type: "boolean", description: "Replace all.", default: false })).toEqual({
      type: "boolean",
      description: 'Replace all.\n\nConstraints: {"default":false}',
    });
  });

  test("rule 115: properties keep their order, __proto__ among them", () => {
    const schema = JSON.parse('{"type":"object","properties":{"z":{},"__proto__":{"type":"string"},"a":{}}}') as JsonObject;
    expect(JSON.stringify(clean(schema))).toBe('{"type":"object","properties":{"z":{},"__proto__":{"type":"string"},"a":{}}}');
  });

  test("rule 116: a tool's input is an object", () => {
    expect(cleanToolSchema({}).schema).toEqual({ type: "object" });
    expect(cleanToolSchema({ anyOf: [{ type: "object" }] }).schema).toEqual({ type: "object", anyOf: [{ type: "object" }] });
  });

  test("rule 120: boolean schemas", () => {
    expect(clean({ type: "object", properties: { a: true, b: false } })).toEqual({
      type: "object",
      properties: { a: {}, b: { description: 'Constraints: {"not":{}}' } },
    });
  });

  test("a draft-4 tuple is prefixItems", () => {
    expect(clean({ type: "array", items: [{ type: "string" }, {}] })).toEqual({ type: "array", prefixItems: [{ type: "string" }, {}] });
  });
});

describe("schemas for parameters", () => {
  const property = (schema: JsonObject): unknown =>
    asObject(lowerToolSchema({ type: "object", properties: { p: schema } })?.schema["properties"])?.["p"];

  test("rule 97: null becomes nullable, several types become branches with their own keywords", () => {
    expect(property({ type: ["string", "null"] })).toEqual({ type: "STRING", nullable: true });
    expect(property({ type: ["array", "string", "null"], items: { type: "string" }, maxLength: 4, description: "d" })).toEqual({
      anyOf: [
        { type: "ARRAY", description: "d", items: { type: "STRING" }, nullable: true },
        { type: "STRING", description: "d", maxLength: "4", nullable: true },
      ],
    });
  });

  test("rule 99: only strings are enumerated", () => {
    expect(property({ type: "integer", enum: [1, 2] })).toEqual({ type: "INTEGER", description: 'Constraints: {"enum":[1,2]}' });
  });

  test("rule 101: unknown formats are worded", () => {
    expect(property({ type: "string", format: "uri" })).toEqual({ type: "STRING", description: 'Constraints: {"format":"uri"}' });
    expect(property({ type: "string", format: "date-time" })).toEqual({ type: "STRING", format: "date-time" });
    expect(property({ type: "string", format: "enum" })).toEqual({ type: "STRING" });
  });

  test("rule 104: an array says what it holds", () => {
    expect(property({ type: "array" })).toEqual({ type: "ARRAY", description: 'Constraints: {"items":"any"}', items: { type: "STRING" } });
  });

  test("rule 105: a tool that takes nothing has no parameters", () => {
    expect(lowerToolSchema({ type: "object", properties: {} })).toBeUndefined();
  });

  test("rule 107: references are written out, recursive ones cut", () => {
    const lowered = lowerToolSchema({
      type: "object",
      properties: { tree: { $ref: "#/$defs/Tree" } },
      $defs: {
        Tree: { type: "object", properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#/$defs/Tree" } } } },
      },
    });
    expect(lowered?.schema["properties"]).toEqual({
      tree: {
        type: "OBJECT",
        properties: { name: { type: "STRING" }, children: { type: "ARRAY", items: { type: "OBJECT", description: "The shape of Tree." } } },
      },
    });
  });

  test("rule 107: a schema built to explode stays small", () => {
    const $defs: Record<string, JsonObject> = { L0: { type: "string" } };
    for (let level = 1; level < 40; level += 1) {
      const below = { $ref: `#/$defs/L${level - 1}` };
      $defs[`L${level}`] = { type: "object", properties: { a: below, b: below } };
    }
    const lowered = lowerToolSchema({ type: "object", properties: { p: { $ref: "#/$defs/L39" } }, $defs });
    expect(JSON.stringify(lowered?.schema).length).toBeLessThan(100_000);
  });

  test("rule 106: a free-form object stays one, and says so", () => {
    expect(clean({ type: "object", properties: { any: { type: "object" } } })).toEqual({
      type: "object",
      properties: { any: { type: "object" } },
    });
    expect(property({ type: "object", additionalProperties: { type: "string" } })).toMatchObject({ type: "OBJECT" });
  });

  test("rule 108: nothing is left without a type", () => {
    expect(property({})).toEqual({ type: "STRING", description: 'Constraints: {"type":"any"}' });
  });

  test("rules 110 and 112: oneOf is anyOf, additionalProperties is dropped or worded", () => {
    expect(
      property({ oneOf: [{ type: "string" }, { type: "null" }, { type: "object", properties: { a: {} }, additionalProperties: false }] }),
    ).toEqual({
      anyOf: [
        { type: "STRING", nullable: true },
        { type: "OBJECT", nullable: true, properties: { a: { type: "STRING", description: 'Constraints: {"type":"any"}' } } },
      ],
    });
  });

  test("rule 114: counts are strings", () => {
    expect(property({ type: "string", minLength: 1, pattern: "^a" })).toEqual({ type: "STRING", pattern: "^a", minLength: "1" });
  });
});

/** Schemas as tools have them, and some that no tool should have. */
const anySchema: fc.Arbitrary<JsonObject> = fc.letrec<{ schema: JsonObject }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<JsonObject>(
      {},
      { type: "string" },
      { type: ["integer", "null"] },
      { const: "x" },
      { enum: ["a", "", 1, null] },
      { $ref: "#/$defs/A" },
      { $ref: "#" },
    ),
    fc.record(
      {
        type: fc.constantFrom("string", "STRING"),
        minLength: fc.nat(9),
        pattern: fc.string(),
        format: fc.constantFrom("uri", "date-time", "enum"),
        default: fc.json(),
      },
      { requiredKeys: ["type"] },
    ),
    fc.record(
      {
        type: fc.constantFrom("integer", "number"),
        minimum: fc.integer(),
        exclusiveMinimum: fc.oneof(fc.integer(), fc.boolean()),
        exclusiveMaximum: fc.double({ noNaN: true, noDefaultInfinity: true }),
        nullable: fc.boolean(),
      },
      { requiredKeys: ["type"] },
    ),
    fc.record(
      {
        type: fc.constant("array"),
        items: fc.oneof(tie("schema"), fc.array(tie("schema"), { maxLength: 2 }), fc.boolean()),
        minItems: fc.constantFrom("3", 3),
        uniqueItems: fc.boolean(),
      },
      { requiredKeys: ["type"] },
    ),
    fc.record(
      {
        anyOf: fc.array(tie("schema"), { maxLength: 3 }),
        oneOf: fc.array(tie("schema"), { maxLength: 3 }),
        description: fc.string(),
        $ref: fc.constant("#/$defs/A"),
      },
      { requiredKeys: [] },
    ),
    fc.record(
      {
        type: fc.constantFrom("object", "string"),
        properties: fc.dictionary(fc.constantFrom("a", "b", "__proto__", "c"), tie("schema")),
        required: fc.array(fc.constantFrom("a", "z")),
        additionalProperties: fc.oneof(fc.boolean(), tie("schema")),
        allOf: fc.array(tie("schema"), { maxLength: 3 }),
        $defs: fc.record({ A: tie("schema") }),
        definitions: fc.record({ A: tie("schema") }),
        if: tie("schema"),
        $schema: fc.string(),
      },
      { requiredKeys: [] },
    ),
  ) as fc.Arbitrary<JsonObject>,
})).schema;

const OUTSIDE = new Set([
  "$schema",
  "const",
  "allOf",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "default",
  "pattern",
  "minLength",
  "if",
  "uniqueItems",
  "definitions",
  "nullable",
]);

function keywordsOf(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap(keywordsOf);
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key === "properties" || key === "$defs") return [key, ...Object.values(value as object).flatMap(keywordsOf)];
    return key === "enum" || key === "default" || key === "required" ? [key] : [key, ...keywordsOf(value)];
  });
}

describe("rule 121: lowering is deterministic and idempotent", () => {
  test("to JSON Schema, and nothing outside the subset is left", () => {
    fc.assert(
      fc.property(anySchema, (schema) => {
        const before = JSON.stringify(schema);
        const { schema: once } = cleanToolSchema(schema);
        expect(cleanToolSchema(once)).toEqual({ schema: once, worded: false });
        expect(JSON.stringify(cleanToolSchema(schema).schema)).toBe(JSON.stringify(once));
        expect(JSON.stringify(schema)).toBe(before);
        expect(keywordsOf(once).filter((key) => OUTSIDE.has(key))).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  test("to the OpenAPI subset, and nothing outside it is left", () => {
    fc.assert(
      fc.property(anySchema, (schema) => {
        const once = lowerToolSchema({ type: "object", properties: { p: schema } });
        if (!once) return;
        expect(lowerToolSchema(once.schema)).toEqual({ schema: once.schema, worded: false });
        const outside = new Set([
          "$ref",
          "$defs",
          "$id",
          "oneOf",
          "allOf",
          "const",
          "additionalProperties",
          "prefixItems",
          "exclusiveMinimum",
        ]);
        expect(keywordsOf(once.schema).filter((key) => outside.has(key))).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });
});
