import { expect, test } from "vitest";
import { modelFacts } from "./models.ts";

test.each([
  ["anthropic", "claude-opus-5-5", 1_000_000],
  ["anthropic", "claude-sonnet-4-5-20250929", 200_000],
  ["gemini", "models/gemini-2.5-flash", 1_048_576],
  ["vertex", "gemini-2.5-flash", 1_048_576],
  ["openai", "gpt-5", 400_000],
])("%s/%s takes %i tokens", (platform, model, contextWindow) => {
  expect(modelFacts(platform, model)).toEqual({ contextWindow });
  expect(modelFacts(platform, model)).toBe(modelFacts(platform, model));
});

test.each([
  ["simulator", "claude-opus-5-5"],
  ["anthropic", "something-else"],
  ["", ""],
])("nothing is known of %s/%s", (platform, model) => {
  expect(modelFacts(platform, model)).toEqual({});
});
