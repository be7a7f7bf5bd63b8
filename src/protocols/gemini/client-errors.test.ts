/** Errors and lists of models as Gemini's clients get them (dossier A.4.1, A.4.4, B.0.3). */
import { describe, expect, test } from "vitest";
import { client } from "../../../test/support/gemini-client.ts";
import { GatewayError, type ErrorDetail, type ErrorKind } from "../../chat/error.ts";

const answer = (kind: ErrorKind, message: string, detail: ErrorDetail = {}): { status: number; headers: object; error: object } => {
  const { status, headers, body } = client.encodeError(new GatewayError(kind, message, detail), "req_1", { operation: "generate" });
  return { status, headers, error: (JSON.parse(body) as { error: object }).error };
};

describe("errors", () => {
  test.each([
    ["invalid-request", 400, "INVALID_ARGUMENT"],
    ["unauthenticated", 401, "UNAUTHENTICATED"],
    ["permission", 403, "PERMISSION_DENIED"],
    ["model-not-found", 404, "NOT_FOUND"],
    ["rate-limited", 429, "RESOURCE_EXHAUSTED"],
    ["billing", 429, "RESOURCE_EXHAUSTED"],
    ["bad-credential", 502, "INTERNAL"],
    ["overloaded", 503, "UNAVAILABLE"],
    ["timeout", 504, "DEADLINE_EXCEEDED"],
    ["internal", 500, "INTERNAL"],
  ] as const)("%s is %i %s", (kind, status, code) => {
    expect(answer(kind, "words")).toMatchObject({ status, error: { code: status, message: "words", status: code } });
  });

  test("rule 338: the wait stands in the details and in the header", () => {
    expect(answer("rate-limited", "slow down", { retryAfterMs: 19_200 })).toMatchObject({
      headers: { "retry-after": "20" },
      error: { details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "20s" }] },
    });
  });

  test("the field at fault is a violation", () => {
    const details = [
      { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [{ field: "contents", description: "bad" }] },
    ];
    expect(answer("invalid-request", "bad", { field: "contents" })).toMatchObject({ error: { details } });
  });

  test.each([
    [
      "prompt is too long: 213462 tokens > 200000 maximum",
      {},
      "The input token count (213462) exceeds the maximum number of tokens allowed (200000).",
    ],
    [
      "too long",
      { tokens: { input: 9000, limit: 8000 } },
      "The input token count (9000) exceeds the maximum number of tokens allowed (8000).",
    ],
    ["too long", {}, "The input token count exceeds the maximum number of tokens allowed. too long"],
    [
      "The input token count (5) exceeds the maximum number of tokens allowed (4).",
      {},
      "The input token count (5) exceeds the maximum number of tokens allowed (4).",
    ],
  ])("rule 333: %s", (words, detail, message) => {
    expect(answer("context-too-long", words, detail)).toMatchObject({ status: 400, error: { message, status: "INVALID_ARGUMENT" } });
  });

  test("rule 346: where an array was asked for, the error is its only element", () => {
    const route = { operation: "generate", stream: true, framing: "json-array" } as const;
    const { body } = client.encodeError(new GatewayError("not-found", "x"), "r", route);
    expect(JSON.parse(body)).toMatchObject([{ error: { code: 404 } }]);
  });

  test("a provider's own 5xx stays, but for statuses Google does not have", () => {
    expect(answer("upstream", "x", { upstreamStatus: 500 }).status).toBe(500);
    expect(answer("upstream", "x", { upstreamStatus: 529 }).status).toBe(502);
  });
});

describe("models", () => {
  const models = ["a", "b/c", "d"].map((id) => ({ id }));
  const page = (query: string): { models: { name: string }[]; nextPageToken?: string } =>
    client.encodeModelList(models, new URLSearchParams(query)) as never;

  test("rule 402: pages follow each other by their tokens", () => {
    const first = page("pageSize=2");
    expect(first.models.map(({ name }) => name)).toEqual(["models/a", "models/b/c"]);
    const second = page(`pageSize=2&pageToken=${first.nextPageToken}`);
    expect(second.models.map(({ name }) => name)).toEqual(["models/d"]);
    expect(second.nextPageToken).toBeUndefined();
    expect(page("").models).toHaveLength(3);
  });

  test("bad paging is refused", () => {
    for (const query of ["pageSize=-1", "pageSize=x", "pageToken=nobody"]) expect(() => page(query)).toThrow(GatewayError);
  });

  test("one model says what it can be asked, and its limits where they are known", () => {
    expect(client.encodeModel({ id: "m", maxInputTokens: 5 })).toEqual({
      name: "models/m",
      displayName: "m",
      inputTokenLimit: 5,
      supportedGenerationMethods: ["generateContent", "streamGenerateContent", "countTokens"],
    });
    expect(client.encodeTokenCount(7)).toEqual({ totalTokens: 7 });
  });
});
