import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../chat/json.ts";
import { objectSchema } from "./object-schema.ts";

describe("rule 116: a tool's input is an object without alternatives at its root", () => {
  test.each<[JsonObject, JsonObject, boolean]>([
    [{}, { type: "object" }, false],
    [{ type: "object", $schema: "s" }, { type: "object", $schema: "s" }, false],
    [{ type: ["object", "null"] }, { type: "object" }, true],
    [{ $ref: "#/$defs/a", $defs: { a: {} } }, { $ref: "#/$defs/a", $defs: { a: {} }, type: "object" }, false],
    [
      { oneOf: [{ properties: { a: {} }, required: ["a"] }, { properties: { b: {} } }], required: ["c"] },
      { type: "object", properties: { a: {}, b: {} }, required: ["c"] },
      true,
    ],
  ])("%j", (schema, expected, lost) => expect(objectSchema(schema)).toEqual({ schema: expected, lost }));
});
