/** What a newcomer can get wrong, and the clear error that each mistake gets, in the caller's own envelope. */
import { gzipSync, zstdCompressSync } from "node:zlib";
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, pool, post, startTestGateway, type TestGateway } from "./support/gateway.ts";

let open: TestGateway;
let keyed: TestGateway;
beforeAll(async () => {
  open = await startTestGateway({
    config: (upstream) => pool("gemini", 1)(upstream).replace("heartbeat: 10s", "heartbeat: 10s, max_body_bytes: 20000"),
  });
  keyed = await startTestGateway({
    config: (upstream) => `keys:\n  - { name: alice, key: right-key, models: ["claude-*"], loss: strict }\n${pool("gemini", 1)(upstream)}`,
  });
});
afterAll(() => Promise.all([open.close(), keyed.close()]));

const message = async (answer: Response): Promise<string> => {
  const body = (await answer.json()) as { type: string; error: { type: string; message: string }; request_id: string };
  expect(body).toMatchObject({
    type: "error",
    error: { type: expect.any(String), message: expect.any(String) },
    request_id: expect.stringMatching(/^req_/),
  });
  expect(answer.headers.get("request-id")).toBe(body.request_id);
  return `${answer.status} ${body.error.type}: ${body.error.message}`;
};

describe("bodies", () => {
  test.each([
    ["not JSON", "{", /^400 invalid_request_error: .*JSON/],
    ["no object", "[]", /^400 invalid_request_error/],
    ["empty", "", /^400 invalid_request_error/],
    ["no model", { max_tokens: 1, messages: [{ role: "user", content: "x" }] }, /^400 invalid_request_error: model/],
    ["a model that is no string", { ...ask("x"), model: 7 }, /^400 invalid_request_error: model/],
    ["no max_tokens", { model: "m", messages: [{ role: "user", content: "x" }] }, /^400 invalid_request_error: max_tokens/],
    ["max_tokens as text", ask("x", { max_tokens: "many" }), /^400 invalid_request_error: max_tokens/],
    ["no messages", { model: "m", max_tokens: 1 }, /^400 invalid_request_error: messages/],
    ["messages as text", ask("x", { messages: "hello" }), /^400 invalid_request_error: messages/],
    [
      "a role that does not exist",
      ask("x", { messages: [{ role: "robot", content: "x" }] }),
      /^400 invalid_request_error: messages\.0\.role/,
    ],
    ["content as a number", ask("x", { messages: [{ role: "user", content: 3 }] }), /^400 invalid_request_error: messages\.0\.content/],
    [
      "a text block without text",
      ask("x", { messages: [{ role: "user", content: [{ type: "text" }] }] }),
      /^400 invalid_request_error: messages\.0\.content\.0/,
    ],
    ["a temperature as text", ask("x", { temperature: "hot" }), /^400 invalid_request_error: temperature/],
    ["tools as an object", ask("x", { tools: {} }), /^400 invalid_request_error: tools/],
    ["a tool without a name", ask("x", { tools: [{ input_schema: {} }] }), /^400 invalid_request_error: tools\.0/],
    ["a model that is named twice", '{"model":"a","max_tokens":1,"messages":[],"model":"b"}', /^400 invalid_request_error: .*repeated/],
    ["a look-alike of the model", { ...ask("x"), Model: "b" }, /^400 invalid_request_error: model/],
    ["a model name without end", ask("x", { model: "m".repeat(300) }), /^400 invalid_request_error: model: .*256/],
    ["rules 182 and 349: too large", ask("x".repeat(30_000)), /^413 request_too_large: .*20000 bytes/],
  ])("%s", async (_name, body, expected) => {
    expect(await message(await post(open.url, body))).toMatch(expected);
  });

  const user = (content: unknown): object => ({ input: [{ role: "user", content }] });
  const tools = [{ type: "function", name: "f", parameters: {} }];
  test.each([
    ["not JSON", "{", null, null, /JSON/],
    ["no object", "[]", null, null, /JSON/],
    ["empty", "", null, null, /no body/],
    ["no model", { model: null }, "model", "missing_required_parameter", /model/],
    ["a model that is no string", { model: 7 }, "model", "invalid_type", /expected a string/],
    ["a look-alike of the model", { Model: "b" }, "model", "unknown_parameter", /'Model'/],
    ["no input", { input: null }, "input", "missing_required_parameter", /'input'/],
    ["an empty input", { input: [] }, "input", "invalid_value", /nothing/],
    ["an input that is an object", { input: {} }, "input", "invalid_type", /string or array of items/],
    ["items that are texts", { input: ["hello"] }, "input[0]", "invalid_type", /expected an object/],
    ["messages, as in Chat", { messages: [] }, "messages", "unsupported_parameter", /moved to 'input'/],
    ["a role that does not exist", { input: [{ role: "tool", content: "x" }] }, "input[0].role", "invalid_value", /'tool'.*'user'/],
    ["a message without content", { input: [{ role: "user" }] }, "input[0].content", "missing_required_parameter", /content/],
    ["content as a number", user(3), "input[0].content", "invalid_type", /array of objects or string/],
    ["a part of Chat's", user([{ type: "text", text: "x" }]), "input[0].content[0].type", "invalid_value", /'input_text'/],
    ["a part without a type", user([{ text: "x" }]), "input[0].content[0].type", "missing_required_parameter", /type/],
    ["a text without text", user([{ type: "input_text" }]), "input[0].content[0].text", "missing_required_parameter", /text/],
    [
      "a picture by its path",
      user([{ type: "input_image", image_url: "a.png" }]),
      "input[0].content[0].image_url",
      "invalid_image_url",
      /data:image/,
    ],
    ["an id of something that is not kept", { input: [{ type: "item_reference", id: "msg_9" }] }, "input[0]", null, /msg_9.*not found/],
    ["an answer that is not kept", { previous_response_id: "resp_9" }, "previous_response_id", "previous_response_not_found", /resp_9/],
    [
      "output without its call",
      { input: [{ type: "function_call_output", output: "" }] },
      "input[0].call_id",
      "missing_required_parameter",
      /call_id/,
    ],
    [
      "arguments that are no text",
      { input: [{ type: "function_call", call_id: "c", name: "f", arguments: {} }] },
      "input[0].arguments",
      "invalid_type",
      /expected a string/,
    ],
    [
      "a tool as in Chat",
      { tools: [{ type: "function", function: { name: "f" } }] },
      "tools[0].name",
      "missing_required_parameter",
      /name/,
    ],
    ["tools as an object", { tools: {} }, "tools", "invalid_type", /expected an array/],
    ["a choice of no tool", { tools, tool_choice: { type: "function", name: "g" } }, "tool_choice", "invalid_value", /'g' not found/],
    ["a choice in Anthropic's words", { tools, tool_choice: "any" }, "tool_choice", "invalid_value", /'required'/],
    ["a limit as in Chat", { max_tokens: 5 }, "max_tokens", "unsupported_parameter", /moved to 'max_output_tokens'/],
    ["a limit of nothing", { max_output_tokens: 0 }, "max_output_tokens", "integer_below_min_value", />= 1/],
    ["a format as in Chat", { response_format: { type: "json_object" } }, "response_format", "unsupported_parameter", /'text.format'/],
    [
      "a format without a schema",
      { text: { format: { type: "json_schema" } } },
      "text.format.schema",
      "missing_required_parameter",
      /schema/,
    ],
    ["an effort as in Chat", { reasoning_effort: "low" }, "reasoning_effort", "unsupported_parameter", /'reasoning.effort'/],
    ["reasoning as text", { reasoning: "low" }, "reasoning", "invalid_type", /expected an object/],
    ["a temperature as text", { temperature: "hot" }, "temperature", "invalid_type", /expected a number/],
    ["work in the background", { background: true }, "background", "unsupported_parameter", /background/],
    [
      "an answer and a conversation",
      { previous_response_id: "resp_9", conversation: "conv_9" },
      "previous_response_id",
      "mutually_exclusive_parameters",
      /exclusive/,
    ],
  ])("to Responses: %s", async (_name, body, param, code, words) => {
    const sent = typeof body === "string" ? body : JSON.stringify({ model: "m", input: "hello", ...body });
    const answer = await fetch(`${open.url}/v1/responses`, { method: "POST", headers: { "content-type": "application/json" }, body: sent });
    expect(answer.status).toBe(400);
    const { error } = (await answer.json()) as { error: { type: string; param: unknown; code: unknown; message: string } };
    expect(error.message).toMatch(words);
    expect(error).toMatchObject({ type: "invalid_request_error", param, code });
  });

  test("rule 323: compressed bodies are read, broken and unknown compressions are told apart", async () => {
    const send = (body: Buffer, encoding: string): Promise<Response> =>
      fetch(`${open.url}/v1/messages`, {
        method: "POST",
        headers: { "content-type": "application/json", "content-encoding": encoding },
        body: new Uint8Array(body),
      });
    const body = Buffer.from(JSON.stringify(ask("hello")));
    expect((await send(gzipSync(body), "gzip")).status).toBe(200);
    expect((await send(zstdCompressSync(body), "zstd")).status).toBe(200);
    expect(await message(await send(body, "gzip"))).toMatch(/^400 .*gzip/);
    expect(await message(await send(body, "lzma"))).toMatch(/^400 .*lzma/);
    expect(await message(await send(gzipSync(Buffer.alloc(1_000_000)), "gzip"))).toMatch(/^413 /);
  });

  test("strict mode refuses what would be lost, and names it", async () => {
    const key = { "x-api-key": "right-key" };
    expect((await post(keyed.url, ask("hello"), key)).status).toBe(200);
    const tools = [{ name: "f", input_schema: { type: "object" } }];
    const serial = ask("x", { tools, tool_choice: { type: "auto", disable_parallel_tool_use: true } });
    expect(await message(await post(keyed.url, serial, key))).toMatch(/^400 invalid_request_error: tool_choice/);
    const lenient = await post(open.url, serial);
    expect(lenient.status).toBe(200);
    expect(lenient.headers.get("x-dragoman-loss")).toContain("tool_choice");
  });
});

