import { expect, test } from "vitest";
import { profileFor } from "./profiles.ts";

test("Gemini 2.5 takes budgets, and only its pro model cannot stop reasoning (rule 156)", () => {
  expect(profileFor("gemini", "gemini-2.5-flash").reasoning).toEqual({ control: "budget", min: 1, max: 24_576, off: true });
  expect(profileFor("gemini", "models/gemini-2.5-flash-lite-preview").reasoning).toMatchObject({ min: 512, off: true });
  expect(profileFor("gemini", "gemini-2.5-pro").reasoning).toMatchObject({ min: 128, off: false });
  expect(profileFor("gemini", "gemini-2.5-pro")).toMatchObject({
    callStateRequired: false,
    mediaInToolResults: false,
    hostedToolsWithFunctions: false,
  });
});

test("Gemini 3 takes levels, its first pro model only two of them (dossier B.0.5)", () => {
  expect(profileFor("gemini", "gemini-3-pro-preview").reasoning).toEqual({ control: "level", levels: ["low", "high"] });
  expect(profileFor("gemini", "gemini-3.5-flash").reasoning).toMatchObject({ levels: ["minimal", "low", "medium", "high"] });
  expect(profileFor("gemini", "gemini-3.8-pro")).toMatchObject({ callStateRequired: true, mediaInToolResults: true });
});

test("Gemini 4 Argon ignores sampling and has no level below low (rules 157, 194)", () => {
  expect(profileFor("gemini", "gemini-4-argon")).toMatchObject({ sampling: false, reasoning: { levels: ["low", "medium", "high"] } });
});

test("an unknown name is the newest of its vendor (dossier D.2 item 4)", () => {
  const { sampling: _sampling, ...newest } = profileFor("gemini", "gemini-4-argon");
  expect(profileFor("gemini", "gemini-7-xenon")).toMatchObject(newest);
  expect(profileFor("simulator", "anything")).toMatchObject(newest);
  expect(profileFor("anthropic", "something")).toEqual(profileFor("anthropic", "claude-opus-5-5"));
});

test("rule 392: Vertex does not show hosted calls", () => {
  expect(profileFor("vertex", "gemini-3.8-pro").showsHostedCalls).toBe(false);
  expect(profileFor("gemini", "gemini-3.8-pro").showsHostedCalls).toBe(true);
});
