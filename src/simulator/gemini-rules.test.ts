/** What Gemini refuses, and how it says so. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSimulator, type Simulator } from "./server.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ models: ["gemini-3.8-pro", "gemini-2.5-pro"] });
});
afterAll(() => simulator.close());

interface Told {
  readonly status: number;
  readonly error:
    | { readonly code: number; readonly message: string; readonly status: string; readonly details?: readonly unknown[] }
    | undefined;
}

async function post(body: unknown, model = "gemini-3.8-pro", method = "generateContent"): Promise<Told> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${simulator.url}/v1beta/models/${model}:${method}`, { method: "POST", body: text });
  return { status: response.status, error: ((await response.json()) as { error?: Told["error"] }).error };
}

const hi = { role: "user", parts: [{ text: "Hi" }] };
const base = { contents: [hi] };
const call = (more: object = {}) => ({ functionCall: { name: "f", args: {} }, ...more });
const stoodIn = call({ thoughtSignature: "skip_thought_signature_validator" });
const response = { functionResponse: { name: "f", response: { output: "ok" } } };
const model = (...parts: object[]) => ({ role: "model", parts });
const answered = (...parts: object[]) => ({ role: "user", parts });
const declared = (declaration: object) => ({ ...base, tools: [{ functionDeclarations: [{ name: "f", ...declaration }] }] });
const config = (generationConfig: object) => ({ ...base, generationConfig });

describe("a request is refused with the vendor's words", () => {
  test.each<[string, unknown, string]>([
    ["not JSON", "{", "Invalid JSON payload received."],
    ["no contents", {}, "* GenerateContentRequest.contents: contents is not specified"],
    ["an unknown field", { ...base, foo: 1 }, 'Invalid JSON payload received. Unknown name "foo": Cannot find field.'],
    [
      "an unknown field deep down",
      { contents: [{ parts: [{ text: "x", cache_control: {} }] }] },
      "Unknown name \"cache_control\" at 'contents[0].parts[0]': Cannot find field.",
    ],
    ["a wrong type", { contents: [{ parts: [{ text: 1 }] }] }, "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), 1"],
    ["a wrong role", { contents: [{ role: "assistant", parts: [{ text: "x" }] }] }, "Please use a valid role: user, model."],
    [
      "no parts",
      { contents: [{ role: "user", parts: [] }] },
      "* GenerateContentRequest.contents[0].parts: contents.parts must not be empty.",
    ],
    [
      "an empty part",
      { contents: [{ parts: [{ thought: true }] }] },
      "contents[0].parts[0].data: required oneof field 'data' must have one initialized field",
    ],
    [
      "a double part",
      { contents: [{ parts: [{ text: "x", inlineData: { mimeType: "image/png", data: "aGk=" } }] }] },
      "oneof field 'data' is already set",
    ],
    ["broken base64", { contents: [{ parts: [{ inlineData: { mimeType: "image/png", data: "a.b" } }] }] }, "Base64 decoding failed"],
    [
      "a nameless response",
      { contents: [hi, model(stoodIn), answered({ functionResponse: { response: {} } })] },
      "function_response.name: Name cannot be empty.",
    ],
    ["an unsigned call", { contents: [hi, model(call()), answered(response)] }, "function call `default_api:f` , position 2."],
    ["an unsigned first of two", { contents: [hi, model(call(), stoodIn), answered(response, response)] }, "missing a thought_signature"],
    [
      "a foreign signature",
      { contents: [hi, model(call({ thoughtSignature: "Zm9yZWlnbg==" })), answered(response)] },
      "Corrupted thought signature.",
    ],
    [
      "a sentinel that is not on the first call",
      { contents: [hi, model(stoodIn, stoodIn), answered(response, response)] },
      "Corrupted thought signature.",
    ],
    [
      "a foreign signature on text",
      { contents: [hi, model({ text: "x", thoughtSignature: "Zm9yZWlnbg==" }), hi] },
      "Corrupted thought signature.",
    ],
    [
      "a call after a call",
      { contents: [hi, model({ text: "x" }), model(stoodIn), answered(response)] },
      "function call turn comes immediately after a user turn",
    ],
    [
      "a response to nothing",
      { contents: [hi, answered(response)] },
      "function response turn comes immediately after a function call turn",
    ],
    [
      "too few responses",
      { contents: [hi, model(stoodIn, call()), answered(response)] },
      "the number of function response parts is equal to the number of function call parts",
    ],
    ["a bad function name", declared({ name: "1a" }), "[Invalid function name."],
    [
      "two declarations of one name",
      { ...base, tools: [{ functionDeclarations: [{ name: "f" }, { name: "f" }] }] },
      "Duplicate function declaration found: f",
    ],
    [
      "both kinds of schema",
      declared({ parameters: { type: "OBJECT" }, parametersJsonSchema: {} }),
      "only one of parameters and parameters_json_schema",
    ],
    [
      "a JSON schema where there is none",
      declared({ parameters: { type: "OBJECT", $schema: "x" } }),
      "Unknown name \"$schema\" at 'tools[0].function_declarations[0].parameters'",
    ],
    [
      "a JSON schema deep down",
      declared({ parameters: { type: "OBJECT", properties: { a: { type: "STRING", const: "x" } } } }),
      "Unknown name \"const\" at 'tools[0].function_declarations[0].parameters.properties[0].value'",
    ],
    [
      "an array without items",
      declared({ parameters: { type: "OBJECT", properties: { a: { type: "ARRAY" } } } }),
      "parameters.properties[a].items: missing field.",
    ],
    ["a required name that is none", declared({ parameters: { type: "OBJECT", required: ["a"] } }), "required: property is not defined: a"],
    [
      "calls forced without functions",
      { ...base, toolConfig: { functionCallingConfig: { mode: "ANY" } } },
      "Function calling config is set without function_declarations.",
    ],
    [
      "names allowed in AUTO",
      { ...declared({}), toolConfig: { functionCallingConfig: { mode: "AUTO", allowedFunctionNames: ["f"] } } },
      "only when function calling mode is ANY",
    ],
    ["too hot", config({ temperature: 3 }), "temperature must be in the range [0.0, 2.0]."],
    ["no output", config({ maxOutputTokens: 0 }), "max_output_tokens must be positive."],
    ["six stop sequences", config({ stopSequences: ["a", "b", "c", "d", "e", "f"] }), "between 0 and 5"],
    ["two answer schemas", config({ responseSchema: {}, responseJsonSchema: {} }), "only one of response_schema and response_json_schema"],
    [
      "a budget and a level",
      config({ thinkingConfig: { thinkingBudget: 1, thinkingLevel: "LOW" } }),
      "You can only set only one of thinking budget and thinking level.",
    ],
    [
      "a prompt that is too long",
      { contents: [{ parts: [{ text: "x".repeat(4_400_000) }] }] },
      "exceeds the maximum number of tokens allowed (1048576).",
    ],
  ])("%s", async (_name, body, message) => {
    const { status, error } = await post(body);
    expect(status).toBe(400);
    expect(error).toMatchObject({ code: 400, status: "INVALID_ARGUMENT" });
    expect(error?.message).toContain(message);
  });
});

describe("an older model refuses", () => {
  test.each<[string, unknown, string]>([
    ["a thinking level", config({ thinkingConfig: { thinkingLevel: "LOW" } }), "Thinking level is not supported for this model."],
    [
      "functions with JSON output",
      { ...declared({}), generationConfig: { responseMimeType: "application/json" } },
      "Function calling with a response mime type",
    ],
    [
      "functions beside hosted tools",
      { ...base, tools: [{ functionDeclarations: [{ name: "f" }] }, { googleSearch: {} }] },
      "Tool use with function calling is unsupported",
    ],
  ])("%s", async (_name, body, message) => {
    expect((await post(body, "gemini-2.5-pro")).error?.message).toContain(message);
    expect((await post(body)).status).toBe(200);
  });
});

describe("a request is accepted", () => {
  test.each<[string, unknown]>([
    ["snake_case names", { contents: [hi], system_instruction: { parts: [{ text: "x" }] }, generation_config: { max_output_tokens: 5 } }],
    ["one content and one tool without a list", { contents: hi, tools: { googleSearch: {} } }],
    [
      "a sentinel for a signature",
      { contents: [hi, model(call({ thoughtSignature: "skip_thought_signature_validator" })), answered(response)] },
    ],
    ["none on the second call", { contents: [hi, model(stoodIn, call()), answered(response, response)] }],
    ["numbers as text", config({ maxOutputTokens: "5" })],
  ])("%s", async (_name, body) => {
    expect(await post(body)).toEqual({ status: 200, error: undefined });
  });

  test("an unsigned call on an older model", async () => {
    expect((await post({ contents: [hi, model(call()), answered(response)] }, "gemini-2.5-pro")).status).toBe(200);
  });
});

test("every unknown field is told, in the message and in the details", async () => {
  const { error } = await post({ ...base, foo: 1, bar: 2 });
  expect(error?.message.split("\n")).toHaveLength(2);
  expect(error?.details).toMatchObject([
    { fieldViolations: [{ description: expect.stringContaining("foo") }, { description: expect.stringContaining("bar") }] },
  ]);
});

test("a model or a method it does not have is not found", async () => {
  expect(await post(base, "gemini-x")).toMatchObject({
    status: 404,
    error: { status: "NOT_FOUND", message: expect.stringContaining("models/gemini-x is not found") },
  });
  expect(await post(base, "gemini-3.8-pro", "embedContent")).toMatchObject({ status: 404, error: { status: "NOT_FOUND" } });
});

test("a stream framed as an array has its error in one", async () => {
  const answer = await fetch(`${simulator.url}/v1beta/models/gemini-3.8-pro:streamGenerateContent`, { method: "POST", body: "{}" });
  expect(await answer.json()).toMatchObject([{ error: { code: 400 } }]);
});
