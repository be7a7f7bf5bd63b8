import { expect, test } from "vitest";
import { GatewayError, type ErrorKind } from "../chat/error.ts";
import { verdict, type Verdict } from "./verdict.ts";

const EXPECTED: Record<ErrorKind, [rest: string, next: Verdict["next"]]> = {
  "rate-limited": ["rate-limit model", "next-credential"],
  unauthenticated: ["down account", "next-credential"],
  billing: ["long account", "next-credential"],
  permission: ["long model", "next-credential"],
  "model-not-found": ["long model", "next-credential"],
  "not-found": ["none", "next-credential"],
  overloaded: ["transient model", "next-credential"],
  upstream: ["transient model", "next-credential"],
  timeout: ["transient model", "next-credential"],
  transport: ["transient model", "next-credential"],
  unsupported: ["none", "next-target"],
  unavailable: ["none", "next-target"],
  "bad-credential": ["none", "next-target"],
  "invalid-request": ["none", "give-up"],
  "context-too-long": ["none", "give-up"],
  "content-policy": ["none", "give-up"],
  "request-too-large": ["none", "give-up"],
  "method-not-allowed": ["none", "give-up"],
  conflict: ["none", "give-up"],
  cancelled: ["none", "give-up"],
  internal: ["none", "give-up"],
};

test.each(Object.entries(EXPECTED))("%s", (kind, [rest, next]) => {
  const found = verdict(new GatewayError(kind as ErrorKind, "failed"));
  expect([found.rest ? `${found.rest.class} ${found.rest.scope}` : "none", found.next]).toEqual([rest, next]);
});

test("what the provider said of scope and time goes before what the kind implies", () => {
  const error = new GatewayError("rate-limited", "failed", { scope: "account", retryAfterMs: 1_500 });
  expect(verdict(error).rest).toEqual({ class: "rate-limit", scope: "account", hintMs: 1_500 });
});

test("rule 238: what the model did wrong is tried again once, and no credential rests", () => {
  const slip = new GatewayError("upstream", "malformed", { modelSlipped: true });
  expect([verdict(slip), verdict(slip, true)]).toEqual([{ next: "retry-same" }, { next: "give-up" }]);
});

test("a connection reset before the head is tried again with the same credential, once", () => {
  const reset = new GatewayError("transport", "reset", { resetBeforeHead: true });
  expect(verdict(reset)).toEqual({ next: "retry-same" });
  expect(verdict(reset, true)).toMatchObject({ rest: { class: "transient" }, next: "next-credential" });
});
