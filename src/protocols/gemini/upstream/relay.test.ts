import { LossLedger } from "../../../chat/loss.ts";
import { describe, expect, test } from "vitest";
import { loadRecordings, rechunk } from "../../../../test/support/recordings.ts";
import { createStateSealer } from "../../../chat/state.ts";
import { scanObject } from "../../../wire/json-scan.ts";
import { gemini } from "../index.ts";
import { sealSignature, SIGNATURE_SENTINEL } from "../state.ts";

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
});

describe("relayed bodies", () => {
  const sealer = createStateSealer([Buffer.alloc(32, 7)]);
  const relay = (body: string): { body: string; losses: number } => {
    const losses = new LossLedger();
    const bytes = Buffer.from(body);
    const target = { model: "other", issuer: { platform: "gemini", model: "other" }, sealer, losses, mintedBy: () => undefined };
    return { body: upstream.relayBody(bytes, scanObject(bytes), target).toString(), losses: losses.losses.length };
  };
  const foreign = sealSignature([{ issuer: { platform: "anthropic" }, kind: "thinking", value: "sig" }], sealer) as string;

  test("rules 1, 2: they pass as they are, unknown fields, numbers and raw signatures included", () => {
    const body = `{ "contents" : [{"parts":[{"text":"a","thoughtSignature":"AbC="},{"new":[1.0, 1e3, 12345678901234567890, "\\u00e9"]}]}], "x":1}`;
    expect(relay(body)).toEqual({ body, losses: 0 });
  });

  test("rule 140: an envelope of another vendor's becomes the stand-in on the first call of a content, and nothing elsewhere", () => {
    const parts = (a: string, b: string, c: string): string =>
      `[{"text":"a", "thoughtSignature": ${a}},{"functionCall":{"name":"f"},"thoughtSignature":${b}},{"function_call":{"name":"g"},"thought_signature":${c}}]`;
    const given = `{"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":${parts(`"${foreign}"`, `"${foreign}"`, `"${foreign}"`)}}]}`;
    const sent = `{"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":${parts('""', `"${SIGNATURE_SENTINEL}"`, '""')}}]}`;
    expect(relay(given)).toEqual({ body: sent, losses: 3 });
  });

  test("what only carried an envelope goes, and an envelope around the target's own state opens", () => {
    const carrier = `{"text":"","thoughtSignature":"${foreign}"}`;
    expect(
      relay(`{"contents":[{"parts":[{"text":"a"},${carrier}]},{"parts":[${carrier}]},{"parts":[${carrier},{"text":"b"}]}]}`).body,
    ).toBe(`{"contents":[{"parts":[{"text":"a"}]},{"parts":[{"text":"b"}]}]}`);
    const state = { issuer: { platform: "gemini", model: "other" }, kind: "thought-signature", value: "AbC=" } as const;
    const own = sealSignature([{ issuer: { platform: "anthropic" }, kind: "thinking", value: "sig" }, state], sealer) as string;
    expect(relay(`{"contents":[{"parts":[{"text":"a","thoughtSignature":"${own}"}]}]}`).body).toContain('"thoughtSignature":"AbC="');
  });

  test("rule 378: a model that the body names is the one in the path", () => {
    expect(relay('{"generateContentRequest":{"model":"models/asked","contents":[]}}').body).toBe(
      '{"generateContentRequest":{"model":"models/other","contents":[]}}',
    );
  });
});

describe("rule 140: signatures that are known to be another key's or model's", () => {
  const sealer = createStateSealer([Buffer.alloc(32, 7)]);
  const issuer = { platform: "gemini", model: "m", account: "a" };
  const minters = new Map([
    ["bWluZQ==", issuer],
    ["b3RoZXI=", { ...issuer, account: "b" }],
    ["bW9kZWw=", { ...issuer, model: "n" }],
  ]);
  const known = { sealer, mintedBy: (state: string) => minters.get(state) };
  const call = (signature: string): string => `{"functionCall":{"name":"f"},"thoughtSignature":"${signature}"}`;
  const text = (said: string, signature: string): string => `{"text":"${said}","thought_signature":"${signature}"}`;
  const around = (parts: string): Buffer => Buffer.from(`{"contents":[{"role":"model","parts":[${parts}]}]}`);

  test.each([
    ["the target's own", [text("a", "bWluZQ=="), call("bWluZQ==")], [text("a", "bWluZQ=="), call("bWluZQ==")]],
    ["what nobody knows", [call("dW5rbm93bg==")], [call("dW5rbm93bg==")]],
    ["another key's on a first call", [call("b3RoZXI="), call("b3RoZXI=")], [call(SIGNATURE_SENTINEL), call("")]],
    ["another model's on text", [text("a", "bW9kZWw="), text("", "bW9kZWw="), call("bWluZQ==")], [text("a", ""), call("bWluZQ==")]],
  ])("%s", (_what, given, left) => {
    const body = around(given.join(","));
    const target = { ...known, model: "m", issuer, losses: new LossLedger() };
    expect(upstream.relayBody(body, scanObject(body), target).toString()).toBe(around(left.join(",")).toString());
  });

  test("the newest tells whom the conversation belongs to", () => {
    const sealed = sealSignature([{ issuer: { platform: "anthropic", account: "c" }, kind: "thinking", value: "x" }], sealer);
    const body = around([text("a", "bWluZQ=="), call("dW5rbm93bg=="), call("b3RoZXI="), text("b", sealed ?? "")].join(","));
    expect([...upstream.stateIssuers(body, known)].map(({ account }) => account)).toEqual(["c", "b", "a"]);
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
      expect(tap.minted).toEqual([...said.matchAll(/"thoughtSignature": ?"([^"]+)"/g)].map(([, signature]) => signature));
    }
  });

  test.each([
    ["an array", '[{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}]'],
    ["events", 'data: {"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}\n\n'],
  ])("knows %s by what comes after any space", (_what, stream) => {
    const tap = upstream.relayTap();
    for (const piece of ["\n", ` \n${stream}`]) tap.push(Buffer.from(piece));
    expect(tap).toMatchObject({ begun: true, finished: true });
  });

  test("hears the stream's own error", () => {
    const tap = upstream.relayTap();
    tap.push(Buffer.from('data: {"error":{"code":503,"status":"UNAVAILABLE","message":"busy"}}\n\n'));
    expect(tap.error?.kind).toBe("overloaded");
    expect(tap.finished).toBe(false);
  });
});
