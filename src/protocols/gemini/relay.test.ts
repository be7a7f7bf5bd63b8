import { LossLedger } from "../../chat/loss.ts";
import { describe, expect, test } from "vitest";
import { loadRecordings, rechunk } from "../../../test/support/recordings.ts";
import { gemini } from "./index.ts";

const { upstream } = gemini;

describe("relayed requests", () => {
  test("paths keep the query, but no key (rule 432)", () => {
    const query = new URLSearchParams("alt=sse&key=secret");
    expect(upstream.relayPath("generate", "gemini-2.5-pro", true, query)).toBe(
      "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
    );
    expect(upstream.relayPath("generate", "gemini-2.5-pro", false, new URLSearchParams())).toBe(
      "/v1beta/models/gemini-2.5-pro:generateContent",
    );
    expect(upstream.relayPath("count-tokens", "m", false, new URLSearchParams())).toBe("/v1beta/models/m:countTokens");
    expect(upstream.relayPath("list-models", "", false, new URLSearchParams("pageSize=5"))).toBe("/v1beta/models?pageSize=5");
    expect(upstream.relayPath("get-model", "m", false, new URLSearchParams())).toBe("/v1beta/models/m");
  });

  test("keys, cookies and addresses are no headers of a relayed request", () => {
    const names = [
      "x-goog-api-client",
      "content-type",
      "x-goog-api-key",
      "authorization",
      "cookie",
      "x-forwarded-for",
      "host",
      "x-goog-user-project",
    ];
    expect(names.filter((name) => upstream.relaysRequestHeader(name))).toEqual(["x-goog-api-client", "content-type"]);
  });

  test("the body passes as it is", () => {
    const body = Buffer.from('{ "contents" : [] }');
    expect(
      upstream.relayBody(body, new Map(), {
        model: "other",
        issuer: { platform: "gemini" },
        sealer: { seal: () => "", open: () => undefined },
        losses: new LossLedger(),
      }),
    ).toBe(body);
  });
});

describe("the tap", () => {
  const streams = loadRecordings("gemini").filter(({ response }) => response.sse !== undefined || Array.isArray(response.body));

  test.for(streams)("$name", ({ response }) => {
    for (const seed of [0, 3]) {
      const tap = upstream.relayTap();
      for (const chunk of rechunk(response.bytes, seed)) tap.push(chunk);
      tap.end();
      expect(tap.finished).toBe(true);
      expect(tap.error).toBeUndefined();
      const said = response.bytes.toString();
      expect(tap.begun).toBe(said.includes('"parts"'));
      expect(tap.usage?.input === undefined).toBe(!said.includes('"promptTokenCount"'));
    }
  });

  test("hears the stream's own error", () => {
    const tap = upstream.relayTap();
    tap.push(Buffer.from('data: {"error":{"code":503,"status":"UNAVAILABLE","message":"busy"}}\n\n'));
    expect(tap.error?.kind).toBe("overloaded");
    expect(tap.finished).toBe(false);
  });
});
