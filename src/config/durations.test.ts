import fc from "fast-check";
import { expect, test } from "vitest";
import { DURATION_PATTERN, durationMs, formatDuration } from "./durations.ts";

test.each([
  ["250ms", 250],
  ["0s", 0],
  ["10s", 10_000],
  ["1.5m", 90_000],
  ["5m", 300_000],
  ["1h", 3_600_000],
  ["30d", 2_592_000_000],
  ["0.5ms", 1],
])("%s is %i ms", (text, ms) => {
  expect(text).toMatch(DURATION_PATTERN);
  expect(durationMs(text)).toBe(ms);
});

test.each(["", "10", "10 s", "s", "-1s", "1w", "1e3s", ".5s", "1.s", "1m30s", "10S"])("%j is no duration", (text) => {
  expect(text).not.toMatch(DURATION_PATTERN);
});

test("what is formatted reads back as the same", () => {
  fc.assert(
    fc.property(fc.nat(), (ms) => {
      const text = formatDuration(ms);
      expect(text).toMatch(DURATION_PATTERN);
      expect(durationMs(text)).toBe(ms);
    }),
  );
});
