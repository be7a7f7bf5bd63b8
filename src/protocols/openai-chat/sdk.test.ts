/** The official SDK reads what the encoders write: it is the strictest public reader of the protocol (dossier A.2.3). */
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { answer } from "../../../test/support/answers.ts";
import { chatAnswerContext, sdkAnswering, streamOf } from "../../../test/support/chat-client.ts";
import type { ChatResponse, Content } from "../../chat/chat.ts";
import { replay } from "../../chat/collect.ts";
import { GatewayError, type ErrorKind } from "../../chat/error.ts";
import { writeJson } from "../../chat/json.ts";
import { client } from "./client/index.ts";
import { openaiChat } from "./index.ts";

const MESSAGES = [{ role: "user" as const, content: "hi" }];
const TOOLS = ["a", "b", "c"].map((name) => ({
  type: "function" as const,
  function: { name, parameters: { type: "object", properties: {} } },
}));
const text = (words: string): Content => ({ type: "text", text: words });
const call = (id: string, name: string, input: string, kind: "function" | "custom" = "function"): Content => ({
  type: "tool-call",
  kind,
  id,
  name,
  input,
});

async function streamed(response: ChatResponse, params: object = {}): Promise<OpenAI.ChatCompletion> {
  const request = { model: "the-model", messages: MESSAGES, ...params };
  const sdk = sdkAnswering(streamOf(response, chatAnswerContext(request)));
  return sdk.chat.completions.stream({ ...request, stream: true }).finalChatCompletion();
}

async function whole(response: ChatResponse, params: object = {}): Promise<OpenAI.ChatCompletion> {
  const request = { model: "the-model", messages: MESSAGES, ...params };
  const body = client.encodeResponse(response, chatAnswerContext(request));
  return sdkAnswering(writeJson(body)).chat.completions.create(request);
}

const usage = { input: 105, cacheRead: 90, cacheWrite: 5, output: 80, reasoning: 30 };
const include = { stream_options: { include_usage: true } };

describe.each([
  ["a stream", streamed],
  ["a whole answer", whole],
] as const)("%s", (_how, ask) => {
  test("rules 234, 250, 261 and 262: text in several pieces is one, and the usage adds up", async () => {
    const found = await ask(answer([text("Hello "), text("world ☺")], { reason: "stop" }, usage), include);
    expect(found).toMatchObject({
      id: "chatcmpl-req01",
      object: "chat.completion",
      created: 1_764_000_000,
      model: "the-model",
      choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "Hello world ☺" } }],
      usage: {
        prompt_tokens: 105,
        completion_tokens: 80,
        total_tokens: 185,
        prompt_tokens_details: { cached_tokens: 90, cache_write_tokens: 5 },
        completion_tokens_details: { reasoning_tokens: 30 },
      },
    });
  });

  test("rules 63, 64 and 280: parallel calls keep their ids, names and arguments apart", async () => {
    const calls = [call("call_1", "a", '{"n":1.0}'), call("call_2", "b", ""), call("call_3", "a", '{"n":2}')];
    const found = await ask(answer([text("Wait."), ...calls], { reason: "stop" }), { tools: TOOLS });
    expect(found.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: {
        content: "Wait.",
        tool_calls: [
          { id: "call_1", type: "function", function: { name: "a", arguments: '{"n":1.0}' } },
          { id: "call_2", type: "function", function: { name: "b", arguments: "{}" } },
          { id: "call_3", type: "function", function: { name: "a", arguments: '{"n":2}' } },
        ],
      },
    });
  });

  test("rule 66: a custom tool is called with its text as it is", async () => {
    const patch = '*** Begin\n"x"\n';
    const found = await ask(answer([call("call_1", "patch", patch, "custom")]));
    expect(found.choices[0]?.message.tool_calls).toMatchObject([{ id: "call_1", type: "custom", custom: { name: "patch", input: patch } }]);
    expect(found.choices[0]?.finish_reason).toBe("tool_calls");
  });

  test("a refusal is told as one", async () => {
    const found = await ask(answer([{ type: "refusal", text: "No." }], { reason: "refusal" }));
    expect(found.choices[0]).toMatchObject({ finish_reason: "stop", message: { refusal: "No." } });
  });

  test("rule 241: a refusal without words says the explanation", async () => {
    const found = await ask(answer([], { reason: "refusal", explanation: "Not this." }));
    expect(found.choices[0]).toMatchObject({ finish_reason: "content_filter", message: { refusal: "Not this." } });
  });

  test("rules 88 and 187: a cut answer is cut, half a call with it", async () => {
    const found = await ask(answer([call("call_1", "a", '{"n":')], { reason: "length" }));
    expect(found.choices[0]?.finish_reason).toBe("length");
    expect(found.choices[0]?.message.tool_calls).toMatchObject([{ function: { arguments: '{"n":' } }]);
  });

  test("rule 41: who declared functions gets a function_call", async () => {
    const params = { functions: [{ name: "a", parameters: { type: "object", properties: {} } }] };
    const found = await ask(answer([call("call_1", "a", '{"n":1}')]), params);
    expect(found.choices[0]).toMatchObject({
      finish_reason: "function_call",
      message: { function_call: { name: "a", arguments: '{"n":1}' } },
    });
    expect(found.choices[0]?.message.tool_calls).toBeUndefined();
  });
});

