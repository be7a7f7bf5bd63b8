/** What failures of servers that speak OpenAI's protocols mean, by hand where no recording has the case. */
import { describe, expect, test } from "vitest";
import { decodeError, decodeErrorBody } from "./openai-errors.ts";

const decode = (status: number, body: unknown, headers: readonly string[] = []) =>
  decodeError({ status, headers, body: typeof body === "string" ? body : JSON.stringify(body) });
const openai = (message: string, code?: string | number, type = "invalid_request_error", param?: string) => ({
  error: { message, type, param, code },
});

test.each<[string, number, unknown, string]>([
  ["a spent quota, told with 429", 429, openai("You exceeded your current quota, please check", "insufficient_quota"), "billing"],
  ["rule 374: a spent allowance", 429, openai("The usage limit has been reached", undefined, "usage_limit_reached"), "billing"],
  ["a spent quota, told with 400", 400, openai("You exceeded your current quota", "insufficient_quota"), "billing"],
  ["a spent quota, told with 403", 403, openai("no", "insufficient_quota"), "billing"],
  [
    "a spent balance under a name of its own",
    429,
    openai("Your account is suspended due to insufficient balance", undefined, "exceeded_current_quota_error"),
    "billing",
  ],
  ["a 401, whatever the body calls it", 401, openai("no", "rate_limit_exceeded"), "unauthenticated"],
  ["a 402, whatever the body calls it", 402, openai("no", "context_length_exceeded"), "billing"],
  ["a 429, whatever the body calls it", 429, openai("no", "server_error"), "rate-limited"],
  ["a fault of the request's, told with 500", 500, openai("messages: bad"), "invalid-request"],
  ["a fault of the request's, told with 503", 503, openai("no", "invalid_prompt"), "content-policy"],
  ["a prompt that is too long, told with 500", 500, openai("no", "context_length_exceeded"), "context-too-long"],
  [
    "a prompt that is too long, told with 500 and in words",
    500,
    { error: { code: 500, message: "the request exceeds the available context size", type: "server_error" } },
    "context-too-long",
  ],
  ["a failure of the server's with a code of its own", 500, openai("no", "server_error"), "upstream"],
  ["no capacity, told with 500", 500, openai("no", "server_is_overloaded"), "overloaded"],
  ["an empty balance", 402, { error: { message: "Insufficient Balance" } }, "billing"],
  [
    "a bad key, told with 400",
    400,
    { code: "Client specified an invalid argument", error: "Incorrect API key provided: xa***" },
    "unauthenticated",
  ],
  ["a bad key, told as a detail", 401, { detail: "Unauthorized" }, "unauthenticated"],
  ["a refused key", 403, openai("no", "unsupported_country_region_territory"), "permission"],
  ["words that a moderator stopped", 403, openai("m requires moderation and your input was flagged"), "content-policy"],
  ["a filtered prompt", 400, openai("The response was filtered due to the prompt", "content_filter"), "content-policy"],
  ["an unknown model", 404, openai("The model `x` does not exist", "model_not_found"), "model-not-found"],
  ["an unknown model, in other words", 404, openai("No endpoints found for x/y."), "model-not-found"],
  ["an unknown path", 404, "<html>Not found</html>", "not-found"],
  [
    "a request that is too large for its rate",
    413,
    openai("Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 9000", "rate_limit_exceeded", "tokens"),
    "request-too-large",
  ],
  ["a fault of the caller's", 422, { detail: [{ loc: ["body", "seed"], msg: "Extra inputs are not permitted" }] }, "invalid-request"],
  ["a call that the server could not read", 400, openai("Failed to call a function", "tool_use_failed"), "upstream"],
  ["no capacity", 503, "", "overloaded"],
  ["no capacity of a cheap kind", 498, openai("capacity exceeded", "capacity_exceeded"), "overloaded"],
  ["a gateway's page", 502, "<html>", "upstream"],
  ["words of the caller's are no bill", 400, openai("Invalid value: 'Insufficient balance'"), "invalid-request"],
])("%s", (_name, status, body, kind) => {
  expect(decode(status, body).kind).toBe(kind);
});

