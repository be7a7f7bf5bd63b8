import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unwrapFreeText } from "./call-input.ts";
import { FreeTextReader } from "./free-text.ts";

/** What comes out of pieces of this JSON, cut at these places. */
function read(json: string, cuts: readonly number[] = []): { text: string; pieces: string[] } {
  const reader = new FreeTextReader();
  const places = [0, ...[...cuts].map((cut) => cut % (json.length + 1)).sort((a, b) => a - b), json.length];
  const pieces = places.slice(1).map((end, i) => reader.push(json.slice(places[i], end)));
  pieces.push(reader.end());
  return { text: pieces.join(""), pieces };
}

/** The same text, every character escaped. */
const escaped = (text: string): string =>
  Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}`).join("");

test("rule 67: whatever the text, and however it is cut, it comes out as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.array(fc.nat()), fc.boolean(), (text, cuts, hex) => {
      const json = hex ? `{"input":"${escaped(text)}"}` : JSON.stringify({ input: text });
      expect(read(json, cuts).text).toBe(text);
    }),
  );
});

test("rule 67: half a character waits for its other half", () => {
  const reader = new FreeTextReader();
  expect(['{"input": "a\\uD83D', "\\uDE", '00b"', "}"].map((piece) => reader.push(piece))).toEqual(["a", "", "😀b", ""]);
  expect(reader.end()).toBe("");
});

test("the text comes as it is written, and does not wait for its end", () => {
  const reader = new FreeTextReader();
  expect(['{"in', 'put" : "*** Be', 'gin\\n"'].map((piece) => reader.push(piece))).toEqual(["", "*** Be", "gin\n"]);
});

describe("what is not wrapped as declared is read when it is whole", () => {
  test.each(["", "plain words", '{"patch":"x"}', '{"input":5}', '["a"]', '"x"', '{"note":1,"input":"x"}', '{"input'])("%s", (json) => {
    expect(read(json, [1, 2]).text).toBe(unwrapFreeText(json));
  });
  test.each([
    ['{"input":"x","note":1}', "x"],
    ['{"input":"cut', "cut"],
    ['{"input":"cut\\u00', "cut"],
    ['{"input":"half \\ud83d', "half \ud83d"],
    ['{"input":"lone \\ud83dx"}', "lone \ud83dx"],
  ])("%s is %j", (json, text) => expect(read(json, [3, 12]).text).toBe(text));
});
