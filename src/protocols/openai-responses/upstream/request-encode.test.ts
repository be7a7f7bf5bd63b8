/** Limits, sampling, reasoning, formats and identity as a Responses server is told. */
import { describe, expect, test } from "vitest";
import { profileFor } from "../../../catalog/profiles/index.ts";
import type { ChatRequest, Effort, Tool } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { LossLedger } from "../../../chat/loss.ts";
import { OPENAI_RESPONSES } from "../../../providers/openai/index.ts";
import { decodeChat } from "../../../../test/support/chat-client.ts";
import { conversation, text } from "../../../../test/support/gemini.ts";
import { decodeItems, decodeResponses } from "../../../../test/support/responses-client.ts";
import { issuer, send, type SendOptions } from "../../../../test/support/responses-upstream.ts";
import { SUMMARY_REQUEST_TEXT } from "../../shared/fixed-texts.ts";
import { encodeTokenCount, takes } from "./request-encode.ts";

const GPT_4: SendOptions = { model: "gpt-4.1" };
const tool: Tool = { type: "function", name: "f", path: "tools[0]", inputSchema: {} };
const hello = (more: Partial<ChatRequest>) => conversation([{ role: "user", content: [text("hi")] }], { stream: false, ...more });
const ask = (more: Partial<ChatRequest>, options?: SendOptions) => send(hello(more), options);
const codes = ({ losses }: Pick<ReturnType<typeof send>, "losses">) => losses.map(({ code, severity }) => `${code} ${severity}`);

test("rules 133, 134: nothing is kept there, so reasoning is asked for in a form that can go back", () => {
  const { text: body, losses } = ask({ stream: true });
  expect(JSON.parse(body)).toEqual({
    model: "gpt-5.2",
    input: [{ type: "message", role: "user", content: "hi" }],
    include: ["reasoning.encrypted_content"],
    store: false,
    stream: true,
  });
  expect(losses).toEqual([]);
  expect(ask({}, GPT_4).body).not.toHaveProperty("include");
  expect(ask({}, { dialect: null }).body).not.toHaveProperty("include");
});

describe("limits", () => {
  test("rules 190, 357: no less than the protocol takes; rule 188: no more than the model writes", () => {
    const limit = (maxOutputTokens: number) => ask({ maxOutputTokens }, GPT_4);
    expect([1, 16, 500, 99_999].map((asked) => limit(asked).body["max_output_tokens"])).toEqual([16, 16, 500, 32_768]);
    expect(limit(500).losses).toEqual([]);
    for (const asked of [1, 99_999]) expect(codes(limit(asked))).toEqual(["max-output-tokens info"]);
    expect(ask({}).body).not.toHaveProperty("max_output_tokens");
  });

  test("rule 197: there is no field for stop sequences, so all of them are looked for", () => {
    const stop = ["a", "b"];
    for (const model of ["gpt-4.1", "claude-sonnet-5.5"]) {
      const { body, scanStops, losses } = ask({ stop }, { model });
      expect({ body, scanStops, losses }).toMatchObject({ scanStops: stop, losses: [] });
      expect(body).not.toHaveProperty("stop");
    }
  });

  test("rule 199: several answers are refused, never silently one", () => {
    expect(codes(ask({ choices: 2 }))).toEqual(["multiple-choices contract"]);
    expect(ask({ choices: 2 }).body).not.toHaveProperty("n");
  });
});

describe("sampling", () => {
  test("the wire has two of them, and the rest is lost aloud", () => {
    const sampling = { temperature: 0.5, topP: 0.9, topK: 5, seed: 7, presencePenalty: 1, frequencyPenalty: -1 };
    const { body, losses } = ask({ sampling }, GPT_4);
    expect(body).toMatchObject({ temperature: 0.5, top_p: 0.9 });
    expect(losses.map(({ code, path }) => `${code} ${path}`)).toEqual(
      ["top_k", "seed", "presence_penalty", "frequency_penalty"].map((name) => `sampling-ignored ${name}`),
    );
    for (const { path } of losses) expect(body).not.toHaveProperty(path);
  });

  test("rule 193: a model that reasons does not sample, unless it reasons not", () => {
    const sampled = (model: string, effort?: Effort) =>
      ask({ sampling: { temperature: 0.5 }, ...(effort && { reasoning: { effort } }) }, { model }).body["temperature"];
    expect([sampled("gpt-5"), sampled("o3-pro"), sampled("gpt-5.2", "high"), sampled("gpt-6", "none")]).toEqual(Array(4).fill(undefined));
    expect([sampled("gpt-4o"), sampled("gpt-5.2"), sampled("gpt-5.2", "none")]).toEqual([0.5, 0.5, 0.5]);
  });

  test("rule 200: probabilities are an output to include, where sampling is the caller's", () => {
    const asked = (alternatives: number, options?: SendOptions) => ask({ logprobs: { alternatives } }, options);
    expect(asked(3, GPT_4).body).toMatchObject({ top_logprobs: 3, include: ["message.output_text.logprobs"] });
    expect(asked(0, GPT_4).body).not.toHaveProperty("top_logprobs");
    const refused = asked(3, { model: "gpt-5" });
    expect(refused.body).toMatchObject({ include: ["reasoning.encrypted_content"] });
    expect(codes(refused)).toEqual(["logprobs semantic"]);
  });
});