test("a 403 rests the account only where the body says that it is about that", () => {
  expect(decode(403, openai("no", "unsupported_country_region_territory")).detail.scope).toBe("account");
  expect(decode(403, openai("You have insufficient permissions for this operation.", "permission_denied")).detail.scope).toBeUndefined();
  expect(decode(403, "<html>Forbidden</html>").detail.scope).toBeUndefined();
});

describe("rule 330: a prompt that is too long, with its numbers", () => {
  test.each([
    [
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 213462 tokens.",
      { input: 213_462, limit: 128_000 },
    ],
    [
      "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages, 1000 in the completion).",
      { input: 5000, limit: 4096 },
    ],
    ["Input length 3000 exceeds the maximum context length of this model", undefined],
    ["Your input exceeds the context window of this model.", undefined],
  ])("%s", (message, tokens) => {
    const error = decode(400, openai(message));
    expect(error.kind).toBe("context-too-long");
    expect(error.detail.tokens).toEqual(tokens);
  });

  test("in fields of their own", () => {
    const error = decode(400, {
      error: { code: 400, message: "too big", type: "exceed_context_size_error", n_prompt_tokens: 5000, n_ctx: 4096 },
    });
    expect(error).toMatchObject({ kind: "context-too-long", detail: { tokens: { input: 5000, limit: 4096 } } });
  });
});

