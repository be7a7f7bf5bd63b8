import { describe, expect, test } from "vitest";
import type { RequestHeaders } from "./keys.ts";
import { refuseWithoutKeys } from "./origin.ts";

const LOCAL = { host: "127.0.0.1:8317", "content-type": "application/json", "content-length": "2" };

function refusal(headers: RequestHeaders, remoteAddress: string | undefined = "127.0.0.1") {
  const error = refuseWithoutKeys({ remoteAddress, headers });
  return error && `${error.kind}: ${error.message}`;
}

test.each(["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])("a peer at %s is served", (address) => {
  expect(refusal(LOCAL, address)).toBeUndefined();
});

test.each(["192.168.1.4", "10.0.0.1", "::ffff:192.168.1.4", "fe80::1", "", "localhost"])("a peer at %j is not", (address) => {
  expect(refusal(LOCAL, address)).toMatch(/^permission: .*own machine only.*Configure `keys`/);
});

test("a peer without an address is not served", () => {
  expect(refuseWithoutKeys({ remoteAddress: undefined, headers: LOCAL })?.kind).toBe("permission");
});

describe("the name it was called by", () => {
  test.each(["localhost", "LOCALHOST:8317", "127.0.0.1", "127.1.2.3:80", "[::1]:8317", "dragoman.localhost:8317"])(
    "%s is its own",
    (host) => {
      expect(refusal({ ...LOCAL, host })).toBeUndefined();
    },
  );

  test.each([
    "evil.example",
    "evil.example:8317",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "192.168.1.4",
    "evil.example@",
    "",
    ":",
    "a b",
  ])("%j is foreign: a page may have given its own name this address", (host) => {
    expect(refusal({ ...LOCAL, host })).toMatch(/^permission: .*`Host`/);
  });

  test("none is refused", () => {
    expect(refusal({ "content-type": "application/json" })).toMatch(/^permission/);
  });
});

describe("web pages", () => {
  test.each([
    { origin: "https://evil.example" },
    { origin: "http://evil.example:8317" },
    { origin: "null" },
    { origin: "file://" },
    { origin: "chrome-extension://abcdef" },
    { origin: "https://localhost.evil.example" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "cross-site", origin: "http://localhost:3000" },
  ])("of another site are refused: %j", (headers) => {
    expect(refusal({ ...LOCAL, ...headers })).toMatch(/^permission: .*web page/);
  });

  test.each([
    { origin: "http://localhost:3000", "sec-fetch-site": "same-site" },
    { origin: "http://127.0.0.1:8317", "sec-fetch-site": "same-origin" },
    { origin: "http://[::1]:5173" },
    { "sec-fetch-site": "none" },
  ])("of this machine are served: %j", (headers) => {
    expect(refusal({ ...LOCAL, ...headers })).toBeUndefined();
  });
});

describe("bodies", () => {
  test.each(["application/json", "application/json; charset=utf-8", "Application/JSON"])("of type %s are read", (type) => {
    expect(refusal({ ...LOCAL, "content-type": type })).toBeUndefined();
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain; application/json", ""])(
    "of type %j are refused: a page could send them without asking",
    (type) => {
      expect(refusal({ ...LOCAL, "content-type": type })).toMatch(/^invalid-request: .*application\/json/);
      expect(refusal({ host: "localhost", "transfer-encoding": "chunked", "content-type": type })).toMatch(/^invalid-request/);
    },
  );

  test("a request without a body needs no type", () => {
    expect(refusal({ host: "localhost" })).toBeUndefined();
    expect(refusal({ host: "localhost", "content-length": "0" })).toBeUndefined();
  });
});