test("rules 258 and 259: usage comes in a chunk of its own, and only for who asked", async () => {
  const response = answer([text("a")], { reason: "stop" }, usage);
  expect((await streamed(response)).usage).toBeUndefined();
  expect((await streamed(response, include)).usage?.total_tokens).toBe(185);
});

test("rules 264 and 281: log probabilities reach the choice", async () => {
  const logprobs = [{ token: "é", logprob: -0.5, alternatives: [{ token: "e", logprob: -1 }] }];
  const found = await streamed(answer([text("é")], { reason: "stop", logprobs }));
  expect(found.choices[0]?.logprobs?.content).toEqual([
    { token: "é", logprob: -0.5, bytes: [195, 169], top_logprobs: [{ token: "e", logprob: -1, bytes: [101] }] },
  ]);
});

test("structured output is parsed from a stream that ends well, and refused from one that was cut", async () => {
  const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"], additionalProperties: false };
  const params = { response_format: { type: "json_schema" as const, json_schema: { name: "out", schema, strict: true } } };
  expect((await streamed(answer([text('{"n":1}')]), params)).choices[0]?.message.content).toBe('{"n":1}');
  const cut = streamOf(answer([text('{"n":')], { reason: "length" }), chatAnswerContext(params));
  const helper = sdkAnswering(cut).chat.completions.stream({ model: "m", messages: MESSAGES, ...params });
  await expect(helper.finalChatCompletion()).rejects.toThrow("length limit was reached");
});

test.each([0, 1])("rule 347: a failure after %i pieces raises APIError and no finished answer", async (pieces) => {
  const events = replay(answer([text("Hello")])).slice(0, pieces === 0 ? 1 : 3);
  const encoder = client.streamEncoder(chatAnswerContext());
  const error = new GatewayError("overloaded", "Too busy.");
  const body = events.map((event) => encoder.push(event)).join("") + encoder.push({ type: "error", error });
  expect(body.startsWith("data:")).toBe(true);
  expect(body).not.toContain("[DONE]");
  const stream = sdkAnswering(body).chat.completions.stream({ model: "m", messages: MESSAGES });
  await expect(stream.finalChatCompletion()).rejects.toMatchObject({ message: expect.stringContaining("Too busy."), code: "overloaded" });
  await expect(stream.finalChatCompletion()).rejects.toBeInstanceOf(OpenAI.APIError);
});

test.each<[ErrorKind, unknown, number, string | null]>([
  ["invalid-request", OpenAI.BadRequestError, 400, null],
  ["unsupported", OpenAI.BadRequestError, 400, "unsupported_parameter"],
  ["context-too-long", OpenAI.BadRequestError, 400, "context_length_exceeded"],
  ["content-policy", OpenAI.BadRequestError, 400, "content_policy_violation"],
  ["request-too-large", OpenAI.APIError, 413, "request_too_large"],
  ["unauthenticated", OpenAI.AuthenticationError, 401, "invalid_api_key"],
  ["billing", OpenAI.RateLimitError, 429, "insufficient_quota"],
  ["permission", OpenAI.PermissionDeniedError, 403, "permission_denied"],
  ["model-not-found", OpenAI.NotFoundError, 404, "model_not_found"],
  ["not-found", OpenAI.NotFoundError, 404, null],
  ["conflict", OpenAI.ConflictError, 409, null],
  ["rate-limited", OpenAI.RateLimitError, 429, "rate_limit_exceeded"],
  ["overloaded", OpenAI.InternalServerError, 503, "overloaded"],
  ["upstream", OpenAI.InternalServerError, 502, null],
  ["timeout", OpenAI.InternalServerError, 504, "timeout"],
  ["transport", OpenAI.InternalServerError, 502, null],
  ["bad-credential", OpenAI.InternalServerError, 502, null],
  ["unavailable", OpenAI.InternalServerError, 503, null],
  ["internal", OpenAI.InternalServerError, 500, null],
])("a failure of kind %s raises the SDK's own class", async (kind, Class, status, code) => {
  const { body, headers, status: sent } = client.encodeError(new GatewayError(kind, "Why.", { field: "messages[0]" }), "req_01", undefined);
  const sdk = sdkAnswering(body, { status: sent, headers });
  const asked = sdk.chat.completions.create({ model: "m", messages: MESSAGES });
  await expect(asked).rejects.toBeInstanceOf(Class);
  await expect(asked).rejects.toMatchObject({ status, code, param: "messages[0]", requestID: "req_01" });
});

test("rule 283: a leading chunk without choices passes, and is no content", async () => {
  const leading = 'data: {"id":"","object":"","created":0,"model":"","choices":[],"prompt_filter_results":[]}\n\n';
  const tap = openaiChat.upstream.relayTap();
  tap.push(Buffer.from(leading));
  expect([tap.begun, tap.finished, tap.error]).toEqual([false, false, undefined]);
  const rest = streamOf(answer([text("Hello")]));
  tap.push(Buffer.from(rest));
  tap.end();
  expect([tap.begun, tap.finished, tap.error]).toEqual([true, true, undefined]);
  const stream = sdkAnswering(leading + rest).chat.completions.stream({ model: "m", messages: MESSAGES });
  expect(await stream.finalContent()).toBe("Hello");
});