describe("when to come back", () => {
  const limited = openai("Rate limit reached", "rate_limit_exceeded", "tokens");
  const DATE = ["date", "Sun, 22 Nov 2026 12:00:00 GMT"];
  test.each<[string, readonly string[], unknown, number | undefined]>([
    ["retry-after in seconds", ["retry-after", "20"], limited, 20_000],
    ["retry-after-ms first", ["retry-after", "1", "retry-after-ms", "494"], limited, 494],
    ["a date", ["date", "Sun, 22 Nov 2026 12:00:00 GMT", "retry-after", "Sun, 22 Nov 2026 12:00:30 GMT"], limited, 30_000],
    [
      "the reset of what is used up",
      ["x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "1m0.052s", "x-ratelimit-reset-requests", "6h"],
      limited,
      60_052,
    ],
    ["a reset in seconds", ["x-ratelimit-remaining-requests", "0", "x-ratelimit-reset-requests", "7"], limited, 7000],
    [
      "a reset as a moment in ms, by the answer's own clock",
      [...DATE, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", `${Date.parse("2026-11-22T12:00:09Z")}`],
      limited,
      9000,
    ],
    [
      "the same in the body, where OpenRouter keeps headers",
      DATE,
      {
        error: {
          code: 429,
          message: "Rate limit exceeded: free-models-per-day",
          metadata: {
            headers: { "X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795392000000" },
          },
        },
      },
      43_200_000,
    ],
    ["a retry-after in there", [], { error: { code: 429, message: "m", metadata: { headers: { "Retry-After": "12" } } } }, 12_000],
    ["seconds in there", [], { error: { code: 429, message: "m", metadata: { retry_after_seconds: 11 } } }, 11_000],
    [
      "Google's details behind its compatible endpoint",
      [],
      [{ error: { code: 429, message: "q", status: "RESOURCE_EXHAUSTED", details: [{ retryDelay: "26.5s" }] } }],
      26_500,
    ],
    ["the sentence of more than seconds", [], openai("Please try again in 7m12s.", "rate_limit_exceeded"), 432_000],
    ["the sentence of minutes", [], openai("Please try again in 5 minutes.", "rate_limit_exceeded"), 300_000],
    ["the sentence, in other words", [], openai("Quota exceeded. Please retry in 26.5s.", "429"), 26_500],
    ["the sentence", [], openai("Please try again in 1.5s.", "rate_limit_exceeded"), 1500],
    ["the sentence, in words", [], openai("Please retry after 26 seconds.", "429"), 26_000],
    ["nothing", ["x-ratelimit-remaining-tokens", "9", "x-ratelimit-reset-tokens", "1s"], limited, undefined],
  ])("%s", (_name, headers, body, wait) => {
    expect(decode(429, body, headers).detail.retryAfterMs).toBe(wait);
  });

  const USED_UP = { type: "usage_limit_reached", message: "The usage limit has been reached" };
  test.each<[string, readonly string[], object, number | undefined]>([
    ["from now", [], { resets_in_seconds: 9000 }, 9_000_000],
    ["as a moment, by the answer's own clock", DATE, { resets_at: Date.parse("2026-11-22T14:00:00Z") / 1000 }, 7_200_000],
    ["as a moment that nobody can place", [], { resets_at: Date.parse("2026-11-22T14:00:00Z") / 1000 }, undefined],
    ["not at all", DATE, {}, undefined],
  ])("rule 374: a spent allowance tells when there is some again, %s", (_name, headers, fields, wait) => {
    const error = decode(429, { error: { ...USED_UP, ...fields } }, headers);
    expect(error).toMatchObject({ kind: "billing" });
    expect(error.detail.retryAfterMs).toBe(wait);
  });

  test("a limit told with a request that is at fault is no wait", () => {
    expect(decode(400, openai("Bad. Please try again in 5s."), []).detail.retryAfterMs).toBeUndefined();
  });

  test("x-should-retry is kept", () => {
    expect(decode(500, "", ["x-should-retry", "false"]).detail.shouldRetry).toBe(false);
  });
});

describe("what the caller reads", () => {
  test("the field at fault, as a path", () => {
    const error = decode(400, openai("no", "unsupported_value", "invalid_request_error", "messages.[2].content"));
    expect(error).toMatchObject({ message: "no", detail: { field: "messages[2].content" } });
    expect(decode(422, { message: { detail: [{ loc: ["body", "seed"], msg: "Extra inputs are not permitted" }] } }).message).toBe(
      "seed: Extra inputs are not permitted",
    );
  });

  test("the words of the server behind a proxy", () => {
    const wrapped = (raw: string) => decode(400, { error: { message: "Provider returned error", code: 400, metadata: { raw } } }).message;
    expect(wrapped("plain words")).toBe("plain words");
    expect(wrapped('{"error":{"message":"inner words"}}')).toBe("inner words");
  });

  test("rule 348: nothing of our account", () => {
    expect(decode(401, openai("Incorrect API key provided: sk-abc***")).message).toBe("The upstream answered HTTP 401.");
    expect(decode(429, openai("Rate limit reached in organization org-abc123 for sk-live99")).message).not.toMatch(/abc123|live99/);
  });
});

test("inside an answer the body's own status counts, as number or text", () => {
  expect(decodeErrorBody({ error: { message: "slow down", code: 429 } }).kind).toBe("rate-limited");
  expect(decodeErrorBody({ error: { message: "slow down", code: "429" } }).kind).toBe("rate-limited");
  expect(decodeErrorBody({ error: { message: "bad", type: "invalid_request_error" } }).kind).toBe("invalid-request");
  expect(decodeErrorBody({ error: { message: "The server had an error", type: "server_error" } }).kind).toBe("upstream");
});

test.each([
  ["server_error", "upstream"],
  ["rate_limit_exceeded", "rate-limited"],
  ["insufficient_quota", "billing"],
  ["context_length_exceeded", "context-too-long"],
  ["server_is_overloaded", "overloaded"],
  ["overloaded", "overloaded"],
  ["invalid_prompt", "content-policy"],
  ["vector_store_timeout", "timeout"],
  ["failed_to_download_image", "invalid-request"],
])("rule 290: a code of a failed response, %s, is enough", (code, kind) => {
  expect(decodeErrorBody({ error: { code, message: "no" } }).kind).toBe(kind);
});
