import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { GatewayError } from "../chat/error.ts";
import { allowsModel, createKeyRing, type RequestHeaders, type VirtualKey } from "./keys.ts";

function key(name: string, clear: string, more: Partial<VirtualKey> = {}): VirtualKey {
  return { name, sha256: createHash("sha256").update(clear).digest("hex"), ...more };
}

const ring = createKeyRing([key("alice", "alice-secret"), key("bob", "bob-secret")]);

function identify(headers: RequestHeaders, query = ""): string {
  const found = ring.identify(headers, new URLSearchParams(query));
  return found instanceof GatewayError ? `${found.kind}: ${found.message}` : found.name;
}

describe("rule 361: a key is taken from wherever a protocol's clients put it", () => {
  test.each<[RequestHeaders, string, string]>([
    [{ authorization: "Bearer alice-secret" }, "", "alice"],
    [{ authorization: "bearer  bob-secret " }, "", "bob"],
    [{ "x-api-key": "bob-secret" }, "", "bob"],
    [{ "x-goog-api-key": "alice-secret" }, "", "alice"],
    [{}, "alt=sse&key=bob-secret", "bob"],
    [{ "x-api-key": ["alice-secret", "other"] }, "", "alice"],
  ])("%j ?%s", (headers, query, name) => {
    expect(identify(headers, query)).toBe(name);
  });

  test("beside a dummy, the known one counts", () => {
    expect(identify({ authorization: "Bearer dummy", "x-api-key": "bob-secret" })).toBe("bob");
  });
});

describe("a request without a known key", () => {
  test.each<[RequestHeaders, string]>([
    [{}, ""],
    [{ authorization: "" }, ""],
    [{ authorization: "Basic YWxpY2U6c2VjcmV0" }, ""],
    [{ authorization: "Bearer " }, ""],
    [{ "x-api-key": "" }, "key="],
  ])("that has none is told where to put it: %j ?%s", (headers, query) => {
    expect(identify(headers, query)).toMatch(/^unauthenticated: .*asks for a key.*Authorization: Bearer/);
  });

  test.each<[RequestHeaders, string, string]>([
    [{ authorization: "Bearer wrong-secret" }, "", "`Authorization`"],
    [{ "x-api-key": "alice-secret2" }, "", "`x-api-key`"],
    [{ "x-goog-api-key": "ALICE-SECRET" }, "", "`x-goog-api-key`"],
    [{}, "key=alice-secre", "`key` query"],
  ])("that has a wrong one is told which, and not what it sent: %j ?%s", (headers, query, place) => {
    const told = identify(headers, query);
    expect(told).toMatch(/^unauthenticated: The key in .* is not one of this Dragoman's keys\.$/);
    expect(told).toContain(place);
    expect(told.toLowerCase()).not.toContain("secre");
  });

  test("a digest is no key", () => {
    expect(identify({ "x-api-key": key("alice", "alice-secret").sha256 })).toMatch(/^unauthenticated/);
  });
});

test("keys whose digests begin alike are told apart", () => {
  const real = key("real", "real-secret");
  const twin = { name: "twin", sha256: real.sha256.slice(0, 63) + (real.sha256.endsWith("0") ? "1" : "0") };
  const found = createKeyRing([twin, real]).identify({ "x-api-key": "real-secret" }, new URLSearchParams());
  expect(found).toBe(real);
});

test.each<[readonly string[] | undefined, string, boolean]>([
  [undefined, "anything", true],
  [["claude-*", "fast"], "claude-opus-5-5", true],
  [["claude-*", "fast"], "fast", true],
  [["claude-*", "fast"], "faster", false],
  [["claude-*"], "anthropic/claude-opus-5-5", false],
])("a key for %j and the model %s: %s", (models, model, allowed) => {
  expect(allowsModel(key("a", "k", models === undefined ? {} : { models }), model)).toBe(allowed);
});