describe("reasoning", () => {
  const told = (reasoning: ChatRequest["reasoning"], options?: SendOptions) =>
    ask(reasoning ? { reasoning } : {}, options).body["reasoning"];

  test("rule 153: nothing that the caller did not ask for", () => {
    expect(told(undefined)).toBeUndefined();
    expect(told({ mode: "adaptive" })).toEqual({ summary: "auto" });
    expect(told({ effort: "high" })).toEqual({ effort: "high" });
    expect(told({ effort: "high", show: true })).toEqual({ effort: "high", summary: "auto" });
    expect(told({ mode: "on", budgetTokens: 8000, show: false })).toEqual({ effort: "medium" });
  });

  test("rule 158: the nearest effort that the model has", () => {
    const effort = (asked: Effort, model: string) => told({ effort: asked }, { model });
    expect(effort("max", "o4-mini")).toEqual({ effort: "high" });
    expect(effort("minimal", "gpt-5-pro")).toEqual({ effort: "high" });
    expect(told({ mode: "off" }, { model: "gpt-6" })).toEqual({ effort: "none" });
    expect(told({ effort: "high", show: true }, GPT_4)).toBeUndefined();
  });

  test("functions and an effort go together here (dossier 0.1)", () => {
    const { body, losses } = ask({ reasoning: { effort: "high" }, tools: [tool] }, { model: "gpt-5.5" });
    expect(body["reasoning"]).toEqual({ effort: "high" });
    expect(losses).toEqual([]);
  });

  test("a server that knows no summaries is not asked for one", () => {
    expect(told({ effort: "low", show: true }, { dialect: { reasoningSummaries: false } })).toEqual({ effort: "low" });
  });
});

describe("the answer's form", () => {
  const CLOSED = { type: "object", properties: { a: { type: "string" } }, required: ["a"], additionalProperties: false };
  const format = (outputFormat: ChatRequest["outputFormat"], options?: SendOptions, more: Partial<ChatRequest> = {}) =>
    ask({ ...(outputFormat && { outputFormat }), ...more }, options);

  test("rules 118, 216, 359: a schema is named, and strict only where it keeps the law", () => {
    const declared = (schema: JsonObject) => format({ type: "json-schema", schema }).body["text"];
    expect(declared(CLOSED)).toEqual({ format: { type: "json_schema", name: "response", schema: CLOSED, strict: true } });
    expect(declared({ type: "object" })).toMatchObject({ format: { strict: false } });
  });

  test("JSON without a schema is asked for in words too, which the wire demands", () => {
    const { body } = format({ type: "json" });
    expect(body["text"]).toEqual({ format: { type: "json_object" } });
    expect(body.input[0]).toEqual({ type: "message", role: "developer", content: "Answer with one JSON object and nothing else." });
  });

  test("a model without schemas is told in words", () => {
    const { body, losses } = format({ type: "json-schema", schema: CLOSED }, { model: "gpt-4" });
    expect(body["text"]).toEqual({ format: { type: "json_object" } });
    expect(JSON.stringify(body.input)).toContain("valid against this JSON schema");
    expect(losses.map(({ code }) => code)).toEqual(["output-format-emulated"]);
    const beside = format({ type: "json" }, { facts: { jsonOutputWithFunctions: false } }, { tools: [tool] });
    expect(codes(beside)).toEqual(["output-format-beside-tools semantic"]);
    expect(beside.body).not.toHaveProperty("text");
  });

  test("how much to say goes where the model takes it", () => {
    expect(ask({ verbosity: "low" }).body["text"]).toEqual({ verbosity: "low" });
    for (const options of [GPT_4, { dialect: { verbosity: false } }]) {
      const refused = ask({ verbosity: "low" }, options);
      expect(refused.body).not.toHaveProperty("text");
      expect(codes(refused)).toEqual(["verbosity info"]);
    }
  });
});

