import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createAdminAccess } from "./admin.ts";
import { createKeyRing, type KeyRing, type RequestHeaders } from "./keys.ts";

const LOCAL = { host: "127.0.0.1:8317" };
const ring = (...keys: readonly string[]): KeyRing =>
  createKeyRing(keys.map((key) => ({ name: `name of ${key}`, sha256: createHash("sha256").update(key).digest("hex") })));

function refusal(headers: RequestHeaders, { keys, remoteAddress = "127.0.0.1" }: { keys?: KeyRing; remoteAddress?: string } = {}) {
  const error = createAdminAccess("admin-hunter2")({ remoteAddress, headers: { ...LOCAL, ...headers } }, keys);
  return error && `${error.kind}: ${error.message}`;
}

test.each([{ authorization: "Bearer admin-hunter2" }, { "x-api-key": "admin-hunter2" }])(
  "%j opens it, with keys and without",
  (headers) => {
    expect(refusal(headers)).toBeUndefined();
    expect(refusal(headers, { keys: ring("alices-key") })).toBeUndefined();
  },
);

test("a dummy key beside the admin key does no harm", () => {
  expect(refusal({ authorization: "Bearer any", "x-api-key": "admin-hunter2" })).toBeUndefined();
});

test.each([
  [{}, /asks for the admin key.*admin\.key/],
  [{ authorization: "Basic YWRtaW4taHVudGVyMg==" }, /asks for the admin key/],
  [{ "x-goog-api-key": "admin-hunter2" }, /asks for the admin key/],
  [{ "x-api-key": "admin-hunter" }, /not the admin key/],
  [{ "x-api-key": "admin-hunter22" }, /not the admin key/],
])("%j does not", (headers, message) => {
  expect(refusal(headers)).toMatch(/^unauthenticated/);
  expect(refusal(headers)).toMatch(message);
});

test("a virtual key is not the admin key, nor the admin key one if it is a virtual key too", () => {
  expect(refusal({ "x-api-key": "alices-key" }, { keys: ring("alices-key") })).toMatch(/^unauthenticated: A virtual key is not/);
  expect(refusal({ "x-api-key": "admin-hunter2" }, { keys: ring("admin-hunter2") })).toMatch(/^unauthenticated: .*virtual key too/);
});

test.each([
  [{}, "192.168.1.4", /own machine/],
  [{ host: "evil.example" }, "127.0.0.1", /`Host`/],
  [{ "x-forwarded-for": "1.2.3.4" }, "127.0.0.1", /proxy/],
  [{ forwarded: "for=1.2.3.4" }, "127.0.0.1", /proxy/],
  [{ origin: "https://evil.example" }, "127.0.0.1", /web page/],
  [{ "sec-fetch-site": "cross-site" }, "127.0.0.1", /web page/],
])("the key alone is not enough: %j from %s", (headers, remoteAddress, message) => {
  const told = refusal({ ...headers, "x-api-key": "admin-hunter2" }, { remoteAddress });
  expect(told).toMatch(/^permission: The admin API .*tunnel/);
  expect(told).toMatch(message);
});

test("no refusal repeats what was sent", () => {
  expect(refusal({ "x-api-key": "wrong-hunter2" })).not.toContain("hunter2");
});
