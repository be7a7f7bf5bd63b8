import { describe, expect, test } from "vitest";
import { loadCaptures } from "../../../test/support/captures.ts";
import { client, clientRequest } from "../../../test/support/messages.ts";

describe("routes", () => {
  test.each([
    ["POST", "/v1/messages", { operation: "generate" }],
    ["POST", "/v1/messages/count_tokens", { operation: "count-tokens" }],
    ["GET", "/v1/models", { operation: "list-models" }],
    ["GET", "/v1/models/claude-x", { operation: "get-model", model: "claude-x" }],
    ["GET", "/v1/models/google/gemini-x", { operation: "get-model", model: "google/gemini-x" }],
    ["GET", "/v1/models/google%2Fgemini%20x", { operation: "get-model", model: "google/gemini x" }],
    ["GET", "/v1/models/50%", { operation: "get-model", model: "50%" }],
    ["GET", "/v1/messages", { allow: "POST" }],
    ["PUT", "/v1/messages/count_tokens", { allow: "POST" }],
    ["POST", "/v1/models", { allow: "GET" }],
    ["DELETE", "/v1/models/claude-x", { allow: "GET" }],
    ["POST", "/v1/messages/batches", undefined],
    ["POST", "/v1/chat/completions", undefined],
    ["GET", "/", undefined],
    ["GET", "/v1/models/", undefined],
  ])("%s %s", (method, path, expected) => expect(client.route(method, path, new URLSearchParams())).toEqual(expected));
});

describe("a look at a request", () => {
  const peek = (body: unknown, headers: Record<string, string> = {}): unknown => {
    const { members: _members, ...told } = client.peek(clientRequest(body, headers));
    return told;
  };

  test("the model, and whether to stream", () => {
    expect(peek({ model: "m" })).toEqual({ model: "m", stream: false });
    expect(peek({ model: "m", stream: null })).toEqual({ model: "m", stream: false });
    expect(peek('{"stream" : true , "messages":[{"model":"no"}], "model":"\\u006d"}')).toEqual({ model: "m", stream: true });
  });

  test.each<[unknown, string, string | undefined]>([
    [{}, "model: Field required", "model"],
    [{ model: null }, "model: Field required", "model"],
    [{ model: "" }, "model: String should have at least 1 character", "model"],
    [{ model: 1 }, "model: Input should be a valid string", "model"],
    [{ model: { name: "m" } }, "model: Input should be a valid string", "model"],
    [{ model: "m", stream: "true" }, "stream: Input should be a valid boolean", "stream"],
    [{ model: "m", stream: 1 }, "stream: Input should be a valid boolean", "stream"],
    ["", "The request has no body", undefined],
    ["hello", "The request body is not valid JSON", undefined],
    ['{"model":"m"', "The request body is not valid JSON", undefined],
    ['{"model":"m"} x', "The request body is not valid JSON", undefined],
    ["[1]", "The request body is not valid JSON", undefined],
    ['{"model":"\\x"}', "model: The request body is not valid JSON", "model"],
  ])("%j is refused", (body, message, field) => {
    expect(() => peek(body)).toThrow(message);
    expect(() => peek(body)).toThrow(
      expect.objectContaining({ kind: "invalid-request", detail: field === undefined ? {} : { field } }) as Error,
    );
  });

  const userId = JSON.stringify({ device_id: "d", session_id: "from-body" });
  test.each<[string, Record<string, string>, string | undefined, string | undefined]>([
    ["Claude Code's session", { "x-claude-code-session-id": "s" }, userId, "s"],
    ["rule 415: its sub-agent", { "x-claude-code-session-id": "s", "x-claude-code-agent-id": "a" }, userId, "s/a"],
    ["opencode", { "x-session-affinity": "x" }, undefined, "x"],
    ["opencode", { "x-session-id": "x" }, undefined, "x"],
    ["pi", { session_id: "x" }, undefined, "x"],
    ["Codex", { "session-id": "x" }, undefined, "x"],
    ["the body's JSON", {}, userId, "from-body"],
    ["an older Claude Code", {}, "user_1a_account__session_0b-2c", "0b-2c"],
    ["any other user", {}, "alice", undefined],
    ["broken JSON", {}, "{session", undefined],
    ["a session that is no text", {}, '{"session_id":3}', undefined],
    ["an empty header", { "x-session-id": "" }, undefined, undefined],
    ["nothing", {}, undefined, undefined],
  ])("rule 444: the session of %s", (_who, headers, user, session) => {
    const body = { model: "m", ...(user !== undefined && { metadata: { user_id: user } }) };
    expect(peek(body, headers)).toEqual({ model: "m", stream: false, ...(session !== undefined && { session }) });
  });

  test("every captured request names its model and its session", () => {
    for (const { headers, body, path } of loadCaptures()) {
      if (!path.includes("/v1/messages")) continue;
      const found = client.peek(clientRequest(body, headers));
      expect(found).toMatchObject({ model: body["model"], stream: body["stream"] === true });
      expect(found.session?.startsWith(headers["x-claude-code-session-id"] ?? "none")).toBe(
        headers["x-claude-code-session-id"] ? true : undefined,
      );
    }
  });
});
