/** What OpenAI refuses in a Responses request beside its tools and items, and how it says so. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TAKEN, told, type Told } from "../../test/support/refusals.ts";
import { startSimulator, type Simulator } from "./server.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

const post = (body: unknown, path = "/v1/responses"): Promise<Told> => told(simulator.url + path, body);

const hi = { role: "user", content: "Hi" };
const base = { model: "gpt-6-sol", input: "Hi" };
const old = { ...base, model: "gpt-4.1" };
const parameters = { type: "object", properties: { a: { type: "string" } }, required: ["a"], additionalProperties: false };
const fn = (name: string, more: object = {}) => ({ type: "function", name, parameters, ...more });
const format = (value: object) => ({ ...base, text: { format: value } });

type Row = readonly [what: string, body: unknown, message: string, param: string | null, code: string | null];

const REQUEST: readonly Row[] = [
  ["not JSON", "{", "We could not parse the JSON body", null, null],
  ["no object", "[]", "The request body must be a JSON object.", null, null],
  ["no model", { input: "Hi" }, "Missing required parameter: 'model'.", "model", "missing_required_parameter"],
  ["nothing said", { model: "gpt-6-sol" }, 'One of "input" or "previous_response_id"', "input", "missing_required_parameter"],
  ["no items", { ...base, input: [] }, "Invalid 'input': empty array.", "input", "empty_array"],
  ["input of another type", { ...base, input: 7 }, "expected one of a string or array of input items", "input", "invalid_type"],
  ["an unknown field", { ...base, stop: "a" }, "Unknown parameter: 'stop'.", "stop", "unknown_parameter"],
  ["rule 197: seeds", { ...base, seed: 1 }, "Unknown parameter: 'seed'.", "seed", "unknown_parameter"],
  ["messages", { ...base, messages: [hi] }, "this parameter has moved to 'input'", "messages", "unsupported_parameter"],
  ["a format's old place", { ...base, response_format: {} }, "has moved to 'text.format'", "response_format", "unsupported_parameter"],
  ["a wrong type", { ...base, store: "no" }, "Invalid type for 'store': expected a boolean", "store", "invalid_type"],
  ["options without a stream", { ...base, stream_options: {} }, "only allowed when 'stream'", "stream_options", null],
  [
    "rule 190: fifteen tokens",
    { ...base, max_output_tokens: 15 },
    "Expected a value >= 16, but got 15",
    "max_output_tokens",
    "integer_below_min_value",
  ],
  ["too hot", { ...old, temperature: 3 }, "Expected a value <= 2, but got 3", "temperature", "decimal_above_max_value"],
  [
    "rule 193: heat for a reasoning model",
    { ...base, temperature: 0.2 },
    "Unsupported parameter: 'temperature'",
    "temperature",
    "unsupported_parameter",
  ],
  ["top_p for one", { ...base, top_p: 0.5 }, "Unsupported parameter: 'top_p'", "top_p", "unsupported_parameter"],
  [
    "an effort it lacks",
    { ...base, reasoning: { effort: "minimal" } },
    "with the 'gpt-6-sol' model. Supported values are: 'none', 'low'",
    "reasoning.effort",
    "unsupported_value",
  ],
  ["an effort nobody has", { ...base, reasoning: { effort: "huge" } }, "Invalid value: 'huge'.", "reasoning.effort", "invalid_value"],
  [
    "an effort for another model",
    { ...old, reasoning: { effort: "low" } },
    "Unsupported parameter",
    "reasoning.effort",
    "unsupported_parameter",
  ],
  [
    "a summary of another kind",
    { ...base, reasoning: { summary: "long" } },
    "'auto', 'concise', and 'detailed'",
    "reasoning.summary",
    "invalid_value",
  ],
  [
    "a verbosity it lacks",
    { ...old, text: { verbosity: "low" } },
    "Supported values are: 'medium'.",
    "text.verbosity",
    "unsupported_value",
  ],
  ["an unknown include", { ...base, include: ["all"] }, "Invalid value: 'all'.", "include[0]", "invalid_value"],
  [
    "seals of a model without reasoning",
    { ...old, include: ["reasoning.encrypted_content"] },
    "Encrypted content is not supported with this model.",
    "include",
    null,
  ],
  ["a long cache key", { ...base, prompt_cache_key: "x".repeat(65) }, "maximum length 64", "prompt_cache_key", "string_above_max_length"],
  [
    "two histories",
    { ...base, previous_response_id: "resp_1", conversation: "conv_1" },
    "Mutually exclusive parameters",
    "previous_response_id",
    "mutually_exclusive_parameters",
  ],
  ["a conversation", { ...base, conversation: "conv_1" }, "Conversation with id 'conv_1' not found.", "conversation", null],
  ["background without a store", { ...base, background: true, store: false }, "requires 'store'", "store", null],
  ["metadata of another type", { ...base, metadata: { a: 1 } }, "Invalid type for 'metadata.a'", "metadata.a", "invalid_type"],
  ["JSON not spoken of", format({ type: "json_object" }), "must contain the word 'json'", "input", null],
  ["an unknown format", format({ type: "xml" }), "Invalid value: 'xml'.", "text.format.type", "invalid_value"],
  [
    "a format without name",
    format({ type: "json_schema", schema: parameters }),
    "Missing required parameter",
    "text.format.name",
    "missing_required_parameter",
  ],
  [
    "a format without schema",
    format({ type: "json_schema", name: "a" }),
    "Missing required parameter",
    "text.format.schema",
    "missing_required_parameter",
  ],
  [
    "a strict format left open",
    format({ type: "json_schema", name: "a", strict: true, schema: { type: "object", properties: {} } }),
    "Invalid schema for response_format 'a'",
    "text.format.schema",
    "invalid_json_schema",
  ],
];

describe("what is asked is refused with the vendor's words, field and code", () => {
  test.each(REQUEST)("%s", async (_, body, message, param, code) => {
    expect(await post(body)).toEqual({ status: 400, message: expect.stringContaining(message), param, code });
  });
});

describe("a request is taken", () => {
  test.each<[string, object]>([
    ["rule 208: nulls", { ...base, temperature: null, tools: null, text: null, reasoning: null, metadata: null, instructions: null }],
    ["defaults for a reasoning model", { ...base, temperature: 1, top_p: 1 }],
    ["heat where reasoning is off", { ...base, reasoning: { effort: "none" }, temperature: 0.2 }],
    [
      "everything for a model of a compatible server",
      { ...base, model: "some-model", temperature: 0.2, top_p: 0.5, reasoning: { effort: "high", summary: "auto" } },
    ],
    ["JSON that is spoken of", { ...format({ type: "json_object" }), input: "Answer in JSON." }],
    [
      "Codex's own fields",
      {
        ...base,
        client_metadata: { session_id: "s" },
        prompt_cache_key: "s",
        reasoning: { context: "all_turns" },
        text: { verbosity: "low" },
      },
    ],
  ])("%s", async (_, body) => {
    expect(await post(body)).toEqual(TAKEN);
  });
});

test("a count takes what counts, and nothing of the answer", async () => {
  expect(await post({ ...base, tools: [fn("f")], instructions: "a" }, "/v1/responses/input_tokens")).toMatchObject({ status: 200 });
  expect(await post({ ...base, stream: true }, "/v1/responses/input_tokens")).toMatchObject({ status: 400, param: "stream" });
});

test("an unknown model is refused", async () => {
  const strict = await startSimulator({ models: ["gpt-6-sol"] });
  const answer = await fetch(`${strict.url}/v1/responses`, { method: "POST", body: JSON.stringify({ ...base, model: "gpt-1" }) });
  expect([answer.status, await answer.json()]).toEqual([
    400,
    {
      error: {
        message: "The requested model 'gpt-1' does not exist.",
        type: "invalid_request_error",
        param: "model",
        code: "model_not_found",
      },
    },
  ]);
  await strict.close();
});

test("a prompt over the context is refused", async () => {
  expect(await post({ ...base, input: "x".repeat(4_300_000) })).toMatchObject({
    status: 400,
    code: "context_length_exceeded",
    param: "input",
  });
});
