import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../../chat/json.ts";
import { objectSchema } from "../../shared/object-schema.ts";
import { lowerStrictSchema } from "./schema-encode.ts";

describe("rules 117, 120: the strict subset", () => {
  test.each<[string, JsonValue, JsonObject]>([
    ["rule 120: true", true, {}],
    ["rule 120: false", false, { description: '{"not":{}}' }],
    [
      "rule 120: inside",
      { type: "object", properties: { a: true, b: false }, additionalProperties: true },
      {
        type: "object",
        properties: { a: {}, b: { description: '{"not":{}}' } },
        additionalProperties: false,
        description: '{"additionalProperties":true}',
      },
    ],
    ["a list of anything", { type: "array", items: true }, { type: "array", items: {} }],
    ["a tuple", { type: "array", items: [{ type: "string" }] }, { type: "array", description: '{"items":[{"type":"string"}]}' }],
    [
      "older definitions",
      { $ref: "#/definitions/a", definitions: { a: { type: "object", properties: { x: { $ref: "#/definitions/a" } } } } },
      { $ref: "#/$defs/a", $defs: { a: { type: "object", properties: { x: { $ref: "#/$defs/a" } }, additionalProperties: false } } },
    ],
    [
      "optional properties stay so",
      { properties: { a: {} }, required: [] },
      { properties: { a: {} }, required: [], additionalProperties: false },
    ],
    ["numbers as they were", { enum: [1, 2], minimum: 1.5 }, { enum: [1, 2], description: '{"minimum":1.5}' }],
  ])("%s", (_name, schema, expected) => expect(lowerStrictSchema(schema)).toEqual(expected));
});

const KEYWORDS = {
  type: fc.constantFrom<JsonValue>("object", "string", "array", ["string", "null"]),
  description: fc.string(),
  enum: fc.constantFrom<JsonValue>(["a"], [1, null]),
  format: fc.constantFrom("date", "regex", 3),
  minItems: fc.nat(3),
  minimum: fc.integer(),
  required: fc.constantFrom<JsonValue>([], ["a"]),
  additionalProperties: fc.constantFrom<JsonValue>(true, false, { type: "string" }),
  $schema: fc.constant("https://json-schema.org"),
  $ref: fc.constantFrom("#/definitions/a", "#/$defs/a"),
};
const { schema } = fc.letrec<{ schema: JsonValue }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.boolean(),
    fc.record(
      {
        ...KEYWORDS,
        properties: fc.dictionary(fc.constantFrom("a", "b"), tie("schema"), { maxKeys: 2 }),
        items: fc.oneof(tie("schema"), fc.array(tie("schema"), { maxLength: 2 })),
        anyOf: fc.array(tie("schema"), { maxLength: 2 }),
        oneOf: fc.array(tie("schema"), { maxLength: 2 }),
        definitions: fc.dictionary(fc.constant("a"), tie("schema")),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<JsonValue>,
  ),
}));

test("rule 121: lowering is deterministic and idempotent, and keeps the order of properties", () => {
  fc.assert(
    fc.property(schema, (given) => {
      const once = lowerStrictSchema(given);
      expect(JSON.stringify(lowerStrictSchema(given))).toBe(JSON.stringify(once));
      expect(JSON.stringify(lowerStrictSchema(once))).toBe(JSON.stringify(once));
      const tool = objectSchema(once).schema;
      expect(JSON.stringify(objectSchema(tool).schema)).toBe(JSON.stringify(tool));
      const properties = typeof given === "object" && given !== null ? (given as JsonObject)["properties"] : undefined;
      if (properties) expect(Object.keys(once["properties"] as JsonObject)).toEqual(Object.keys(properties));
    }),
  );
});
