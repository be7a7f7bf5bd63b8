import fc from "fast-check";
import { expect, test } from "vitest";
import { JsonFence } from "./json-fence.ts";

function unfenced(chunks: readonly string[]): string {
  const fence = new JsonFence();
  return chunks.map((chunk) => fence.push(chunk)).join("") + fence.end();
}

test.each([
  ['```json\n{"a":1}\n```', '{"a":1}'],
  ['\n```\n{"a":1}\n```\n', '{"a":1}'],
  ['```json\n{"a":"```"}\n```', '{"a":"```"}'],
  ['```json\n{"a":\n1}\n  ```  ', '{"a":\n1}'],
  ['```json\n{"a":', '{"a":'],
  ['{"a":"```json\\n"}', '{"a":"```json\\n"}'],
  ["``` not a fence", "``` not a fence"],
  ["`", "`"],
  ["  {}  ", "  {}  "],
  ["", ""],
])("rule 219: %j is %j, in any chunking", (text, expected) => {
  expect(unfenced([text])).toBe(expected);
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 5 }), (cuts) => {
      const borders = [0, ...cuts.toSorted((a, b) => a - b), text.length];
      expect(unfenced(borders.slice(1).map((end, i) => text.slice(borders[i], end)))).toBe(expected);
    }),
  );
});
