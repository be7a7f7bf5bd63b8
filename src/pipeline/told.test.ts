import { expect, test } from "vitest";
import { GatewayError } from "../chat/error.ts";
import { finalError } from "./told.ts";

test.each([
  [401, "unauthenticated"],
  [403, "permission"],
  [402, "billing"],
] as const)("rule 341: a %i for a key of ours is not the caller's fault", (upstreamStatus, kind) => {
  const told = finalError(new GatewayError(kind, "No.", { upstreamStatus }), "m");
  expect(told).toMatchObject({ kind: "bad-credential", detail: { shouldRetry: false } });
});

test("used-up quota keeps its vendor's status and words, and says that waiting a moment does not help", () => {
  const body = Buffer.from("{}");
  const last = new GatewayError("billing", "No.", { upstreamStatus: 429, upstreamAnswer: { status: 429, headers: [], body } });
  const told = finalError(last, "m");
  const detail = { code: "insufficient_quota", shouldRetry: false, upstreamAnswer: { status: 429, body } };
  expect(told).toMatchObject({ kind: "rate-limited", detail });
});