test("a refusal names the caller's own field, and says what would help", async () => {
  const chat = await fetch(`${keyed.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: "Bearer right-key", "content-type": "application/json" },
    body: JSON.stringify({ model: "claude-x", messages: [{ role: "user", content: "hi" }], n: 2 }),
  });
  expect(await chat.json()).toMatchObject({
    error: { param: "n", message: expect.stringMatching(/^n: .*Send the request several times/) },
  });
});

describe("places and callers", () => {
  test.each([
    ["GET", "/v1/messages", /^405 /],
    ["DELETE", "/v1/models", /^405 /],
    ["POST", "/v1/nothing", /^404 not_found_error/],
    ["GET", "/v1/models/no-such-model%20x", /^404 not_found_error|^200/],
  ])("%s %s", async (method, path, expected) => {
    const answer = await fetch(`${open.url}${path}`, { method, headers: { "anthropic-version": "2023-06-01" } });
    if (answer.status === 200) return;
    expect(await message(answer)).toMatch(expected);
  });

  test.each([
    ["POST", "/v1/messages/batches"],
    ["GET", "/v1/messages/batches/msgbatch_1"],
    ["POST", "/v1/files"],
  ])("rule 403: what of Anthropic's is not served is not found: %s %s", async (method, path) => {
    const answer = await fetch(`${open.url}${path}`, { method, headers: { "anthropic-version": "2023-06-01" } });
    expect(await message(answer)).toMatch(/^404 not_found_error/);
    expect(open.simulator.requests.filter(({ path: asked }) => asked.startsWith(path))).toEqual([]);
  });

  test.each([
    ["GET", "/v1/chat/completions", "POST"],
    ["PUT", "/v1/responses", "POST"],
    ["GET", "/v1/responses/input_tokens", "POST"],
    ["DELETE", "/v1/models", "GET"],
  ])("what OpenAI's own clients may not do at %s %s", async (method, path, allow) => {
    for (const agent of ["OpenAI/JS 7.5.0", "curl/8"]) {
      const answer = await fetch(`${open.url}${path}`, { method, headers: { "user-agent": agent } });
      expect({ status: answer.status, allow: answer.headers.get("allow") }).toEqual({ status: 405, allow });
      expect(await answer.json()).toMatchObject({ error: { type: "invalid_request_error" } });
    }
  });

  test.each([
    ["POST", "/chat/completions", "/v1/chat/completions"],
    ["POST", "/responses", "/v1/responses"],
    ["POST", "/v1/v1/chat/completions", "/v1/chat/completions"],
    ["POST", "/v1/chat/completions/", "/v1/chat/completions"],
    ["POST", "/v1beta/openai/chat/completions", "/v1/chat/completions"],
    ["POST", "/messages", "/v1/messages"],
    ["GET", "/models", "/v1/models"],
    ["POST", "/models/m:generateContent", "/v1/models/m:generateContent"],
    ["POST", "/v1/v1beta/models/m:countTokens", "/v1beta/models/m:countTokens"],
  ])("a path with too much or too little is told the right one: %s %s", async (method, path, meant) => {
    const answer = await fetch(`${open.url}${path}`, { method });
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain(`Did you mean ${meant}?`);
  });

  test.each([
    ["POST", "/v1/completions"],
    ["POST", "/v1/chat/completions/and/some/more"],
    ["GET", `/${"v1/".repeat(500)}models`],
  ])("no path is made up: %s %s", async (method, path) => {
    const text = await (await fetch(`${open.url}${path}`, { method })).text();
    expect(text).toContain("There is nothing at this path. Dragoman serves");
  });

  test("who says nothing about itself is told in OpenAI's words", async () => {
    const lost = await fetch(`${open.url}/v1/nothing`, { method: "POST" });
    expect(lost.status).toBe(404);
    expect(await lost.json()).toMatchObject({
      error: { type: "invalid_request_error", message: expect.stringContaining("/v1/chat/completions") },
    });
    expect(await (await fetch(`${open.url}/v1/models`)).json()).toMatchObject({ object: "list" });
  });

  test("rule 360: probes answer cheaply, also to HEAD", async () => {
    for (const path of ["/", "/healthz", "/readyz"]) {
      expect((await fetch(`${keyed.url}${path}`)).status).toBe(200);
      expect((await fetch(`${keyed.url}${path}`, { method: "HEAD" })).status).toBe(200);
    }
  });

  test("rules 360 and 361: a missing key, a wrong key, a key for other models", async () => {
    expect(await message(await post(keyed.url, ask("x")))).toMatch(/^401 authentication_error: .*key/);
    expect(await message(await post(keyed.url, ask("x"), { "x-api-key": "wrong" }))).toMatch(/^401 authentication_error/);
    expect(await message(await post(keyed.url, ask("x", { model: "gpt" }), { authorization: "Bearer right-key" }))).toMatch(
      /^403 permission_error: .*gpt/,
    );
  });

  test("without keys no web page gets through", async () => {
    const page = (headers: Record<string, string>): Promise<Response> => post(open.url, ask("x"), headers);
    expect(await message(await page({ origin: "https://evil.example" }))).toMatch(/^403 permission_error/);
    expect(await message(await page({ "sec-fetch-site": "cross-site" }))).toMatch(/^403 permission_error/);
    expect(await message(await page({ "x-forwarded-for": "203.0.113.9" }))).toMatch(/^403 permission_error: .*proxy/);
    expect(await message(await page({ "content-type": "text/plain" }))).toMatch(/^400 .*application\/json/);
    const rebound = await new Promise<number>((resolve, reject) => {
      const sent = httpRequest(`${open.url}/v1/models`, { headers: { host: "evil.example" } }, (response) =>
        resolve(response.statusCode ?? 0),
      );
      sent.on("error", reject).end();
    });
    expect(rebound).toBe(403);
    const preflight = await fetch(`${open.url}/v1/messages`, {
      method: "OPTIONS",
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    });
    expect([...preflight.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});
