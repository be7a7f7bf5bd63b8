import { expect, test } from "vitest";
import { profileFor } from "./index.ts";

test("Gemini 2.5 takes budgets, and only its pro model cannot stop reasoning (rule 156)", () => {
  expect(profileFor({ platform: "gemini", model: "gemini-2.5-flash", protocol: "gemini" }).reasoning).toEqual({
    control: "budget",
    min: 1,
    max: 24_576,
    off: true,
  });
  expect(profileFor({ platform: "gemini", model: "models/gemini-2.5-flash-lite-preview", protocol: "gemini" }).reasoning).toMatchObject({
    min: 512,
    off: true,
  });
  expect(profileFor({ platform: "gemini", model: "gemini-2.5-pro", protocol: "gemini" }).reasoning).toMatchObject({ min: 128, off: false });
  expect(profileFor({ platform: "gemini", model: "gemini-2.5-pro", protocol: "gemini" })).toMatchObject({
    callStateRequired: false,
    mediaInToolResults: false,
    hostedToolsWithFunctions: false,
  });
});

test("Gemini 3 takes levels, its first pro model only two of them (dossier B.0.5)", () => {
  expect(profileFor({ platform: "gemini", model: "gemini-3-pro-preview", protocol: "gemini" }).reasoning).toEqual({
    control: "level",
    levels: ["low", "high"],
  });
  expect(profileFor({ platform: "gemini", model: "gemini-3.5-flash", protocol: "gemini" }).reasoning).toMatchObject({
    levels: ["minimal", "low", "medium", "high"],
  });
  expect(profileFor({ platform: "gemini", model: "gemini-3.8-pro", protocol: "gemini" })).toMatchObject({
    callStateRequired: true,
    mediaInToolResults: true,
  });
});

test("Gemini 4 Argon ignores sampling and has no level below low (rules 157, 194)", () => {
  expect(profileFor({ platform: "gemini", model: "gemini-4-argon", protocol: "gemini" })).toMatchObject({
    sampling: "none",
    reasoning: { levels: ["low", "medium", "high"] },
  });
});

test("an unknown name is the newest of its vendor (dossier D.2 item 4)", () => {
  const { sampling: _sampling, ...newest } = profileFor({ platform: "gemini", model: "gemini-4-argon", protocol: "gemini" });
  expect(profileFor({ platform: "gemini", model: "gemini-7-xenon", protocol: "gemini" })).toMatchObject(newest);
  expect(profileFor({ platform: "simulator", model: "anything", protocol: "gemini" })).toMatchObject(newest);
  expect(profileFor({ platform: "anthropic", model: "something", protocol: "anthropic-messages" })).toEqual(
    profileFor({ platform: "anthropic", model: "claude-opus-5-5", protocol: "anthropic-messages" }),
  );
});

test("rule 392: Vertex does not show hosted calls", () => {
  expect(profileFor({ platform: "vertex", model: "gemini-3.8-pro", protocol: "gemini" }).showsHostedCalls).toBe(false);
  expect(profileFor({ platform: "gemini", model: "gemini-3.8-pro", protocol: "gemini" }).showsHostedCalls).toBe(true);
});