describe("who is asking", () => {
  test("rules 203, 430: as hashes, where there are fields", () => {
    const { body } = ask({ endUser: "me", cacheKey: "session" });
    expect(body["safety_identifier"]).toMatch(/^[0-9a-f]{64}$/);
    expect(body["prompt_cache_key"]).toMatch(/^[0-9a-f]{64}$/);
    expect(codes(ask({ endUser: "me", cacheKey: "session" }, { dialect: null }))).toEqual(["end-user info", "cache-mark info"]);
  });
});

describe("fields of OpenAI's", () => {
  test("dossier B.5: what Chat and Responses mean alike goes over, and is not lost", () => {
    const same = {
      metadata: { a: "b" },
      service_tier: "flex",
      store: true,
      moderation: { level: "low" },
      prompt_cache_options: { scope: "org" },
      prompt_cache_retention: "24h",
    };
    const content = [{ type: "text", text: "hi", prompt_cache_breakpoint: { mode: "explicit" } }];
    const { body, losses } = send(decodeChat({ ...same, messages: [{ role: "user", content }] }));
    expect(body).toMatchObject(same);
    expect(body.input).toEqual([
      { type: "message", role: "user", content: [{ type: "input_text", text: "hi", prompt_cache_breakpoint: { mode: "explicit" } }] },
    ]);
    expect(losses).toEqual([]);
  });

  test("what only Chat has is lost", () => {
    const { body, losses } = send(
      decodeChat({ prediction: { type: "content", content: "a" }, messages: [{ role: "user", content: "hi" }] }),
    );
    expect(body).not.toHaveProperty("prediction");
    expect(losses.map(({ path }) => path)).toEqual(["prediction"]);
  });

  test("what is left over of a format and of stream options finds its place", () => {
    const { body } = send(
      decodeChat({
        stream: true,
        stream_options: { include_usage: true, include_obfuscation: false },
        response_format: { type: "json_schema", json_schema: { name: "a", description: "d", schema: { type: "object" } } },
        messages: [{ role: "user", content: "hi" }],
      }),
    );
    expect(body).toMatchObject({ stream_options: { include_obfuscation: false }, text: { format: { name: "a", description: "d" } } });
  });

  test("a client of this protocol is repeated", () => {
    const own = { metadata: { a: "b" }, truncation: "auto", include: ["file_search_call.results"], reasoning: { summary: "detailed" } };
    const { body, losses } = send(decodeResponses({ model: "m", input: "hi", ...own }));
    expect(body).toMatchObject({ ...own, include: ["file_search_call.results", "reasoning.encrypted_content"] });
    expect(losses).toEqual([]);
  });

  test("what it wants kept is kept here, where it can be deleted again", () => {
    const { body, losses } = send(decodeResponses({ model: "m", input: "hi", store: true }));
    expect(body["store"]).toBe(false);
    expect(losses).toEqual([]);
  });
});

test("rule 353: tokens are counted of what is asked, without what only an answer needs", () => {
  const profile = { ...profileFor({ platform: "openai", model: "gpt-5.2", protocol: "openai-responses" }), responses: OPENAI_RESPONSES };
  const chat = hello({
    tools: [tool],
    maxOutputTokens: 50,
    reasoning: { effort: "low" },
    system: [{ type: "text", text: "s", turn: -1, path: "system" }],
  });
  const { path, body } = encodeTokenCount(chat, { model: "gpt-5.2", profile, issuer, losses: new LossLedger() });
  expect(path).toBe("/responses/input_tokens");
  expect(Object.keys(JSON.parse(body) as JsonObject)).toEqual(["model", "input", "tools", "reasoning"]);
});

test("models that are offered in one of OpenAI's protocols only", () => {
  const taken = (model: string) => takes(profileFor({ platform: "openai", model, protocol: "openai-responses" }));
  expect(["gpt-5-pro", "gpt-5.3-codex", "o3-deep-research", "gpt-6"].map(taken)).toEqual([true, true, true, true]);
  expect(["gpt-4o-search-preview", "gpt-4o-audio-preview"].map(taken)).toEqual([false, false]);
});

describe("rule 399: a summary in place of the conversation", () => {
  const asked = [
    { role: "user", content: "hi" },
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "so" }] },
    { type: "compaction_trigger" },
  ];

  test("is asked for in the server's own words, where it has any", () => {
    const { body, losses } = send(decodeItems(...asked));
    expect(body.input.at(-1)).toEqual({ type: "compaction_trigger" });
    expect(losses).toEqual([]);
  });

  test("and else in ours, behind what was said", () => {
    const { body, losses } = send(decodeItems(...asked), { dialect: null });
    const before = send(decodeItems(...asked.slice(0, 2)), { dialect: null });
    expect(body.input).toEqual([...before.body.input, { type: "message", role: "user", content: SUMMARY_REQUEST_TEXT }]);
    expect(losses).toEqual([{ code: "compaction-request", path: "compaction", severity: "info" }]);
  });
});
