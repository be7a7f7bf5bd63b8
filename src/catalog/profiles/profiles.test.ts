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

const chat = (model: string, platform = "openai") => profileFor({ platform, model, protocol: "openai-chat" });

test("rules 158, 193, 196: what OpenAI's models take of efforts, sampling and stops", () => {
  expect(chat("gpt-4.1-mini")).toMatchObject({ reasoning: { control: "none" }, sampling: "all", maxStopSequences: 4 });
  expect(chat("o4-mini")).toMatchObject({ reasoning: { levels: ["low", "medium", "high"] }, sampling: "none", maxStopSequences: 0 });
  expect(chat("gpt-5-mini").reasoning).toMatchObject({ levels: ["minimal", "low", "medium", "high"] });
  expect(chat("gpt-5.1")).toMatchObject({ sampling: "without-reasoning", reasonsByDefault: false });
  expect(["gpt-5.4", "gpt-5.5", "gpt-5.6-sol", "gpt-6"].map((model) => chat(model).reasonsByDefault)).toEqual([false, true, true, true]);
  expect(chat("gpt-5-chat-latest").reasoning).toEqual({ control: "none" });
  expect(chat("gpt-6.1-sol").reasoning).not.toMatchObject({ levels: expect.arrayContaining(["none"]) });
  expect(chat("gpt-6.2").reasoning).toEqual({ control: "level", levels: ["low", "medium", "high", "xhigh"] });
});

test("from GPT-5.4 on functions and an effort do not go together", () => {
  expect(["gpt-5.2", "gpt-5.4", "gpt-5.6-terra", "gpt-6"].map((model) => chat(model).effortWithFunctions)).toEqual([
    undefined,
    false,
    false,
    false,
  ]);
});

test("an unknown GPT is the newest, open weights are not OpenAI's", () => {
  expect(chat("gpt-9-omega")).toEqual(chat("gpt-6.2"));
  expect(chat("openai/gpt-oss-120b", "groq")).toMatchObject({ sampling: "all", reasoning: { levels: ["low", "medium", "high"] } });
});

test("rule 158: Grok is told how much to reason from 4.3 on, and a new one is the newest", () => {
  const efforts = (model: string) => chat(model, "xai").reasoning;
  for (const model of ["grok-4", "grok-4-0709", "grok-4-1-fast-reasoning", "grok-4.20-0309-reasoning", "grok-code-fast-1"])
    expect(efforts(model)).toEqual({ control: "level", levels: [] });
  expect(efforts("grok-4.3")).toEqual({ control: "level", levels: ["none", "low", "medium", "high"] });
  expect(efforts("grok-4.5")).toEqual({ control: "level", levels: ["low", "medium", "high"] });
  expect(efforts("grok-9")).toEqual(efforts("grok-4.5"));
  expect(efforts("grok-4.20-0309-non-reasoning")).toEqual({ control: "none" });
});

test("rule 87: models of other vendors that cannot be made to call a tool", () => {
  expect(chat("deepseek-reasoner", "deepseek").forcedToolChoice).toBe("never");
  expect(chat("kimi-k2.6", "moonshot")).toMatchObject({ forcedToolChoice: "without-reasoning", reasonsByDefault: true });
  expect(chat("glm-5.2", "zai").forcedToolChoice).toBe("never");
  expect(chat("some-model", "openai-compatible")).toMatchObject({ forcedToolChoice: "always", systemTurns: false });
});

test("a server of one's own is not made to ask around in its network", () => {
  const own = ["ollama", "vllm", "llama.cpp", "lm-studio", "openai-compatible"];
  expect(own.map((platform) => chat("llava", platform).fetches)).toEqual(own.map(() => []));
  expect(chat("llava", "together").fetches).toEqual(["image"]);
});

const responses = (model: string, platform = "openai") => profileFor({ platform, model, protocol: "openai-responses" });

test("rules 75, 197: Responses holds media in results, looks for no stop sequence, and fetches documents too", () => {
  for (const model of ["gpt-4.1", "gpt-6.2", "grok-4.5", "anything"])
    expect(responses(model)).toMatchObject({ mediaInToolResults: true, maxStopSequences: 0, fetches: ["image", "document"] });
  expect(responses("gpt-oss-20b", "vllm").fetches).toEqual([]);
  expect(chat("gpt-4.1")).toMatchObject({ mediaInToolResults: false, maxStopSequences: 4, fetches: ["image"] });
});

test("some of OpenAI's models are offered in one protocol only, with efforts of their own", () => {
  const only = ["gpt-5-pro", "gpt-5.4-pro", "o1-pro", "o3-pro-2025-06-10", "gpt-5.3-codex", "codex-mini-latest", "o4-mini-deep-research"];
  expect(only.map((model) => chat(model).onlyIn)).toEqual(only.map(() => "openai-responses"));
  expect(chat("computer-use-preview").onlyIn).toBe("openai-responses");
  expect(["gpt-4o-audio-preview", "gpt-4o-search-preview"].map((model) => responses(model).onlyIn)).toEqual(["openai-chat", "openai-chat"]);
  expect(["gpt-5", "gpt-5.1", "o1", "gpt-6.2", "gpt-4.1"].map((model) => chat(model).onlyIn)).toEqual(Array(5).fill(undefined));
  const efforts = (model: string) => responses(model).reasoning;
  expect(efforts("gpt-5-pro")).toMatchObject({ levels: ["high"] });
  expect(efforts("gpt-5.1-codex-max")).toMatchObject({ levels: ["low", "medium", "high", "xhigh"] });
  expect(efforts("gpt-5-codex")).toMatchObject({ levels: ["low", "medium", "high"] });
});

test("rules 206, 223: who searches the web in Responses, and who can be told how long to answer", () => {
  expect(["gpt-4.1-nano", "gpt-3.5-turbo", "o3-mini"].map((model) => responses(model).webSearch)).toEqual([false, false, false]);
  expect(["gpt-4.1", "gpt-5-mini", "o4-mini"].map((model) => responses(model).webSearch)).toEqual([undefined, undefined, undefined]);
  expect(["gpt-4.1", "o3"].map((model) => responses(model).verbosity)).toEqual([false, false]);
  expect(["gpt-5", "gpt-6.2"].map((model) => responses(model).verbosity)).toEqual([true, true]);
});
