import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asNumber, asObject, parseJson, tryParseJson, writeJson } from "./json.ts";

describe("parseJson and writeJson", () => {
  test.each(["12345678901234567890", "1.0", "1e3", "-0.10", "0.1234567890123456789", "1E400", "2.50"])(
    "rules 2 and 58: the number %s keeps its text",
    (number) => {
      const text = `{"input":{"id":${number},"list":[${number}]}}`;
      expect(writeJson(parseJson(text))).toBe(text);
    },
  );

  test("any JSON survives, key order included", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(writeJson(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  test("a number kept as text still reads as a number", () => {
    const object = asObject(parseJson('{"max_tokens":1.0e3}'));
    expect(asNumber(object?.["max_tokens"])).toBe(1000);
    expect(asObject(object?.["max_tokens"])).toBeUndefined();
  });

  test("what is not JSON is undefined or thrown", () => {
    expect(tryParseJson("{")).toBeUndefined();
    expect(() => parseJson("{")).toThrow(SyntaxError);
  });
});
