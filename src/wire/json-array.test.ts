import fc from "fast-check";
import { expect, test } from "vitest";
import { JsonArrayReader } from "./json-array.ts";

const read = (chunks: readonly Uint8Array[]): string[] => {
  const reader = new JsonArrayReader();
  return [...chunks.flatMap((chunk) => reader.push(chunk)), ...reader.end()].map((frame) => frame.data);
};

test("rule 295: every element of a streamed array is a frame, whatever the chunking", () => {
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
      fc.constantFrom(",", ",\r\n", " , "),
      fc.integer({ min: 1, max: 9 }),
      (objects, comma, step) => {
        const elements = objects.map((object) => JSON.stringify(object));
        const bytes = Buffer.from(`[${elements.join(comma)}]\n`);
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += step) chunks.push(bytes.subarray(at, at + step));
        expect(read(chunks)).toEqual(elements);
      },
    ),
  );
});

test("a bare object is one frame, a cut element is handed over as it is", () => {
  expect(read([Buffer.from(' {"error":{"code":429}} ')])).toEqual(['{"error":{"code":429}}']);
  expect(read([Buffer.from('[{"a":1},{"b":')])).toEqual(['{"a":1}', '{"b":']);
});
