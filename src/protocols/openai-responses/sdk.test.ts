/** OpenAI's own SDK reads what the encoders write: its accumulator is the strictest public reader of the protocol (dossier A.3.3, rule 284). */
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { answer, text } from "../../../test/support/answers.ts";
import { responsesContext, responsesStreamOf, encodeResponsesStream, sdkAnswering } from "../../../test/support/responses-client.ts";
import type { ChatResponse, Content } from "../../chat/chat.ts";
import { replay } from "../../chat/collect.ts";
import { GatewayError, type ErrorKind } from "../../chat/error.ts";
import { writeJson } from "../../chat/json.ts";
import { client } from "./client/index.ts";

const reasoning = (words: string, signature?: string): Content => ({
  type: "reasoning",
  text: words,
  ...(signature !== undefined && { state: { issuer: { platform: "anthropic" }, kind: "thinking", value: signature } }),
});
const call = (id: string, name: string, input: string, kind: "function" | "custom" = "function"): Content => ({
  type: "tool-call",
  kind,
  id,
  name,
  input,
});

const TOOLS = [
  ...["a", "b", "c"].map((name) => ({ type: "function", name, parameters: { type: "object", properties: {} }, strict: false })),
  { type: "custom", name: "patch" },
  { type: "namespace", name: "mcp__x", description: "", tools: [{ type: "function", name: "y", parameters: {} }] },
];

async function streamed(response: ChatResponse, params: object = {}): Promise<OpenAI.Responses.Response> {
  const request = { model: "the-model", input: "hi", ...params };
  return sdkAnswering(responsesStreamOf(response, responsesContext(request)))
    .responses.stream(request)
    .finalResponse();
}

async function whole(response: ChatResponse, params: object = {}): Promise<OpenAI.Responses.Response> {
  const request = { model: "the-model", input: "hi", ...params };
  return sdkAnswering(writeJson(client.encodeResponse(response, responsesContext(request)))).responses.create(request);
}

const usage = { input: 105, cacheRead: 90, cacheWrite: 5, output: 80, reasoning: 30 };

describe.each([
  ["a stream", streamed],
  ["a whole answer", whole],
] as const)("rule 284: %s", (_how, ask) => {
  test("text only: texts are parts of one message, and the usage adds up", async () => {
    const found = await ask(answer([text("Hello "), text("world ☺")], { reason: "stop" }, usage));
    expect(found).toMatchObject({
      id: "resp_req01",
      object: "response",
      created_at: 1_764_000_000,
      status: "completed",
      model: "the-model",
      output_text: "Hello world ☺",
      usage: {
        input_tokens: 105,
        input_tokens_details: { cached_tokens: 90, cache_write_tokens: 5 },
        output_tokens: 80,
        output_tokens_details: { reasoning_tokens: 30 },
        total_tokens: 185,
      },
    });
    expect(found.output).toMatchObject([{ type: "message", status: "completed", content: [{ text: "Hello " }, { text: "world ☺" }] }]);
  });

  test("reasoning and text", async () => {
    const found = await ask(answer([reasoning("why", "sig"), text("so")]));
    expect(found.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
    expect(found.output[0]).toMatchObject({ summary: [{ type: "summary_text", text: "why" }], encrypted_content: expect.any(String) });
  });

  test("reasoning and three calls: ids, names and arguments stay apart", async () => {
    const calls = [call("call_1", "a", '{"n":1.0}'), call("call_2", "b", ""), call("call_3", "mcp__x__y", '{"n":2}')];
    const found = await ask(answer([reasoning("why", "sig"), ...calls], { reason: "tool-calls" }), { tools: TOOLS });
    expect(found.status).toBe("completed");
    expect(found.output.slice(1)).toMatchObject([
      { type: "function_call", call_id: "call_1", name: "a", arguments: '{"n":1.0}', status: "completed" },
      { type: "function_call", call_id: "call_2", name: "b", arguments: "{}" },
      { type: "function_call", call_id: "call_3", name: "y", namespace: "mcp__x", arguments: '{"n":2}' },
    ]);
    expect(new Set(found.output.map((item) => ("id" in item ? item.id : ""))).size).toBe(4);
  });

  test("a custom tool gets its text as it is", async () => {
    const patch = '*** Begin\n"x"\n';
    const found = await ask(answer([call("call_1", "patch", patch, "custom")]), { tools: TOOLS });
    expect(found.output).toMatchObject([{ type: "custom_tool_call", call_id: "call_1", name: "patch", input: patch, status: "completed" }]);
  });

  test("a refusal is a part of its own", async () => {
    const found = await ask(answer([{ type: "refusal", text: "No." }], { reason: "refusal" }));
    expect(found).toMatchObject({ status: "completed", output: [{ content: [{ type: "refusal", refusal: "No." }] }] });
  });

  test("rule 88: an answer that was cut is incomplete, and so is the call it was cut in", async () => {
    const found = await ask(answer([text("One."), call("call_1", "a", '{"n":')], { reason: "length" }), { tools: TOOLS });
    expect(found).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [
        { type: "message", status: "completed" },
        { type: "function_call", status: "incomplete", arguments: '{"n":' },
      ],
    });
  });

  test("structured output is parsed", async () => {
    const format = { type: "json_schema", name: "out", strict: true, schema: { type: "object", properties: {} } };
    const found = await ask(answer([text('{"n":1}')]), { text: { format } });
    expect(JSON.parse(found.output_text)).toEqual({ n: 1 });
    expect(found.text).toEqual({ format, verbosity: "medium" });
  });
});

