import { describe, expect, test } from "vitest";
import { loadCaptures } from "../../../../test/support/captures.ts";
import { responsesRequest } from "../../../../test/support/responses-client.ts";
import { client } from "./index.ts";

const none = new URLSearchParams();

describe("routes", () => {
  test.each([
    ["POST", "/v1/responses", { operation: "generate" }],
    ["POST", "/v1/responses/input_tokens", { operation: "count-tokens" }],
    ["PUT", "/v1/responses", { allow: "POST" }],
    ["GET", "/v1/responses/input_tokens", { allow: "POST" }],
    ["GET", "/v1/models", undefined],
    ["POST", "/v1/chat/completions", undefined],
    ["POST", "/responses", undefined],
    ["POST", "/v1/responses/", undefined],
  ])("%s %s", (method, path, route) => expect(client.route(method, path, none)).toEqual(route));
});

test("rule 444: every captured request names its model, and Codex its session", () => {
  const captures = loadCaptures().filter(({ path }) => path === "/v1/responses");
  expect(captures.length).toBeGreaterThan(20);
  for (const { name, body, headers } of captures) {
    const { members: _members, ...found } = client.peek(responsesRequest(body, headers));
    expect(found).toMatchObject({ model: body["model"], stream: body["stream"] ?? false });
    if (name.startsWith("codex/")) expect(found.session).toMatch(/./);
  }
});

test("rule 353: a count of tokens has the shape that the SDK reads", () => {
  expect(client.encodeTokenCount(51)).toEqual({ object: "response.input_tokens", input_tokens: 51 });
});
