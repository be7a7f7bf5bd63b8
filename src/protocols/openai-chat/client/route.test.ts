import { describe, expect, test } from "vitest";
import { loadCaptures } from "../../../../test/support/captures.ts";
import { chatClientRequest } from "../../../../test/support/chat-client.ts";
import { client } from "./index.ts";

const none = new URLSearchParams();

describe("routes", () => {
  test.each([
    ["POST", "/v1/chat/completions", { operation: "generate" }],
    ["GET", "/v1/models", { operation: "list-models" }],
    ["GET", "/v1/models/up%2Fclaude", { operation: "get-model", model: "up/claude" }],
    ["GET", "/v1/models/up/claude", { operation: "get-model", model: "up/claude" }],
    ["GET", "/v1/chat/completions", { allow: "POST" }],
    ["DELETE", "/v1/models/m", { allow: "GET" }],
    ["POST", "/v1/completions", undefined],
    ["POST", "/chat/completions", undefined],
  ])("%s %s", (method, path, route) => expect(client.route(method, path, none)).toEqual(route));

  test.each([
    [{ "user-agent": "OpenAI/JS 7.57.0" }, true],
    [{ "user-agent": "AsyncOpenAI/Python 3.1.0" }, true],
    [{ "openai-organization": "org" }, true],
    [{ "user-agent": "Anthropic/JS 1.12.0", "x-stainless-lang": "js" }, false],
    [{}, false],
  ])("%j says who speaks: %s", (headers, expected) => expect(client.speaks(headers, none)).toBe(expected));
});

describe("peeking", () => {
  const peek = (body: unknown, headers = {}): object => {
    const { members: _members, ...found } = client.peek(chatClientRequest(body, headers));
    return found;
  };

  test.each([
    ["x-session-affinity", { "x-session-affinity": "s" }, { prompt_cache_key: "k" }, "s"],
    ["a cache key", {}, { prompt_cache_key: "k" }, "k"],
    ["an empty cache key", {}, { prompt_cache_key: "" }, undefined],
    ["a cache key that is no text", {}, { prompt_cache_key: { a: 1 } }, undefined],
    ["nothing", {}, {}, undefined],
  ])("rule 444: the session by %s", (_name, headers, fields, session) => {
    const expected = { model: "m", stream: false, ...(session !== undefined && { session }) };
    expect(peek({ model: "m", ...fields }, headers)).toEqual(expected);
  });

  test.each([
    ["", "it has no body", undefined],
    ["{", "was not valid JSON", undefined],
    ["{}", "you must provide a model parameter", "model"],
    ['{"model":7}', "expected a string, but got an integer", "model"],
    ['{"model":[]}', "expected a string, but got an array", "model"],
    ['{"model":""}', "Missing required parameter", "model"],
    [`{"model":"${"m".repeat(300)}"}`, "string too long", "model"],
    ['{"model":"m","Model":"n"}', "may be mistaken for 'model'", "model"],
    ['{"model":"m","stream":"yes"}', "expected a boolean, but got a string", "stream"],
    ['{"model":"m","model":"n"}', "a key is repeated", undefined],
  ])("%s is refused", (body, message, field) => {
    expect(() => peek(body)).toThrow(
      expect.objectContaining({
        kind: "invalid-request",
        message: expect.stringContaining(message),
        detail: expect.objectContaining(field ? { field } : {}),
      }),
    );
  });

  test("every captured request names its model", () => {
    for (const { body, headers, path } of loadCaptures().filter((capture) => capture.path.startsWith("/v1/chat")))
      expect([path, peek(body, headers)]).toMatchObject([
        "/v1/chat/completions",
        { model: body["model"], stream: body["stream"] ?? false },
      ]);
  });
});
