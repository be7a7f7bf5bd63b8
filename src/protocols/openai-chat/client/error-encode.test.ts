import { expect, test } from "vitest";
import { GatewayError, type ErrorDetail, type ErrorKind } from "../../../chat/error.ts";
import { client } from "./index.ts";

function encoded(
  kind: ErrorKind,
  message: string,
  detail: ErrorDetail = {},
): { status: number; headers: Readonly<Record<string, string>>; error: Record<string, unknown> } {
  const { status, headers, body } = client.encodeError(new GatewayError(kind, message, detail), "req_1", undefined);
  return { status, headers, ...(JSON.parse(body) as { error: Record<string, unknown> }) };
}

test.each([
  [
    "prompt is too long: 213462 tokens > 200000 maximum",
    {},
    /^This model's maximum context length is 200000 tokens\. However, your messages resulted in 213462 tokens/,
  ],
  ["Too much.", { tokens: { input: 9000, limit: 8000 } }, /maximum context length is 8000 tokens\. .* 9000 tokens/],
  ["This model's maximum context length is 8192 tokens.", {}, /^This model's maximum context length is 8192 tokens\.$/],
  ["Input is too long for requested model.", {}, /^Your input exceeds the context window of this model\. .*Input is too long/],
])("rule 332: %s is an overflow that agents know", (message, detail, expected) => {
  const { status, error } = encoded("context-too-long", message, detail);
  expect(status).toBe(400);
  expect(error).toMatchObject({ type: "invalid_request_error", code: "context_length_exceeded", message: expect.stringMatching(expected) });
});

test("rule 337: a wait is told in seconds and in milliseconds", () => {
  expect(encoded("rate-limited", "Slow down.", { retryAfterMs: 37_200 }).headers).toMatchObject({
    "retry-after": "38",
    "retry-after-ms": "37200",
  });
});

test("rules 340 and 341: what trying again cannot heal says so, and is no 401", () => {
  expect(encoded("bad-credential", "Refused.")).toMatchObject({ status: 502, headers: { "x-should-retry": "false" } });
  expect(encoded("billing", "No money.").headers["x-should-retry"]).toBe("false");
  expect(encoded("model-not-found", "?", { shouldRetry: false }).headers["x-should-retry"]).toBe("false");
  expect(encoded("overloaded", "Busy.").headers).not.toHaveProperty("x-should-retry");
});

test("a provider's own 5xx keeps its status, everything else has its kind's", () => {
  expect(encoded("upstream", "?", { upstreamStatus: 503 }).status).toBe(503);
  expect(encoded("upstream", "?", { upstreamStatus: 418 }).status).toBe(502);
});

test("the request's id and further headers are told", () => {
  expect(encoded("method-not-allowed", "?", { headers: { allow: "POST" } }).headers).toMatchObject({
    "x-request-id": "req_1",
    allow: "POST",
  });
});

test("models are listed whole", () => {
  const model = (id: string): object => ({ id, object: "model", created: 0, owned_by: "dragoman" });
  expect(client.encodeModelList([{ id: "a" }, { id: "b" }], new URLSearchParams())).toEqual({
    object: "list",
    data: [model("a"), model("b")],
  });
  expect(client.encodeModel({ id: "a" })).toEqual(model("a"));
});

test("there is no way to count tokens, and that is said", () => {
  expect(() => client.encodeTokenCount(3)).toThrow("no way to count tokens");
});
