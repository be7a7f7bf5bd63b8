import fc from "fast-check";
import { expect, test } from "vitest";
import { lastStrings } from "./json-find.ts";

const found = (json: string, keys = ["a", "b"], maxBytes = 1000): string[] => [...lastStrings(Buffer.from(json), keys, maxBytes)];

test("the last one comes first, however deep it stands", () => {
  expect(found(`{"a":"1","x":{"b" : "2"},"list":[{"a":\n"3"}],"ba":"no"}`)).toEqual(["3", "2", "1"]);
});

test("what is no string, no key, too long or cut off is passed over", () => {
  expect(found(`{"a":1,"x":"a","b":["2"],"a":"${"x".repeat(1000)}","b":"ok","a":"cut`)).toEqual(["ok"]);
  expect(found("")).toEqual([]);
  expect(found(`"a"`)).toEqual([]);
});

test("escapes are read", () => {
  expect(found(String.raw`{"a":"q\"\\","b":"é\/"}`)).toEqual(["é/", 'q"\\']);
});

test("all strings of an object are found and none that only look like it", () => {
  const value = fc.oneof(fc.string(), fc.constantFrom('"a":"no"', '{"a":"no"}', "\\"), fc.integer());
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), value)), (members) => {
      const list = members.map(([key, one]) => ({ [key]: one }));
      const expected = members.flatMap(([key, one]) => (key !== "c" && typeof one === "string" ? [one] : []));
      expect(found(JSON.stringify(list))).toEqual(expected.toReversed());
    }),
  );
});
