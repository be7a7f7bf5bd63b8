import * as fc from "fast-check";
import { expect, test } from "vitest";
import { planFor as planned } from "./brain.ts";
import type { Ask, MediaPart, Plan, Turn } from "./conversation.ts";
import type { Behaviour } from "./types.ts";

const bash = { name: "Bash", schema: { type: "object", properties: { command: { type: "string" } }, required: ["command"] } };
const cities = { name: "find_city", schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } };

const user = (...texts: string[]): Turn => ({ role: "user", parts: texts.map((text) => ({ type: "text", text })) });
const called: Turn = { role: "assistant", parts: [{ type: "call", id: "1", name: "Bash", arguments: "{}" }] };
const resulted = (...results: string[]): Turn => ({
  role: "user",
  parts: results.map((text) => ({ type: "result", id: "1", name: undefined, text, isError: false, media: [] })),
});
const media = (kind: MediaPart["kind"]): MediaPart => ({ type: "media", kind, mimeType: undefined, source: "url", reference: "https://x" });

/** The plan and what its blocks say. */
function planFor(ask: Ask, script: Behaviour): Plan & { text: string; thinking: string; pieces: readonly string[]; calls: object[] } {
  const plan = planned(ask, script);
  const texts = plan.blocks.filter((block) => block.type === "text");
  const thoughts = plan.blocks.filter((block) => block.type === "thinking");
  const calls = plan.blocks.filter((block) => block.type === "call");
  return {
    ...plan,
    text: texts.map(({ text }) => text).join(""),
    pieces: texts.flatMap(({ pieces }) => pieces),
    thinking: thoughts.map(({ text }) => text).join(""),
    calls: calls.map(({ name, input }) => ({ name, input })),
  };
}

function ask(turns: readonly Turn[], more: Partial<Ask> = {}): Ask {
  return {
    model: "m",
    stream: false,
    system: [],
    turns,
    tools: [bash],
    choice: { mode: "auto" },
    parallel: undefined,
    format: "text",
    thinking: "off",
    effort: undefined,
    thinkingBudget: undefined,
    sampling: {},
    maxTokens: 4096,
    stop: [],
    size: { input: 7, cacheRead: 0, cacheWrite: 0 },
    ...more,
  };
}

test("a plain request is echoed, and its media are seen", () => {
  const turn = { ...user("Hi"), parts: [...user("Hi").parts, media("image"), media("document"), media("image")] };
  const plan = planFor(ask([turn]), {});
  expect(plan.text).toContain('You said: "Hi". I see 2 images and 1 document.');
  expect(plan).toMatchObject({ calls: [], end: "end", thinking: "" });
});

test("several commands are called in parallel, the next round after the results, and the last results are quoted", () => {
  const prompt = user("Run `a` and `b`, then `c`.");
  expect(planFor(ask([prompt]), {})).toMatchObject({ end: "calls", calls: [{ input: { command: "a" } }, { input: { command: "b" } }] });
  const second = planFor(ask([prompt, called, resulted("one", "two")]), {});
  expect(second).toMatchObject({ end: "calls", calls: [{ input: { command: "c" } }] });
  expect(second.text).toContain("one");
  const last = planFor(ask([prompt, called, resulted("one", "two"), called, resulted("three")]), {});
  expect(last).toMatchObject({ text: "The tool says: three", calls: [], end: "end" });
});

test("an earlier request does not count once the user has spoken again", () => {
  const plan = planFor(ask([user("Run `a`."), called, resulted("one"), { role: "assistant", parts: [] }, user("Run `b`.")]), {});
  expect(plan.calls).toEqual([{ name: "Bash", input: { command: "b" } }]);
});

test("tool choice is obeyed", () => {
  const prompt = [user("Run `a`.")];
  expect(planFor(ask(prompt, { choice: { mode: "none" } }), {}).calls).toEqual([]);
  const forced = { tools: [bash, cities], choice: { mode: "required", names: ["find_city"] } } as const;
  expect(planFor(ask(prompt, forced), {}).calls).toEqual([{ name: "find_city", input: { city: "sample" } }]);
  expect(planFor(ask([user("Hi")], { tools: [bash, cities], choice: { mode: "required" } }), {}).calls).toHaveLength(1);
});

test("a schema is answered with a sample, and JSON without a schema with some object", () => {
  expect(planFor(ask([user("Hi")], { format: { schema: cities.schema } }), {}).text).toBe('{"city":"sample"}');
  expect(JSON.parse(planFor(ask([user("Hi")], { format: "json" }), {}).text)).toEqual({ answer: "Hi" });
});

test("the first stop sequence in the text ends it, before any call", () => {
  const plan = planFor(ask([user("Run `a`.")], { stop: ["command", "will"] }), {});
  expect(plan).toMatchObject({ text: "I ", calls: [], end: "stop-sequence", stopSequence: "will" });
});

test("thinking appears when asked for", () => {
  const plan = planFor(ask([user("Hi")], { thinking: "shown" }), {});
  expect(plan.thinking).not.toBe("");
  expect(plan.usage.thinking).toBeGreaterThan(0);
  expect(plan.usage.output).toBeGreaterThan(plan.usage.thinking);
});

test("no limit is ever exceeded, and what does not fit ends as a length", () => {
  const prompt = fc.constantFrom("Hi", "Run `a`.", "Run `a` and `b`.");
  fc.assert(
    fc.property(prompt, fc.nat(80), fc.constantFrom("off" as const, "shown" as const), (speech, maxTokens, thinking) => {
      const limited = planFor(ask([user(speech)], { maxTokens, thinking }), {});
      const free = planFor(ask([user(speech)], { thinking }), {});
      expect(limited.usage.output).toBeLessThanOrEqual(maxTokens);
      expect(limited.end === "length").toBe(free.usage.output > maxTokens);
    }),
  );
});

test("a paced model's name gives the number of events and the pause between them", () => {
  const plan = planFor(ask([user("Hi")], { model: "claude-sim-n200-ms20" }), {});
  expect(plan.pieces).toHaveLength(200);
  expect(plan.chunkDelayMs).toBe(20);
  expect(planFor(ask([user("Hi")], { model: "sim-n3" }), {})).toMatchObject({
    pieces: ["word1 ", "word2 ", "word3 "],
    chunkDelayMs: undefined,
  });
});

test("a script replaces parts of the answer and leaves the rest", () => {
  const plan = planFor(ask([user("Hi")]), { text: "Salut", calls: [{ name: "x", input: {} }], usage: { output: 99 }, finish: "refusal" });
  expect(plan).toMatchObject({ text: "Salut", calls: [{ name: "x" }], usage: { input: 7, output: 99 }, finish: "refusal" });
});
