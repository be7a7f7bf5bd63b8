import { expect, test } from "vitest";
import { slopeOf } from "./slope.ts";

test("points on a line have its slope", () => {
  expect(slopeOf([3, 5, 9].map((at) => ({ at, value: 10 + 0.5 * at })))).toBeCloseTo(0.5);
});

test("what goes up and down around a level has none", () => {
  expect(slopeOf([1, -1, -1, 1].map((value, at) => ({ at, value })))).toBeCloseTo(0);
});

test("what grows in the second half only grows less than that on the whole", () => {
  const slope = slopeOf([0, 0, 0, 0, 1, 2, 3, 4].map((value, at) => ({ at, value })));
  expect(slope).toBeGreaterThan(0.5);
  expect(slope).toBeLessThan(1);
});

test("one point, or none, has no slope", () => {
  expect(slopeOf([{ at: 1, value: 5 }])).toBe(0);
  expect(slopeOf([])).toBe(0);
});
