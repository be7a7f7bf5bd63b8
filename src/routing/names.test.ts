import fc from "fast-check";
import { expect, test } from "vitest";
import { matchesPattern, nearestNames } from "./names.ts";

test.each([
  ["claude-*", "claude-opus", true],
  ["claude-*", "claude-", true],
  ["claude-*", "claude", false],
  ["*", "anything/at all", true],
  ["*-mini", "gpt-6-mini", true],
  ["*-mini", "gpt-6-minimal", false],
  ["gpt-*-mini", "gpt-6-mini", true],
  ["gpt-*-mini", "gpt-mini", false],
  ["a.c", "abc", false],
  ["exact", "exact", true],
  ["exact", "exactly", false],
])("%s covers %s: %s", (pattern, name, expected) => {
  expect(matchesPattern(pattern, name)).toBe(expected);
});

test("agrees with a regular expression on every pattern and name", () => {
  const text = (alphabet: string[], maxLength: number): fc.Arbitrary<string> =>
    fc.array(fc.constantFrom(...alphabet), { maxLength }).map((characters) => characters.join(""));
  fc.assert(
    fc.property(text(["a", "b", "*"], 8), text(["a", "b"], 12), (pattern, name) => {
      expect(matchesPattern(pattern, name)).toBe(new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(name));
    }),
    { numRuns: 2_000 },
  );
});

test("the nearest names come first, at most three, and nothing far away", () => {
  const known = ["claude-sonnet-5", "claude-opus-5", "gemini-3-pro", "claude-sonnet-4", "claude-sonnet-5-5"];
  expect(nearestNames("claude-sonet-5", known)).toEqual(["claude-sonnet-5", "claude-sonnet-4", "claude-sonnet-5-5"]);
  expect(nearestNames("GEMINI-3-PRO", known)).toEqual(["gemini-3-pro"]);
  expect(nearestNames("llama", known)).toEqual([]);
});

test("a name of any length is answered", () => {
  expect(nearestNames("x".repeat(1_000_000), ["claude-sonnet-5"])).toEqual([]);
});
