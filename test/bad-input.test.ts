/** What a newcomer can get wrong, and the clear error that each mistake gets, in the Messages envelope. */
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
