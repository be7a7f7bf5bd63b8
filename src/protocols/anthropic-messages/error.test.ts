import { describe, expect, test } from "vitest";
import { client, upstream } from "../../../test/support/messages.ts";
import { loadRecordings } from "../../../test/support/recordings.ts";
import { GatewayError, type ErrorDetail, type ErrorKind } from "../../chat/error.ts";

const body = (type: string, message: string, details?: object): string =>
  JSON.stringify({ type: "error", error: { type, message, ...(details && { details }) } });
const decode = (status: number, text: string, headers: readonly string[] = []): GatewayError =>
  upstream.decodeError({ status, headers, body: text });

describe("what an upstream's error means", () => {
  test.each<[number, string, string, ErrorKind]>([
    [400, "invalid_request_error", "messages.0.content: bad", "invalid-request"],
    [400, "invalid_request_error", "prompt is too long: 213462 tokens > 200000 maximum", "context-too-long"],
    [400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000", "context-too-long"],
    [400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", "billing"],
    [400, "invalid_request_error", "You have reached your specified API usage limits.", "billing"],
    [400, "invalid_request_error", "Output blocked by content filtering policy", "content-policy"],
    [401, "authentication_error", "invalid x-api-key", "unauthenticated"],
    [401, "invalid_request_error", "odd", "unauthenticated"],
    [402, "billing_error", "pay", "billing"],
    [403, "permission_error", "no", "permission"],
    [404, "not_found_error", "model: claude-nope", "model-not-found"],
    [404, "not_found_error", "Not Found", "not-found"],
    [405, "invalid_request_error", "Method Not Allowed", "method-not-allowed"],
    [408, "", "", "timeout"],
    [409, "conflict_error", "busy", "conflict"],
    [413, "request_too_large", "Request exceeds the maximum size", "request-too-large"],
    [422, "", "", "invalid-request"],
    [429, "rate_limit_error", "slow down", "rate-limited"],
    [429, "overloaded_error", "slow down", "rate-limited"],
    [500, "api_error", "Internal server error", "upstream"],
    [500, "overloaded_error", "Overloaded", "overloaded"],
    [500, "invalid_request_error", "tools.0: bad", "invalid-request"],
    [503, "invalid_request_error", "prompt is too long: 213462 tokens > 200000 maximum", "context-too-long"],
    [402, "rate_limit_error", "odd", "billing"],
    [429, "rate_limit_error", "You have reached your specified API usage limits.", "billing"],
    [400, "invalid_request_error", "This organization has been disabled.", "permission"],
    [502, "", "", "upstream"],
    [503, "", "", "overloaded"],
    [504, "timeout_error", "late", "timeout"],
    [529, "overloaded_error", "Overloaded", "overloaded"],
    [529, "", "", "overloaded"],
  ])("%i %s %j is %s", (status, type, message, kind) => {
    expect(decode(status, type === "" ? "<html>" : body(type, message))).toMatchObject({ kind, detail: { upstreamStatus: status } });
  });

  test("a 403 rests the account only where the body says that it is about that", () => {
    const scope = (status: number, type: string, message: string) => decode(status, body(type, message)).detail.scope;
    expect(scope(403, "permission_error", "This organization has been disabled.")).toBe("account");
    expect(scope(400, "invalid_request_error", "This organization has been disabled.")).toBe("account");
    expect(scope(403, "permission_error", "Your API key does not have permission to use this model.")).toBeUndefined();
  });

  test("its own words, where the request is at fault; ours, where an account is (rule 348)", () => {
    expect(decode(400, body("invalid_request_error", "tools.1.name: too long"))).toMatchObject({
      message: "tools.1.name: too long",
      detail: { field: "tools[1].name", upstreamMessage: "tools.1.name: too long" },
    });
    const denied = decode(403, body("permission_error", "Organization 1234 is disabled"));
    expect(denied.message).toBe("The upstream answered HTTP 403.");
    expect(denied.detail.upstreamMessage).toBe("Organization 1234 is disabled");
  });

  test("rule 321: an HTML page is an error without words", () => {
    expect(decode(502, "<html>secret</html>").message).toBe("The upstream answered HTTP 502.");
  });

  const date = ["date", "Sun, 22 Nov 2026 12:00:00 GMT"];
  test.each<[string, string[], ErrorDetail]>([
    ["retry-after in seconds", ["Retry-After", "32"], { retryAfterMs: 32_000 }],
    ["retry-after-ms first", ["retry-after-ms", "1500", "retry-after", "9"], { retryAfterMs: 1500 }],
    ["retry-after as a date", [...date, "retry-after", "Sun, 22 Nov 2026 12:00:30 GMT"], { retryAfterMs: 30_000 }],
    ["a date without the upstream's clock", ["retry-after", "Sun, 22 Nov 2026 12:00:30 GMT"], {}],
    ["nonsense", ["retry-after", "soon"], {}],
    ["x-should-retry", ["x-should-retry", "false"], { shouldRetry: false }],
    [
      "the limit that is used up",
      date.concat(
        Object.entries({
          "anthropic-ratelimit-requests-remaining": "10",
          "anthropic-ratelimit-requests-reset": "2026-11-22T12:10:00Z",
          "anthropic-ratelimit-tokens-remaining": "0",
          "anthropic-ratelimit-tokens-reset": "2026-11-22T12:00:20Z",
        }).flat(),
      ),
      { retryAfterMs: 20_000 },
    ],
    [
      "a limit that is used up, and a subscription that is not",
      [
        ...date,
        "anthropic-ratelimit-requests-remaining",
        "0",
        "anthropic-ratelimit-requests-reset",
        "2026-11-22T12:00:20Z",
        "anthropic-ratelimit-unified-status",
        "allowed",
        "anthropic-ratelimit-unified-reset",
        String(Date.parse("2026-11-22T13:00:00Z") / 1000),
      ],
      { retryAfterMs: 20_000 },
    ],
    [
      "the subscription's window for one family of models",
      [
        "anthropic-ratelimit-unified-status",
        "rejected",
        "anthropic-ratelimit-unified-representative-claim",
        "seven_day_sonnet",
        "retry-after",
        "500",
      ],
      { retryAfterMs: 500_000 },
    ],
    [
      "the subscription's window",
      [
        ...date,
        "anthropic-ratelimit-unified-status",
        "rejected",
        "anthropic-ratelimit-unified-reset",
        String(Date.parse("2026-11-22T13:00:00Z") / 1000),
      ],
      { retryAfterMs: 3_600_000, scope: "account" },
    ],
  ])("hints: %s", (_name, headers, detail) => {
    const { upstreamStatus: _status, upstreamMessage: _message, ...found } = decode(429, body("rate_limit_error", "x"), headers).detail;
    expect(found).toEqual(detail);
  });

  test.each(loadRecordings("errors").filter(({ protocol, response }) => protocol === "anthropic-messages" && response.status >= 400))(
    "recorded: $name",
    ({ response }) => {
      const error = decode(response.status, response.bytes.toString(), response.headerList);
      const told = (response.body as { error: { type: string; message: string } }).error;
      const answer = client.encodeError(error, "req_1", undefined);
      expect(answer.status).toBe(response.status);
      expect(JSON.parse(answer.body)).toMatchObject({ type: "error", error: { type: told.type }, request_id: "req_1" });
      expect(answer.headers["retry-after"]).toBe(response.headers["retry-after"]);
      expect(answer.headers["x-should-retry"]).toBe(response.headers["x-should-retry"]);
      expect(error.detail.upstreamMessage).toBe(told.message);
    },
  );
});

describe("errors as clients are told", () => {
  const encode = (kind: ErrorKind, detail: ErrorDetail = {}, message = "why"): { status: number; headers: object; error: object } => {
    const { status, headers, body: text } = client.encodeError(new GatewayError(kind, message, detail), "req_9", undefined);
    return { status, headers, error: (JSON.parse(text) as { error: object }).error };
  };

  test.each<[ErrorKind, number, string]>([
    ["invalid-request", 400, "invalid_request_error"],
    ["unsupported", 400, "invalid_request_error"],
    ["content-policy", 400, "invalid_request_error"],
    ["request-too-large", 413, "request_too_large"],
    ["unauthenticated", 401, "authentication_error"],
    ["billing", 402, "billing_error"],
    ["permission", 403, "permission_error"],
    ["model-not-found", 404, "not_found_error"],
    ["not-found", 404, "not_found_error"],
    ["method-not-allowed", 405, "invalid_request_error"],
    ["conflict", 409, "conflict_error"],
    ["rate-limited", 429, "rate_limit_error"],
    ["overloaded", 529, "overloaded_error"],
    ["upstream", 502, "api_error"],
    ["timeout", 504, "timeout_error"],
    ["transport", 502, "api_error"],
    ["bad-credential", 502, "api_error"],
    ["unavailable", 503, "api_error"],
    ["cancelled", 499, "api_error"],
    ["internal", 500, "api_error"],
  ])("rule 329: %s is %i %s", (kind, status, type) => {
    expect(encode(kind)).toMatchObject({
      status,
      headers: { "request-id": "req_9", "content-type": "application/json" },
      error: { type, message: "why" },
    });
  });

  test("rule 336: a provider's own 5xx keeps its status, an overloaded 503 is a 529", () => {
    expect(encode("upstream", { upstreamStatus: 500 }).status).toBe(500);
    expect(encode("upstream", { upstreamStatus: 200 }).status).toBe(502);
    expect(encode("overloaded", { upstreamStatus: 503 }).status).toBe(529);
  });

  test("rule 341: our bad key is no 401 for the client, and no reason to try again", () => {
    expect(encode("bad-credential", { upstreamStatus: 401 })).toMatchObject({ status: 502, headers: { "x-should-retry": "false" } });
  });

  test("rule 337: times are whole seconds, rounded up", () => {
    expect(encode("rate-limited", { retryAfterMs: 37_200 }).headers).toMatchObject({ "retry-after": "38" });
    expect(encode("rate-limited").headers).not.toHaveProperty("retry-after");
    expect(encode("rate-limited", { shouldRetry: true, headers: { "x-y": "z" } }).headers).toMatchObject({
      "x-should-retry": "true",
      "x-y": "z",
    });
  });

  test.each<[string, ErrorDetail, string]>([
    ["prompt is too long: 213462 tokens > 200000 maximum", {}, "prompt is too long: 213462 tokens > 200000 maximum"],
    [
      "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length",
      {},
      "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length",
    ],
    [
      "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).",
      {},
      "prompt is too long: 1048577 tokens > 1048576 maximum",
    ],
    [
      "This model's maximum context length is 128,000 tokens. However, your messages resulted in 130,512 tokens.",
      {},
      "prompt is too long: 130512 tokens > 128000 maximum",
    ],
    ["too much", { tokens: { input: 9, limit: 8 } }, "prompt is too long: 9 tokens > 8 maximum"],
    [
      "ours",
      { upstreamMessage: "Your input exceeds the context window of this model." },
      "prompt is too long: Your input exceeds the context window of this model.",
    ],
  ])("rule 330: %s", (message, detail, expected) => {
    expect(encode("context-too-long", detail, message)).toMatchObject({
      status: 400,
      error: { type: "invalid_request_error", message: expected },
    });
  });

  test("in a stream the error is its last event", () => {
    expect(client.streamStyle({ operation: "generate" }).error(new GatewayError("overloaded", "busy"), "req_9", true)).toBe(
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"},"request_id":"req_9"}\n\n',
    );
  });
});
