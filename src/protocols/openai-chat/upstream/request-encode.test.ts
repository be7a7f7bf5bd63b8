/** Limits, sampling, reasoning, formats and identity as a Chat server is told. */
import { describe, expect, test } from "vitest";
import { send, type SendOptions } from "../../../../test/support/chat-upstream.ts";
import { conversation, text } from "../../../../test/support/gemini.ts";
import { decodeResponses } from "../../../../test/support/responses-client.ts";
import type { ChatRequest, Effort, Tool } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";

const tool: Tool = { type: "function", name: "f", path: "tools[0]", inputSchema: {} };
const ask = (more: Partial<ChatRequest>, options?: SendOptions) =>
  send(conversation([{ role: "user", content: [text("hi")] }], { stream: false, ...more }), options);
const codes = ({ losses }: ReturnType<typeof send>) => losses.map(({ code, severity }) => `${code} ${severity}`);

describe("limits", () => {
  test("rule 188: no more than the model writes; rule 189: never none; in the server's own field", () => {
    const { body, losses } = ask({ maxOutputTokens: 128_000 });
    expect(body["max_completion_tokens"]).toBe(32_768);
    expect(losses).toEqual([{ code: "max-output-tokens", path: "max_tokens", severity: "info" }]);
    expect(ask({ maxOutputTokens: 0 }, { dialect: null }).body).toMatchObject({ max_tokens: 1 });
    expect(ask({}).body).not.toHaveProperty("max_completion_tokens");
  });

  test("rule 196: four stop sequences go, the rest is scanned for; all of them where the model takes none", () => {
    const stop = ["a", "b", "c", "d", "e"];
    expect(ask({ stop })).toMatchObject({ body: { stop: ["a", "b", "c", "d"] }, scanStops: ["e"], losses: [] });
    const o3 = ask({ stop }, { model: "o3" });
    expect(o3.body).not.toHaveProperty("stop");
    expect(o3.scanStops).toEqual(stop);
  });

  test("rule 196: never more than the protocol takes, whatever the model takes elsewhere", () => {
    const stop = ["a", "b", "c", "d", "e", "f"];
    for (const model of ["claude-sonnet-5.5", "gemini-3.8-pro"])
      expect(ask({ stop }, { model })).toMatchObject({ body: { stop: ["a", "b", "c", "d"] }, scanStops: ["e", "f"] });
  });

  test("rule 199: several answers are refused, never silently one", () => {
    expect(codes(ask({ choices: 2 }))).toEqual(["multiple-choices contract"]);
    expect(ask({ choices: 2 }).body).not.toHaveProperty("n");
  });

  test("rule 258: usage is asked for whether the caller did or not, where the server takes the question", () => {
    expect(ask({ stream: true }).body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    expect(ask({ stream: true }, { dialect: { streamOptions: false } }).body).not.toHaveProperty("stream_options");
    expect(ask({}).body).not.toHaveProperty("stream");
  });
});

describe("sampling", () => {
  const sampling = { temperature: 0.5, topP: 0.9, topK: 5, seed: 7, presencePenalty: 1, frequencyPenalty: -1 };

  test("rule 201: top_k goes where the server takes it", () => {
    const { body, losses } = ask({ sampling });
    expect(body).toMatchObject({ temperature: 0.5, top_p: 0.9, seed: 7, presence_penalty: 1, frequency_penalty: -1 });
    expect(losses).toEqual([{ code: "sampling-ignored", path: "top_k", severity: "semantic" }]);
    expect(ask({ sampling }, { dialect: { topK: true } }).body["top_k"]).toBe(5);
    expect(ask({ sampling }, { dialect: { seedField: "random_seed" } }).body).toMatchObject({ random_seed: 7 });
  });

  test("rule 193: a model that reasons does not sample, unless it reasons not", () => {
    const sampled = (model: string, effort?: Effort) =>
      ask({ sampling: { temperature: 0.5 }, ...(effort && { reasoning: { effort } }) }, { model }).body["temperature"];
    expect([sampled("gpt-5"), sampled("o3"), sampled("gpt-5.2", "high"), sampled("gpt-6", "none")]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect([sampled("gpt-4o"), sampled("gpt-5.2", "none"), sampled("deepseek-v4-pro", "none")]).toEqual([0.5, 0.5, 0.5]);
    expect(codes(ask({ sampling: { temperature: 1 } }, { model: "gpt-5" }))).toEqual(["sampling-ignored semantic"]);
  });

  test("rule 193: GPT-5.1 to 5.4 sample when nothing is said about reasoning, those before and behind them do not", () => {
    const sampled = (model: string) => ask({ sampling: { temperature: 0.5 } }, { model }).body["temperature"];
    expect(["gpt-5-mini", "gpt-5.1", "gpt-5.2", "gpt-5.4", "gpt-5.5", "gpt-5.6-sol"].map(sampled)).toEqual([
      undefined,
      0.5,
      0.5,
      0.5,
      undefined,
      undefined,
    ]);
  });

  test("rules 193, 200: probabilities are asked for where sampling is the caller's", () => {
    const asked = (model: string, reasoning?: ChatRequest["reasoning"]) =>
      ask({ logprobs: { alternatives: 3 }, ...(reasoning && { reasoning }) }, { model });
    expect(asked("gpt-4.1").body).toMatchObject({ logprobs: true, top_logprobs: 3 });
    expect(asked("gpt-5.5", { effort: "none" }).body).toMatchObject({ logprobs: true, top_logprobs: 3 });
    for (const reasoner of [asked("gpt-5"), asked("gpt-5.5"), asked("o4-mini")]) {
      expect(reasoner.body).not.toHaveProperty("logprobs");
      expect(reasoner.body).not.toHaveProperty("top_logprobs");
      expect(codes(reasoner)).toEqual(["logprobs semantic"]);
    }
  });
});

describe("reasoning", () => {
  const effort = (reasoning: ChatRequest["reasoning"], options?: SendOptions) =>
    reasoning ? ask({ reasoning }, options) : ask({}, options);

  test("rule 153: nothing that the caller did not ask for", () => {
    expect(effort(undefined, { model: "gpt-6" }).body).not.toHaveProperty("reasoning_effort");
    expect(effort({ mode: "adaptive" }, { model: "gpt-6" }).body).not.toHaveProperty("reasoning_effort");
  });

  test("rule 158: the effort itself, else the next lower one, else the lowest", () => {
    const said = (asked: Effort, model: string) => effort({ effort: asked }, { model }).body["reasoning_effort"];
    expect([said("high", "o3"), said("max", "o3"), said("minimal", "o3"), said("none", "o3")]).toEqual(["high", "high", "low", "low"]);
    expect([said("none", "gpt-6"), said("max", "gpt-6.2"), said("none", "gpt-6.2")]).toEqual(["none", "xhigh", "low"]);
    expect(codes(effort({ effort: "max" }, { model: "o3" }))).toEqual(["reasoning-effort info"]);
    expect(codes(effort({ mode: "off" }, { model: "o3" }))).toEqual(["reasoning-not-disabled info"]);
    expect(codes(effort({ effort: "high" }, { model: "gpt-4o" }))).toEqual(["reasoning-unsupported info"]);
  });

  test("dossier B.0.5: a budget stands for an effort, and the newest turn's effort counts", () => {
    expect(effort({ mode: "on", budgetTokens: 8000 }, { model: "gpt-6" }).body["reasoning_effort"]).toBe("medium");
    const turns = conversation([{ role: "user", content: [text("hi")], effort: "low" }], { reasoning: { effort: "high" } });
    expect(send(turns, { model: "gpt-6" }).body["reasoning_effort"]).toBe("low");
  });

  test("newer models take no effort beside functions on this endpoint, but none", () => {
    const { body, losses } = ask({ tools: [tool], reasoning: { effort: "high" } }, { model: "gpt-5.4" });
    expect(body).not.toHaveProperty("reasoning_effort");
    expect(losses).toEqual([{ code: "reasoning-effort", path: "thinking", severity: "info" }]);
    expect(ask({ tools: [tool], reasoning: { effort: "none" } }, { model: "gpt-5.4" }).body["reasoning_effort"]).toBe("none");
    expect(ask({ tools: [tool], reasoning: { effort: "high" } }, { model: "gpt-5.2" }).body["reasoning_effort"]).toBe("high");
  });

  test.each<[NonNullable<SendOptions["dialect"]>["effort"], JsonObject, JsonObject]>([
    ["reasoning.effort", { reasoning: { effort: "high" } }, { reasoning: { effort: "none" } }],
    ["thinking.type", { thinking: { type: "enabled" } }, { thinking: { type: "disabled" } }],
    ["thinking.type+reasoning_effort", { thinking: { type: "enabled" }, reasoning_effort: "high" }, { thinking: { type: "disabled" } }],
    ["enable_thinking", { enable_thinking: true }, { enable_thinking: false }],
  ])("a server told by %s", (form, on, off) => {
    const options = { model: "some-model", dialect: { effort: form as "thinking.type" } };
    expect(effort({ effort: "high" }, options).body).toMatchObject(on);
    expect(effort({ effort: "none" }, options).body).toMatchObject(off);
  });
});

describe("format of the answer", () => {
  const closed = { type: "object", properties: { a: { type: "string" } }, required: ["a"], additionalProperties: false };
  const schema = (value: JsonObject, more: object = {}): Partial<ChatRequest> => ({
    outputFormat: { type: "json-schema", schema: value, ...more },
  });

  test("rules 118, 216, 359: it has a name, and is strict when its schema is or the caller says so", () => {
    expect(ask(schema({ ...closed, $schema: "https://a" })).body["response_format"]).toEqual({
      type: "json_schema",
      json_schema: { name: "response", schema: closed, strict: true },
    });
    expect(ask(schema({ type: "object", properties: { a: {} } }, { name: "n" })).body["response_format"]).toMatchObject({
      json_schema: { name: "n", strict: false },
    });
    expect(ask(schema({ type: "object", properties: { a: { type: "string" } } }, { strict: true })).body["response_format"]).toMatchObject({
      json_schema: { strict: true, schema: { required: ["a"], additionalProperties: false } },
    });
  });

  test("rule 70: its name is a legal one", () => {
    const named = (name: string) =>
      (ask(schema(closed, { name })).body["response_format"] as { json_schema: JsonObject }).json_schema["name"] as string;
    expect(named("the_answer-1")).toBe("the_answer-1");
    for (const name of ["My Answer", "x".repeat(65)]) expect(named(name)).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  });

  test("rule 118: a schema that strict would refuse is not strict, and on the ledger where the caller said it was", () => {
    const open = { type: "object", patternProperties: { "^x": {} } };
    const formatOf = ({ body }: ReturnType<typeof send>) => (body["response_format"] as { json_schema: JsonObject }).json_schema;
    const said = ask(schema(open, { strict: true }));
    expect(formatOf(said)).toEqual({ name: "response", schema: open, strict: false });
    expect(codes(said)).toEqual(["strict-format semantic"]);
    const unsaid = ask(schema({ ...closed, properties: { a: { oneOf: [{ type: "string" }] } } }));
    expect(formatOf(unsaid)).toMatchObject({ strict: false });
    expect(codes(unsaid)).toEqual([]);
  });

  test("rule 213: any JSON is asked for in words as well, or the server refuses", () => {
    const { body } = ask({ outputFormat: { type: "json" } });
    expect(body["response_format"]).toEqual({ type: "json_object" });
    expect(body.messages[0]).toMatchObject({ role: "developer", content: expect.stringContaining("JSON") });
  });

  test("rule 211: a server that enforces no schema gets it in words", () => {
    const { body, losses } = ask(schema(closed), { dialect: { outputFormat: "json_object" } });
    expect(body["response_format"]).toEqual({ type: "json_object" });
    expect(body.messages[0]?.["content"]).toContain('"additionalProperties":false');
    expect(losses.map(({ code }) => code)).toEqual(["output-format-emulated"]);
    expect(ask(schema(closed), { dialect: { outputFormat: "none" } }).body).not.toHaveProperty("response_format");
  });
});

describe("who is asking", () => {
  const account = JSON.stringify({ account_uuid: "u-1", session_id: "s-1" });

  test("rules 203, 430: hashes of the same length, whatever the client put there", () => {
    const { text: sent, body } = ask({ endUser: account, cacheKey: "session-1" });
    expect(body["safety_identifier"]).toMatch(/^[0-9a-f]{64}$/);
    expect(body["prompt_cache_key"]).toMatch(/^[0-9a-f]{64}$/);
    expect(sent).not.toContain("u-1");
    expect(sent).not.toContain("session-1");
    expect(ask({ endUser: account, cacheKey: "session-1" }).text).toBe(sent);
  });

  test("a server without such fields is told nothing", () => {
    const { text: sent, losses } = ask({ endUser: "someone", cacheKey: "k" }, { dialect: null });
    expect(sent).not.toMatch(/user_id|safety_identifier|prompt_cache_key/);
    expect(losses).toEqual([
      { code: "end-user", path: "metadata.user_id", severity: "info" },
      { code: "cache-mark", path: "prompt_cache_key", severity: "info" },
    ]);
  });
});

describe("fields of Responses", () => {
  const sent = (fields: object, options?: SendOptions): ReturnType<typeof send> => send(decodeResponses(fields), options);
  const shared = { service_tier: "flex", prompt_cache_options: { mode: "explicit" } };

  test("dossier B.5: what both protocols mean alike goes over where the server takes it, and is not lost", () => {
    expect(sent(shared)).toMatchObject({ body: shared, losses: [] });
    expect(sent({ prompt_cache_retention: "24h" })).toMatchObject({ body: { prompt_cache_retention: "24h" }, losses: [] });
  });

  test("a server of which nothing is known is not told", () => {
    const { body, losses } = sent(shared, { dialect: null });
    expect(Object.keys(body)).toEqual(["model", "messages"]);
    expect(losses.map(({ path }) => path)).toEqual(["service_tier", "prompt_cache_options"]);
  });

  test("what is refused here, or means something else, is lost", () => {
    const { body, losses } = sent({ service_tier: "ultrafast", metadata: { a: "b" }, truncation: "auto", store: true });
    expect(Object.keys(body)).toEqual(["model", "messages"]);
    expect(losses.map(({ path }) => path)).toEqual(["service_tier", "metadata", "truncation"]);
  });
});
