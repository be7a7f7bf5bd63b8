import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scanArray, scanMembers, scanObject, spliceSpans } from "./json-scan.ts";

const spaced = (json: string, space: string): string =>
  json.replaceAll(/("(?:[^"\\]|\\.)*")|([:,])/g, (_all, string: string, mark: string) => string ?? `${space}${mark}${space}`);

describe("json-scan", () => {
  test("finds what JSON.parse finds, in any object and any spacing", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom("", " ", "\n\t", "\r\n"), (object, space) => {
        const body = Buffer.from(` ${spaced(JSON.stringify(object), space)} `);
        const members = scanObject(body);
        const found = Object.fromEntries(
          [...members].map(([key, span]) => [key, JSON.parse(body.toString("utf8", span.start, span.end)) as unknown]),
        );
        expect(found).toEqual(JSON.parse(body.toString()));
      }),
    );
  });

  test("accepts whatever JSON.parse accepts as an object", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.nat(),
        fc.constantFrom('"', "\\", "{", "}", "[", ",", ":", "0", "x", ""),
        (object, at, insert) => {
          const text = JSON.stringify(object);
          const mutated = text.slice(0, at % text.length) + insert + text.slice((at % text.length) + 1);
          let value: unknown;
          try {
            value = JSON.parse(mutated);
          } catch {
            return;
          }
          if (typeof value !== "object" || value === null || Array.isArray(value)) return;
          try {
            expect([...scanObject(Buffer.from(mutated)).keys()].toSorted()).toEqual(Object.keys(value).toSorted());
          } catch (error) {
            // The mutation may have made two keys the same.
            expect(String(error)).toContain("a key is repeated");
          }
        },
      ),
    );
  });

  test("long strings with escaped quotes end where they end", () => {
    const text = 'a "quoted" \\ word \n'.repeat(50);
    const body = Buffer.from(JSON.stringify({ text, model: "m" }));
    const span = scanObject(body).get("model");
    expect(span && body.toString("utf8", span.start, span.end)).toBe('"m"');
  });

  test.each([
    ["", "expected a JSON object at byte 0"],
    ["[]", "expected a JSON object at byte 0"],
    ['{"a":1', "expected a comma or the end of the object at byte 6"],
    ['{"a":1}x', "unexpected text after the JSON object at byte 7"],
    ['{"a":"b}', "a string does not end at byte 5"],
    ['{"a":[1}', "mismatched bracket at byte 7"],
    ['{"a":nul}', "expected a JSON value at byte 5"],
    ['{"a":1,"\\u0061":2}', "a key is repeated at byte 16"],
    ["{a:1}", "expected a key in double quotes at byte 1"],
    [`{"a":${"[".repeat(600)}`, "nested deeper than 512 levels"],
  ])("%s is refused", (body, problem) => {
    expect(() => scanObject(Buffer.from(body))).toThrow(problem);
  });

  test("nested members and elements can be cut out, and nothing else changes", () => {
    const body = Buffer.from('{"n": 12345678901234567890, "messages":[ {"role":"user", "x":1.0} , 2 ]}');
    const messages = scanObject(body).get("messages");
    const elements = messages ? scanArray(body, messages) : [];
    expect(elements).toHaveLength(2);
    const role = elements[0] && scanMembers(body, elements[0]).get("role");
    expect(role && spliceSpans(body, [{ ...role, text: '"assistant"' }]).toString()).toBe(
      '{"n": 12345678901234567890, "messages":[ {"role":"assistant", "x":1.0} , 2 ]}',
    );
  });
});
