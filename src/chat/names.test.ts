import fc from "fast-check";
import { expect, test } from "vitest";
import { isPattern, matchesPattern, nearMatches } from "./names.ts";

test.each([
  ["claude-*", "claude-sonnet-5-5", true],
  ["claude-*", "claude-", true],
  ["claude-*", "claude", false],
  ["*", "anything/at:all", true],
  ["*", "", true],
  ["fast", "fast", true],
  ["fast", "faster", false],
  ["*-mini", "gpt-6-mini", true],
  ["*-mini", "gpt-6-mini-2", false],
  ["a*a", "a", false],
  ["a*a", "aa", true],
  ["a*b*a", "aba", true],
  ["a*b*a", "aab", false],
  ["a*bc*c", "abc", false],
  ["gemini-2.*", "gemini-25", false],
  ["**", "x", true],
])("pattern %s, name %s: %s", (pattern, name, fits) => {
  expect(matchesPattern(pattern, name)).toBe(fits);
});

test("a pattern fits exactly the names its regular expression fits", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", ".", "*"), maxLength: 6 });
  fc.assert(
    fc.property(pattern, text, (pattern, name) => {
      const expression = new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
      expect(matchesPattern(pattern, name)).toBe(expression.test(name));
    }),
  );
});

test("only what holds a star is a pattern", () => {
  expect(isPattern("claude-*")).toBe(true);
  expect(isPattern("claude-sonnet-5-5")).toBe(false);
});

test.each([
  ["credentails", ["credentials", "providers"], ["credentials"]],
  ["antropic", ["gemini", "anthropic"], ["anthropic"]],
  ["Gemini", ["gemini"], ["gemini"]],
  ["claude-sonnet", ["claude-opus-5-5", "claude-sonnet-5-5"], ["claude-sonnet-5-5"]],
  ["claude-sonet-5", ["claude-sonnet-5", "claude-sonnet-5-5", "gpt-6"], ["claude-sonnet-5", "claude-sonnet-5-5"]],
  ["xyz", ["server", "keys"], []],
  ["", ["server"], []],
  ["a".repeat(5000), ["a".repeat(5001)], []],
])("near matches of %s among %j: %j", (name, candidates, near) => {
  expect(nearMatches(name, candidates)).toEqual(near);
});