const tooBusy = new GatewayError("overloaded", "Too busy.");
const begun = replay(answer([text("Hello"), text(" there")])).slice(0, 5);

test.each([
  ["nothing", client.streamStyle({ operation: "generate" }).error(tooBusy, "req_01", false)],
  ["half of it", encodeResponsesStream([...begun, { type: "error", error: tooBusy }])],
])("rule 290: the SDK throws at a failure before which %s was said", async (_, stream) => {
  const asked = sdkAnswering(stream, { headers: { "content-type": "text/event-stream" } }).responses.stream({ model: "m", input: "hi" });
  await expect(asked.finalResponse()).rejects.toBeInstanceOf(OpenAI.APIError);
  await expect(asked.finalResponse()).rejects.toMatchObject({ message: expect.stringContaining("Too busy."), code: "server_error" });
});

test.each<[ErrorKind, unknown, number, string | null]>([
  ["invalid-request", OpenAI.BadRequestError, 400, null],
  ["unsupported", OpenAI.BadRequestError, 400, "unsupported_parameter"],
  ["context-too-long", OpenAI.BadRequestError, 400, "context_length_exceeded"],
  ["unauthenticated", OpenAI.AuthenticationError, 401, "invalid_api_key"],
  ["billing", OpenAI.RateLimitError, 429, "insufficient_quota"],
  ["model-not-found", OpenAI.NotFoundError, 404, "model_not_found"],
  ["rate-limited", OpenAI.RateLimitError, 429, "rate_limit_exceeded"],
  ["overloaded", OpenAI.InternalServerError, 503, "overloaded"],
  ["bad-credential", OpenAI.InternalServerError, 502, null],
])("rules 331 and 341: a failure of kind %s raises the SDK's own class", async (kind, Class, status, code) => {
  const { body, headers, status: sent } = client.encodeError(new GatewayError(kind, "Why.", { field: "input[0]" }), "req_01", undefined);
  const asked = sdkAnswering(body, { status: sent, headers }).responses.create({ model: "m", input: "hi" });
  await expect(asked).rejects.toBeInstanceOf(Class);
  await expect(asked).rejects.toMatchObject({ status, code, param: "input[0]", requestID: "req_01" });
});
