/** What OpenAI refuses in Chat Completions, and how it says so. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSimulator, type Simulator } from "./server.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

interface Told {
  readonly status: number;
  readonly message: string;
  readonly param: string | null;
  readonly code: string | null;
}

async function post(body: unknown): Promise<Told> {
  const response = await fetch(`${simulator.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const { error } = (await response.json()) as { error?: Omit<Told, "status"> & { type: string } };
  if (error !== undefined) expect(error.type).toBe("invalid_request_error");
  return { status: response.status, message: error?.message ?? "", param: error?.param ?? null, code: error?.code ?? null };
}

const hi = { role: "user", content: "Hi" };
const base = { model: "gpt-6-sol", messages: [hi] };
const old = { ...base, model: "gpt-4.1" };
const parameters = { type: "object", properties: { a: { type: "string" } }, required: ["a"], additionalProperties: false };
const named = (name: string, more: object = {}) => ({ type: "function", function: { name, parameters, ...more } });
const tools = [named("f")];
const call = (id: string, more: object = {}) => ({ id, type: "function", function: { name: "f", arguments: "{}" }, ...more });
const calling = (...ids: string[]) => ({ role: "assistant", content: null, tool_calls: ids.map((id) => call(id)) });
const result = (id: string) => ({ role: "tool", tool_call_id: id, content: "ok" });
const parts = (...content: object[]) => ({ ...base, messages: [{ role: "user", content }] });
const url = (value: string) => ({ type: "image_url", image_url: { url: value } });
const format = (json: object) => ({ ...base, response_format: { type: "json_schema", json_schema: json } });
const PNG = "data:image/png;base64,iVBORw0KGgo=";

describe("a request is refused with the vendor's words, field and code", () => {
  test.each<[string, unknown, string, string | null, string | null]>([
    ["not JSON", "{", "We could not parse the JSON body", null, null],
    ["no object", "[]", "The request body must be a JSON object.", null, null],
    ["no model", { messages: [hi] }, "Missing required parameter: 'model'.", "model", "missing_required_parameter"],
    ["no messages", { model: "gpt-6-sol" }, "Missing required parameter: 'messages'.", "messages", "missing_required_parameter"],
    ["empty messages", { ...base, messages: [] }, "Invalid 'messages': empty array.", "messages", "empty_array"],
    ["an unknown field", { ...base, top_k: 5 }, "Unknown parameter: 'top_k'.", "top_k", "unknown_parameter"],
    [
      "a wrong type",
      { ...base, stream: "true" },
      "Invalid type for 'stream': expected a boolean, but got a string",
      "stream",
      "invalid_type",
    ],
    [
      "options without a stream",
      { ...base, stream_options: { include_usage: true } },
      "only allowed when 'stream'",
      "stream_options",
      null,
    ],
    ["a label for what is not stored", { ...base, metadata: { a: "b" } }, "only allowed when 'store' is enabled", "metadata", null],
    ["heat for a reasoning model", { ...base, temperature: 0.2 }, "'temperature' does not support 0.2", "temperature", "unsupported_value"],
    ["top_p for one", { ...base, top_p: 0.5 }, "Unsupported parameter: 'top_p'", "top_p", "unsupported_parameter"],
    ["logprobs for one", { ...base, logprobs: true }, "Unsupported parameter: 'logprobs'", "logprobs", "unsupported_parameter"],
    ["max_tokens for one", { ...base, max_tokens: 5 }, "Use 'max_completion_tokens' instead.", "max_tokens", "unsupported_parameter"],
    ["stop for one", { ...base, stop: "a" }, "Unsupported parameter: 'stop'", "stop", "unsupported_parameter"],
    [
      "an effort it lacks",
      { ...base, reasoning_effort: "minimal" },
      "Supported values are: 'none', 'low'",
      "reasoning_effort",
      "unsupported_value",
    ],
    ["an effort nobody has", { ...base, reasoning_effort: "huge" }, "Invalid value: 'huge'.", "reasoning_effort", "invalid_value"],
    [
      "an effort for another model",
      { ...old, reasoning_effort: "low" },
      "Unsupported parameter",
      "reasoning_effort",
      "unsupported_parameter",
    ],
    [
      "rule 159: an effort beside functions",
      { ...base, tools, reasoning_effort: "low" },
      "Please use /v1/responses",
      "reasoning_effort",
      null,
    ],
    ["both limits", { ...old, max_tokens: 5, max_completion_tokens: 5 }, "at the same time", "max_tokens", "invalid_parameter_combination"],
    ["too hot", { ...old, temperature: 3 }, "Expected a value <= 2, but got 3", "temperature", "decimal_above_max_value"],
    ["no tokens", { ...old, max_tokens: 0 }, "Expected a value >= 1, but got 0", "max_tokens", "integer_below_min_value"],
    ["too many choices", { ...base, n: 129 }, "Expected a value <= 128", "n", "integer_above_max_value"],
    ["five stops", { ...old, stop: ["a", "b", "c", "d", "e"] }, "maximum length 4", "stop", "array_above_max_length"],
    [
      "a long identifier",
      { ...base, safety_identifier: "x".repeat(129) },
      "maximum length 128",
      "safety_identifier",
      "string_above_max_length",
    ],
    ["rule 85: a choice without tools", { ...base, tool_choice: "auto" }, "only allowed when 'tools' are", "tool_choice", null],
    ["parallel without tools", { ...base, parallel_tool_calls: true }, "only allowed when 'tools' are", "parallel_tool_calls", null],
    ["empty tools", { ...base, tools: [] }, "Invalid 'tools': empty array.", "tools", "empty_array"],
    ["rule 70: a tool's name", { ...base, tools: [named("a.b")] }, "does not match pattern", "tools[0].function.name", "invalid_value"],
    [
      "rule 70: a long one",
      { ...base, tools: [named("a".repeat(65))] },
      "maximum length 64",
      "tools[0].function.name",
      "string_above_max_length",
    ],
    ["rule 123: 129 tools", { ...base, tools: Array(129).fill(tools[0]) }, "maximum length 128", "tools", "array_above_max_length"],
    [
      "a choice of no tool",
      { ...base, tools, tool_choice: { type: "function", function: { name: "g" } } },
      "'g' is not among",
      "tool_choice",
      null,
    ],
    [
      "rule 427: a cache mark on a tool",
      { ...base, tools: [{ ...named("f"), cache_control: {} }] },
      "Unknown parameter",
      "tools[0].cache_control",
      "unknown_parameter",
    ],
    [
      "rule 427: one on a part",
      parts({ type: "text", text: "a", cache_control: {} }),
      "Unknown parameter",
      "messages[0].content[0].cache_control",
      "unknown_parameter",
    ],
    [
      "rule 436: reasoning",
      { ...base, messages: [hi, { role: "assistant", content: "a", reasoning_content: "b" }] },
      "Unknown parameter",
      "messages[1].reasoning_content",
      "unknown_parameter",
    ],
    [
      "rule 119: parameters without properties",
      { ...base, tools: [named("f", { parameters: { type: "object" } })] },
      "object schema missing properties",
      "tools[0].function.parameters",
      "invalid_function_parameters",
    ],
    [
      "parameters of no type",
      { ...base, tools: [named("f", { parameters: {} })] },
      "got 'type: \"None\"'",
      "tools[0].function.parameters",
      "invalid_function_parameters",
    ],
    [
      "an array of nothing",
      { ...base, tools: [named("f", { parameters: { type: "object", properties: { a: { type: "array" } } } })] },
      "In context=('properties', 'a'), array schema missing items",
      "tools[0].function.parameters",
      "invalid_function_parameters",
    ],
    [
      "rule 118: an open object under strict",
      { ...base, tools: [named("f", { strict: true, parameters: { ...parameters, additionalProperties: true } })] },
      "'additionalProperties' is required",
      "tools[0].function.parameters",
      "invalid_function_parameters",
    ],
    [
      "rule 118: an optional property under strict",
      { ...base, tools: [named("f", { strict: true, parameters: { ...parameters, required: [] } })] },
      "Missing 'a'",
      "tools[0].function.parameters",
      "invalid_function_parameters",
    ],
    ["functions beside tools", { ...base, tools, functions: [{ name: "f" }] }, "cannot be specified at the same time", "functions", null],
    ["JSON not spoken of", { ...base, response_format: { type: "json_object" } }, "must contain the word 'json'", "messages", null],
    ["an unknown format", { ...base, response_format: { type: "xml" } }, "Invalid value: 'xml'.", "response_format.type", "invalid_value"],
    [
      "a format without name",
      format({ schema: parameters }),
      "Missing required parameter",
      "response_format.json_schema.name",
      "missing_required_parameter",
    ],
    [
      "a strict format left open",
      format({ name: "a", strict: true, schema: { type: "object", properties: {} } }),
      "Invalid schema for response_format 'a'",
      "response_format",
      null,
    ],
    [
      "an unknown role",
      { ...base, messages: [{ role: "model", content: "a" }] },
      "Invalid value: 'model'.",
      "messages[0].role",
      "invalid_value",
    ],
    ["no content", { ...base, messages: [{ role: "user", content: null }] }, "expected a string, got null", "messages.[0].content", null],
    ["empty content", parts(), "empty array", "messages[0].content", "empty_array"],
    [
      "an image for the assistant",
      { ...base, messages: [hi, { role: "assistant", content: [url(PNG)] }] },
      "Supported values are: 'text' and 'refusal'.",
      "messages[1].content[0].type",
      "invalid_value",
    ],
    [
      "an image in a result",
      { ...base, messages: [hi, calling("a"), { ...result("a"), content: [url(PNG)] }] },
      "Supported values are: 'text'.",
      "messages[2].content[0].type",
      "invalid_value",
    ],
    [
      "an image of no address",
      parts(url("abc")),
      "Expected a base64-encoded data URL",
      "messages[0].content[0].image_url.url",
      "invalid_value",
    ],
    ["rule 169: an image of another type", parts(url("data:image/tiff;base64,AAAA")), "unsupported image", null, "invalid_image_format"],
    [
      "rule 181: loose base64",
      parts(url("data:image/png;base64,AA_A")),
      "base64-encoded value",
      "messages[0].content[0].image_url.url",
      "invalid_base64",
    ],
    [
      "sound of another format",
      parts({ type: "input_audio", input_audio: { data: "AAAA", format: "ogg" } }),
      "'wav' and 'mp3'",
      "messages[0].content[0].input_audio.format",
      "invalid_value",
    ],
    [
      "rule 172: a file without name",
      parts({ type: "file", file: { file_data: "data:application/pdf;base64,AAAA" } }),
      "Missing required parameter",
      "messages[0].content[0].file.filename",
      "missing_required_parameter",
    ],
    [
      "a bare file",
      parts({ type: "file", file: { file_data: "AAAA", filename: "a.pdf" } }),
      "base64-encoded data URL",
      "messages[0].content[0].file.file_data",
      "invalid_value",
    ],
    [
      "an unanswered call",
      { ...base, messages: [hi, calling("a", "b"), result("a"), hi] },
      "did not have response messages: b",
      "messages.[3].role",
      null,
    ],
    ["one at the end", { ...base, messages: [hi, calling("a")] }, "did not have response messages: a", "messages.[2].role", null],
    [
      "rule 18: instructions before the results",
      { ...base, messages: [hi, calling("a"), { role: "system", content: "x" }, result("a")] },
      "did not have response messages: a",
      "messages.[2].role",
      null,
    ],
    [
      "an answer to nothing",
      { ...base, messages: [hi, result("a")] },
      "must be a response to a preceeding message",
      "messages.[1].role",
      null,
    ],
    [
      "an answer to another call",
      { ...base, messages: [hi, calling("a"), result("b")] },
      "'tool_call_id' of 'b' not found",
      "messages.[2].tool_call_id",
      null,
    ],
    [
      "arguments as an object",
      { ...base, messages: [hi, { ...calling(), tool_calls: [call("a", { function: { name: "f", arguments: {} } })] }, result("a")] },
      "expected a string, but got an object",
      "messages[1].tool_calls[0].function.arguments",
      "invalid_type",
    ],
    [
      "a call without id",
      { ...base, messages: [hi, { ...calling(), tool_calls: [{ ...call("a"), id: undefined }] }] },
      "Missing required parameter",
      "messages[1].tool_calls[0].id",
      "missing_required_parameter",
    ],
    [
      "a long id",
      { ...base, messages: [hi, calling("a".repeat(65)), result("a".repeat(65))] },
      "maximum length 64",
      "messages[1].tool_calls[0].id",
      "string_above_max_length",
    ],
    ["no calls", { ...base, messages: [hi, { ...calling(), tool_calls: [] }] }, "empty array", "messages[1].tool_calls", "empty_array"],
  ])("%s", async (_, body, message, param, code) => {
    const told = await post(body);
    expect(told).toEqual({ status: 400, message: expect.stringContaining(message), param, code });
  });
});

describe("a request is taken", () => {
  test.each<[string, object]>([
    ["rule 208: nulls", { ...base, temperature: null, stop: null, tools: null, response_format: null }],
    ["defaults for a reasoning model", { ...base, temperature: 1, top_p: 1 }],
    ["heat where reasoning is off", { ...base, reasoning_effort: "none", temperature: 0.2, tools }],
    ["the old limit and stops", { ...old, max_tokens: 5, stop: ["a", "b"], temperature: 0 }],
    [
      "JSON that is spoken of",
      { ...base, messages: [{ role: "user", content: "Answer in JSON." }], response_format: { type: "json_object" } },
    ],
    [
      "rule 37: parts for every role",
      { ...base, messages: ["system", "developer", "user", "assistant"].map((role) => ({ role, content: [{ type: "text", text: "a" }] })) },
    ],
    [
      "rule 437: results with a name, as parts",
      { ...base, messages: [hi, calling("a"), { ...result("a"), name: "f", content: [{ type: "text", text: "ok" }] }] },
    ],
    ["rule 24: results in another order", { ...base, messages: [hi, calling("a", "b"), result("b"), result("a")] }],
    ["media", parts(url(PNG), url("https://example.com/a.png"), { type: "file", file: { file_id: "file-1" } })],
    ["a subset of the tools", { ...base, tools, tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto", tools } } }],
    [
      "a custom tool's history",
      {
        ...base,
        messages: [hi, { role: "assistant", tool_calls: [{ id: "a", type: "custom", custom: { name: "p", input: "x" } }] }, result("a")],
      },
    ],
    [
      "a function's history",
      {
        ...old,
        messages: [
          hi,
          { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
          { role: "function", name: "f", content: "ok" },
        ],
      },
    ],
    [
      "reasoning where it is shown",
      { ...base, model: "deepseek-v4", messages: [hi, { role: "assistant", content: "a", reasoning_content: "b" }, hi] },
    ],
  ])("%s", async (_, body) => {
    expect(await post(body)).toEqual({ status: 200, message: "", param: null, code: null });
  });
});

test("an unknown model is not found", async () => {
  const strict = await startSimulator({ models: ["gpt-6-sol"] });
  const answer = await fetch(`${strict.url}/v1/chat/completions`, { method: "POST", body: JSON.stringify({ ...base, model: "gpt-1" }) });
  expect([answer.status, await answer.json()]).toEqual([404, { error: expect.objectContaining({ code: "model_not_found" }) }]);
  await strict.close();
});

test("a prompt over the context is refused", async () => {
  const body = { ...base, messages: [{ role: "user", content: "x".repeat(4_300_000) }] };
  expect(await post(body)).toMatchObject({ status: 400, code: "context_length_exceeded" });
});
