import fc from "fast-check";
import { expect, test } from "vitest";
import { SseReader } from "./sse.ts";
import { WholeFrames } from "./whole-frames.ts";

const stream = fc
  .array(fc.tuple(fc.constantFrom("event: x", "data: 12", "data", "", ""), fc.constantFrom("\n", "\r\n")), { maxLength: 30 })
  .map((lines) => Buffer.from(lines.map(([text, end]) => text + end).join("")));

test("all bytes pass, in order, and what has passed is always whole events", () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { maxLength: 10 }), (bytes, at) => {
      const points = [...new Set(at.map((n) => n % (bytes.length + 1)))].sort((a, b) => a - b);
      const gate = new WholeFrames();
      const passed: Buffer[] = [];
      for (const [i, end] of [...points, bytes.length].entries()) {
        const out = gate.push(bytes.subarray(i === 0 ? 0 : points[i - 1], end));
        if (out) passed.push(out);
        const reader = new SseReader();
        reader.push(Buffer.concat(passed));
        expect(reader.end()).toEqual([]);
      }
      expect(Buffer.concat([...passed, gate.rest()])).toEqual(bytes);
    }),
  );
});

test("an event leaves as soon as its blank line is there", () => {
  const gate = new WholeFrames();
  expect(gate.push(Buffer.from("data: 1\n"))).toBeUndefined();
  expect(gate.push(Buffer.from("\ndata: 2"))?.toString()).toBe("data: 1\n\n");
  expect(gate.push(Buffer.from("\r\n\r\n"))?.toString()).toBe("data: 2\r\n\r\n");
  expect(gate.rest()).toHaveLength(0);
});
