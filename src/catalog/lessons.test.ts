import { describe, expect, test } from "vitest";
import { chatRequest } from "../../test/support/messages.ts";
import { LossLedger } from "../chat/loss.ts";
import { protocols } from "../protocols/index.ts";
import type { Profile } from "../protocols/profile.ts";
import { layLesson, type Lesson } from "./lessons.ts";
import { profileFor } from "./profiles/index.ts";

/** One of each kind, so that a new kind has to be added here. */
const EVERY_LESSON: { readonly [Kind in Lesson["teaches"]]: Extract<Lesson, { readonly teaches: Kind }> } = {
  efforts: { teaches: "efforts", efforts: ["low"] },
  "effort-refused": { teaches: "effort-refused", effort: "high" },
  "effort-beside-functions-refused": { teaches: "effort-beside-functions-refused" },
  "thinking-form-refused": { teaches: "thinking-form-refused", form: "adaptive" },
  "reasoning-refused": { teaches: "reasoning-refused" },
  "budgets-only": { teaches: "budgets-only" },
  "levels-only": { teaches: "levels-only" },
  "reasoning-always-on": { teaches: "reasoning-always-on" },
  sampling: { teaches: "sampling", sampling: "none" },
  "top-k-refused": { teaches: "top-k-refused" },
  "json-schema-refused": { teaches: "json-schema-refused" },
  "json-output-refused": { teaches: "json-output-refused" },
  "json-output-beside-functions-refused": { teaches: "json-output-beside-functions-refused" },
  "forced-tool-choice": { teaches: "forced-tool-choice", forced: "never" },
  "parallel-control-refused": { teaches: "parallel-control-refused" },
  "stop-sequences": { teaches: "stop-sequences", most: 1 },
  "max-output-tokens": { teaches: "max-output-tokens", most: 10 },
  "max-tokens-field": { teaches: "max-tokens-field", field: "max_completion_tokens" },
  "stream-options-refused": { teaches: "stream-options-refused" },
  "strict-functions-refused": { teaches: "strict-functions-refused" },
  "json-schema-tools-refused": { teaches: "json-schema-tools-refused" },
  "end-user-refused": { teaches: "end-user-refused" },
  "cache-key-refused": { teaches: "cache-key-refused" },
  "hosted-calls-hidden": { teaches: "hosted-calls-hidden" },
  "encrypted-reasoning-refused": { teaches: "encrypted-reasoning-refused" },
  "reasoning-summaries-refused": { teaches: "reasoning-summaries-refused" },
  "verbosity-refused": { teaches: "verbosity-refused" },
  "web-search-refused": { teaches: "web-search-refused" },
};

/** A conversation with everything in it that an encoder writes differently from model to model. */
const REQUEST = chatRequest({
  max_tokens: 9000,
  system: "Be brief.",
  thinking: { type: "adaptive" },
  output_config: { effort: "high", format: { type: "json_schema", schema: { type: "object", properties: { a: { type: "string" } } } } },
  temperature: 1,
  stop_sequences: ["x", "y"],
  tool_choice: { type: "any", disable_parallel_tool_use: true },
  tools: [{ name: "f", strict: true, input_schema: { type: "object", properties: { a: { const: 1 } } } }],
  messages: [
    { role: "user", content: [{ type: "text", text: "Look.", cache_control: { type: "ephemeral" } }] },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "hm", signature: "c2lnbmF0dXJl" },
        { type: "text", text: "I look." },
        { type: "tool_use", id: "t1", name: "f", input: { a: 1 } },
        { type: "tool_use", id: "t2", name: "f", input: {} },
      ],
    },
    {
      role: "user",
      content: [
        {
          type: "tool_result",
          tool_use_id: "t1",
          content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } }],
        },
        { type: "tool_result", tool_use_id: "t2", is_error: true, content: "no" },
        { type: "text", text: "And?" },
      ],
    },
    { role: "assistant", content: "Nothing." },
    { role: "user", content: "Then answer." },
  ],
});

const TARGETS = [
  ["anthropic-messages", "claude-sonnet-4-6"],
  ["anthropic-messages", "claude-sonnet-4-5"],
  ["anthropic-messages", "claude-opus-5-5"],
  ["gemini", "gemini-3.8-pro"],
  ["gemini", "gemini-2.5-flash"],
  ["openai-chat", "gpt-5"],
  ["openai-responses", "gpt-5.2"],
] as const;

/** What was said, without the instructions before it, which OpenAI's protocols have among it. */
function historyOf(body: Record<string, unknown>): readonly { readonly role: string }[] {
  const said = (body["messages"] ?? body["contents"] ?? body["input"]) as { role: string }[];
  return said.slice(said.findIndex(({ role }) => role !== "system" && role !== "developer"));
}

describe("rule 344: a lesson changes parameters, never how history is encoded", () => {
  for (const [id, model] of TARGETS) {
    const protocol = protocols.get(id);
    test.runIf(protocol).each(Object.values(EVERY_LESSON))(`rule 344: ${model} $teaches`, (lesson) => {
      const encode = (profile: Profile): Record<string, unknown> => {
        const target = { model, profile, issuer: { platform: "x" }, losses: new LossLedger() };
        return JSON.parse(protocol?.upstream.encodeRequest(REQUEST, target).body ?? "") as Record<string, unknown>;
      };
      const profile = profileFor({ platform: "x", model, protocol: id });
      const before = encode(profile);
      const after = encode(layLesson(profile, lesson));
      expect(historyOf(after)).toEqual(historyOf(before));
    });
  }
});

describe("laying a lesson over a profile", () => {
  const claude = profileFor({ platform: "anthropic", model: "claude-sonnet-4-6", protocol: "anthropic-messages" });

  test("what it holds already leaves the very same profile, and what it teaches stays taught", () => {
    for (const lesson of Object.values(EVERY_LESSON)) {
      const once = layLesson(claude, lesson);
      expect(layLesson(once, lesson)).toBe(once);
    }
    expect(layLesson(claude, EVERY_LESSON["stream-options-refused"])).toBe(claude);
  });

  test("of two ways to think the other takes the place of the refused one", () => {
    expect(layLesson(claude, { teaches: "thinking-form-refused", form: "adaptive" })).toMatchObject({
      thinkingForms: ["enabled", "disabled"],
      reasoning: { control: "budget" },
    });
    const old = profileFor({ platform: "anthropic", model: "claude-sonnet-4-5", protocol: "anthropic-messages" });
    expect(layLesson(old, { teaches: "thinking-form-refused", form: "enabled" })).toMatchObject({
      thinkingForms: ["adaptive", "disabled"],
      reasoning: { control: "level" },
    });
    expect(layLesson(claude, { teaches: "thinking-form-refused", form: "disabled" }).thinkingForms).toEqual(["adaptive", "enabled"]);
  });

  test("a limit only sinks", () => {
    expect(layLesson(claude, { teaches: "max-output-tokens", most: 64_000 }).maxOutputTokens).toBe(64_000);
    expect(layLesson(claude, { teaches: "max-output-tokens", most: 999_999 })).toBe(claude);
  });
});
