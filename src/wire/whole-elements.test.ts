import fc from "fast-check";
import { expect, test } from "vitest";
import { WholeElements } from "./whole-elements.ts";

const array = Buffer.from('[{"a":"]}\\"{","b":[1,{"c":2}]},\r\n {"d":"é"}\n,{}\r\n]');
const ends = ["]},", '"}\n', "{}"].map((mark) => array.indexOf(mark) + 2);

test("rule 295: in any chunks, what has passed ends with a whole element, and all of it passes", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(array.length)), (cuts) => {
      const elements = new WholeElements();
      const passed: Buffer[] = [];
      let from = 0;
      for (const to of [...cuts, array.length].sort((a, b) => a - b)) {
        const whole = elements.push(array.subarray(from, to));
        from = to;
        if (!whole) continue;
        passed.push(whole);
        const text = Buffer.concat(passed).toString();
        expect(() => JSON.parse(`${text}]`) as unknown).not.toThrow();
      }
      expect(ends).toContain(Buffer.concat(passed).length);
      expect(Buffer.concat([...passed, elements.rest()]).equals(array)).toBe(true);
    }),
  );
});

test.each(["", "\n", ",", ',{"b":', ',{"b":"]', ',{"b":[1]'])(
  "an array that breaks off after an element and %j ends in its place",
  (more) => {
    const elements = new WholeElements();
    expect(elements.push(Buffer.from(`[{"a":1}${more}`))?.toString()).toBe('[{"a":1}');
    expect(elements.rest().toString()).toBe("]");
    expect(elements.rest().toString()).toBe("");
  },
);

test("one object that is in no array passes", () => {
  const elements = new WholeElements();
  expect(elements.push(Buffer.from('{"a":[1]}\n'))?.toString()).toBe('{"a":[1]}');
  expect(elements.rest().toString()).toBe("\n");
});
