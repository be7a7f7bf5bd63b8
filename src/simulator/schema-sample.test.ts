import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fromJSONSchema } from "zod";
import { sampleOf } from "./schema-sample.ts";

const bounds = fc.integer({ min: -50, max: 50 }).chain((low) => fc.tuple(fc.constant(low), fc.integer({ min: low, max: low + 60 })));

/** Schemas of the kinds that structured output takes. */
const { schema } = fc.letrec<{ schema: Record<string, unknown> }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<Record<string, unknown>>({ type: "boolean" }, { type: "null" }, { type: "string" }, { type: ["string", "null"] }),
    fc.constantFrom("email", "uuid", "date-time", "date", "ipv4").map((format) => ({ type: "string", format })),
    fc.record({ type: fc.constant("string"), minLength: fc.nat(12) }),
    fc.record({ type: fc.constant("string"), maxLength: fc.nat(12) }),
    fc.constantFrom("^[a-z]+$", "^\\d{4}-\\d{2}-\\d{2}$", "^[A-Z]").map((pattern) => ({ type: "string", pattern })),
    fc.array(fc.string(), { minLength: 1, maxLength: 3 }).map((values) => ({ type: "string", enum: values })),
    fc.oneof(fc.string(), fc.integer(), fc.boolean()).map((value) => ({ const: value })),
    bounds.map(([minimum, maximum]) => ({ type: "integer", minimum, maximum })),
    bounds.map(([minimum, maximum]) => ({ type: "number", minimum, maximum })),
    bounds.map(([low, high]) => ({ type: "number", exclusiveMinimum: low, exclusiveMaximum: high + 0.5 })),
    bounds.map(([low, high]) => ({ type: "integer", exclusiveMinimum: low, exclusiveMaximum: high + 2 })),
    fc.integer({ min: 1, max: 9 }).map((multipleOf) => ({ type: "integer", multipleOf, minimum: 5 })),
    fc.record({ type: fc.constant("array"), items: tie("schema"), minItems: fc.nat(3) }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie("schema"), { maxKeys: 4 }).map((properties) => ({
      type: "object",
      properties,
      required: Object.keys(properties).slice(0, 2),
      additionalProperties: false,
    })),
    fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
  ),
}));

test("a sample satisfies its schema", () => {
  fc.assert(
    fc.property(schema, (given) => {
      const validator = fromJSONSchema(given);
      expect(validator.safeParse(sampleOf(given))).toMatchObject({ success: true });
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["a reference", { $ref: "#/$defs/city", $defs: { city: { type: "string", enum: ["Rome"] } } }, "Rome"],
  ["upper-case types, as Gemini has them", { type: "OBJECT", properties: { n: { type: "INTEGER" } }, required: ["n"] }, { n: 1 }],
  ["a nullable choice", { anyOf: [{ type: "null" }, { type: "integer" }] }, 1],
  [
    "allOf",
    {
      allOf: [
        { type: "object", properties: { a: { type: "boolean" } }, required: ["a"] },
        { properties: { b: { const: 2 } }, required: ["b"] },
      ],
    },
    { a: false, b: 2 },
  ],
  ["a tuple", { type: "array", prefixItems: [{ const: "x" }, { type: "null" }] }, ["x", null]],
  ["no schema at all", true, "sample"],
])("a sample for %s", (_name, given, sample) => {
  expect(sampleOf(given)).toEqual(sample);
});

test("a schema that refers to itself has a finite sample", () => {
  const node = { type: "object", properties: { next: { anyOf: [{ $ref: "#" }, { type: "null" }] } }, required: ["next"] };
  expect(JSON.stringify(sampleOf(node))).toMatch(/^(\{"next":)+null\}+$/);
});
