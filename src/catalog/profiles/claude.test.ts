import { expect, test } from "vitest";
import type { Profile } from "../../protocols/profile.ts";
import { profileFor } from "./index.ts";

function claude(model: string, platform = "anthropic"): Profile {
  return profileFor({ platform, model, protocol: "anthropic-messages" });
}

/** Dossier A.1.5: how many tokens, the forms of `thinking`, what forcing a tool takes, sampling, prefill, formats, system turns. */
const MATRIX: readonly (readonly [string, number, string, Profile["forcedToolChoice"], Profile["sampling"], string])[] = [
  ["claude-3-haiku-20240307", 4096, "", "always", "all", "prefill"],
  ["claude-3-5-sonnet-20241022", 8192, "", "always", "all", "prefill"],
  ["claude-3-7-sonnet-latest", 64_000, "enabled disabled", "without-reasoning", "all", "prefill"],
  ["claude-sonnet-4-20250514", 64_000, "enabled disabled", "without-reasoning", "all", "prefill"],
  ["claude-opus-4-0", 32_000, "enabled disabled", "without-reasoning", "all", "prefill"],
  ["claude-opus-4-1-20250805", 32_000, "enabled disabled", "without-reasoning", "one", "prefill"],
  ["claude-haiku-4-5-20251001", 64_000, "enabled disabled", "without-reasoning", "one", "prefill schema"],
  ["anthropic.claude-sonnet-4-5-20250929-v1:0", 64_000, "enabled disabled", "without-reasoning", "one", "prefill schema"],
  ["claude-opus-4.6", 128_000, "adaptive enabled disabled", "without-reasoning", "one", "schema"],
  ["claude-opus-4-7", 128_000, "adaptive disabled", "without-reasoning", "none", "schema"],
  ["claude-opus-4-8", 128_000, "adaptive disabled", "without-reasoning", "none", "schema system"],
  ["claude-sonnet-5", 128_000, "adaptive disabled", "without-reasoning", "none", "schema system unasked"],
  ["claude-opus-5-20260601", 128_000, "adaptive disabled", "without-reasoning", "none", "schema system unasked"],
  ["claude-haiku-5-5", 128_000, "adaptive disabled", "without-reasoning", "none", "schema system unasked"],
  ["claude-sonnet-5-5", 128_000, "adaptive between_tools", "never", "none", "schema system unasked"],
  ["claude-opus-5-5", 128_000, "adaptive", "never", "none", "schema system unasked"],
  ["claude-fable-5-1", 128_000, "adaptive", "never", "none", "schema system unasked"],
  ["claude-opus-7", 128_000, "adaptive", "never", "none", "schema system unasked"],
];
test.each(MATRIX)("%s", (model, maxOutputTokens, forms, forcedToolChoice, sampling, others) => {
  const profile = claude(model);
  expect(profile).toMatchObject({ maxOutputTokens, forcedToolChoice, sampling });
  expect(profile.thinkingForms.join(" ")).toBe(forms);
  const can = {
    prefill: profile.prefill,
    schema: profile.jsonSchemaOutput,
    system: profile.systemTurns,
    unasked: profile.reasonsByDefault === true,
  };
  expect(
    Object.entries(can)
      .filter(([, yes]) => yes)
      .map(([fact]) => fact)
      .join(" "),
  ).toBe(others);
});

test("4.6 has no effort xhigh; models with a ceiling on effort without thinking say so (rules 151, 152)", () => {
  expect(claude("claude-sonnet-4-6").reasoning).toEqual({ control: "level", levels: ["low", "medium", "high", "max"] });
  const ceilings = ["claude-opus-5", "claude-haiku-5-5", "claude-sonnet-5-5", "claude-sonnet-5", "claude-opus-4-8"].map(
    (model) => claude(model).maxEffortWithoutThinking,
  );
  expect(ceilings).toEqual(["high", "high", "high", undefined, undefined]);
});

test("rule 170: on other clouds Claude fetches nothing", () => {
  expect(claude("claude-opus-5-5").fetches).toEqual(["image", "document"]);
  expect(claude("claude-opus-5-5", "vertex").fetches).toEqual([]);
  expect(claude("claude-opus-5-5", "bedrock").fetches).toEqual([]);
});
