import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { GatewayError } from "../../../chat/error.ts";
import { decodeError } from "./error.ts";

const rpc = (type: string, fields: object): object => ({ "@type": `type.googleapis.com/google.rpc.${type}`, ...fields });
const failed = (
  status: number,
  code: string,
  message: string,
  details: readonly object[] = [],
  headers: readonly string[] = [],
): GatewayError => decodeError({ status, headers, body: JSON.stringify({ error: { code: status, status: code, message, details } }) });

describe("kinds of failure", () => {
  test.for([
    [400, "INVALID_ARGUMENT", 'Unknown name "x"', "invalid-request"],
    [400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", "unauthenticated"],
    [400, "INVALID_ARGUMENT", "API key expired. Please renew the API key.", "unauthenticated"],
    [400, "FAILED_PRECONDITION", "User location is not supported for the API use.", "permission"],
    [
      400,
      "FAILED_PRECONDITION",
      "Gemini API free tier is not available in your country. Please enable billing on your project.",
      "billing",
    ],
    [400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes.", "request-too-large"],
    [401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", "unauthenticated"],
    [403, "PERMISSION_DENIED", "Your API key was reported as leaked. Please use another API key.", "unauthenticated"],
    [403, "PERMISSION_DENIED", "The caller does not have permission", "permission"],
    [404, "NOT_FOUND", "models/x is not found for API version v1beta", "model-not-found"],
    [404, "NOT_FOUND", "CachedContent not found", "not-found"],
    [409, "ABORTED", "conflict", "conflict"],
    [429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details.", "rate-limited"],
    [429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted.", "billing"],
    [422, "UNKNOWN", "no", "invalid-request"],
    [499, "CANCELLED", "cancelled", "upstream"],
    [500, "UNKNOWN", "no", "upstream"],
    [500, "INTERNAL", "An internal error has occurred.", "upstream"],
    [500, "INVALID_ARGUMENT", "bad", "invalid-request"],
    [503, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number of tokens allowed (8).", "context-too-long"],
    [401, "RESOURCE_EXHAUSTED", "odd", "unauthenticated"],
    [402, "INVALID_ARGUMENT", "odd", "billing"],
    [429, "INTERNAL", "odd", "rate-limited"],
    [503, "UNAVAILABLE", "The model is overloaded.", "overloaded"],
    [504, "DEADLINE_EXCEEDED", "late", "timeout"],
  ] as const)("%d %s %s is %s", ([status, code, message, kind]) => {
    expect(failed(status, code, message).kind).toBe(kind);
  });

  test("a reason in the details counts, whatever the message says", () => {
    expect(failed(400, "INVALID_ARGUMENT", "no", [rpc("ErrorInfo", { reason: "API_KEY_INVALID" })]).kind).toBe("unauthenticated");
    expect(failed(403, "PERMISSION_DENIED", "no", [rpc("ErrorInfo", { reason: "BILLING_DISABLED" })]).kind).toBe("billing");
    expect(failed(403, "PERMISSION_DENIED", "no", [rpc("ErrorInfo", { reason: "SERVICE_DISABLED" })]).detail.scope).toBe("account");
    expect(failed(403, "PERMISSION_DENIED", "The caller does not have permission").detail.scope).toBeUndefined();
  });

  test("rule 333: an overflow keeps its sentence and its numbers", () => {
    const sentence = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).";
    const error = failed(400, "INVALID_ARGUMENT", sentence);
    expect(error.kind).toBe("context-too-long");
    expect(error.detail).toMatchObject({ tokens: { input: 1_200_000, limit: 1_048_576 }, upstreamMessage: sentence });
  });
});

describe("when to come back", () => {
  const quota = (quotaId: string): object => rpc("QuotaFailure", { violations: [{ quotaId }] });

  test("rule 337: RetryInfo beats the header", () => {
    const retry = rpc("RetryInfo", { retryDelay: "37.2s" });
    expect(failed(429, "RESOURCE_EXHAUSTED", "q", [retry], ["Retry-After", "5"]).detail.retryAfterMs).toBe(37_200);
    expect(failed(429, "RESOURCE_EXHAUSTED", "q", [], ["Retry-After", "5"]).detail.retryAfterMs).toBe(5000);
    expect(failed(429, "RESOURCE_EXHAUSTED", "q").detail.retryAfterMs).toBeUndefined();
    expect(failed(503, "UNAVAILABLE", "q", [], ["retry-after", "2"]).detail.retryAfterMs).toBe(2000);
    expect(failed(429, "RESOURCE_EXHAUSTED", "Quota exceeded.\nPlease retry in 26.5s.").detail.retryAfterMs).toBe(26_500);
  });

  test("a daily quota is not back in seconds", () => {
    const daily = [quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"), rpc("RetryInfo", { retryDelay: "12s" })];
    expect(failed(429, "RESOURCE_EXHAUSTED", "q", daily).detail).toMatchObject({ retryAfterMs: 3_600_000 });
  });

  test("a quota that names no model rests the account", () => {
    expect(failed(429, "RESOURCE_EXHAUSTED", "q", [quota("RequestsPerMinutePerProject")]).detail.scope).toBe("account");
    expect(failed(429, "RESOURCE_EXHAUSTED", "q", [quota("RequestsPerMinutePerProjectPerModel")]).detail.scope).toBeUndefined();
  });
});

describe("what is said", () => {
  test("rule 348: no key and no project number is repeated", () => {
    const key = "AIzaSyDUMMYDUMMYDUMMYDUMMYDUMMYDUMMY123";
    const error = failed(
      403,
      "PERMISSION_DENIED",
      `Consumer 'api_key:${key}' of project_number:123456789 at https://x.example/?key=${key} has been suspended. Bearer ya29.abc-def`,
    );
    expect(JSON.stringify(error.detail) + error.message).not.toMatch(/AIza|123456789|ya29/);
    expect(error.message).toBe("The upstream answered HTTP 403.");
    expect(failed(400, "INVALID_ARGUMENT", `bad ${key}`).message).toBe("bad [redacted]");
  });

  test("rule 321: pages and other text are an error without words", () => {
    for (const body of ["<html>502</html>", "", "null", "[]", '{"error":"plain"}', '{"error":{"code":"x"}}', "\ud800"]) {
      expect(decodeError({ status: 502, headers: [], body })).toMatchObject({ kind: "upstream", detail: { upstreamStatus: 502 } });
    }
    expect(decodeError({ status: 502, headers: [], body: '{"error":"plain"}' }).message).toBe("plain");
  });

  test("whatever comes, it does not throw", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 700 }),
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((error) => JSON.stringify({ error })),
        ),
        (status, body) => {
          expect(decodeError({ status, headers: ["retry-after", body], body }).kind).toBeTypeOf("string");
        },
      ),
    );
  });
});
