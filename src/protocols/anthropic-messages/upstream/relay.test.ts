import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadCaptures } from "../../../../test/support/captures.ts";
import { anthropic, sealer, upstream } from "../../../../test/support/messages.ts";
import { loadRecordings } from "../../../../test/support/recordings.ts";
import { LossLedger } from "../../../chat/loss.ts";
import { scanObject } from "../../../wire/json-scan.ts";
import { createStateSealer, type StateBinding } from "../../../chat/state.ts";

const issuer = { ...anthropic, model: "claude-up", account: "a" };
const relay = (body: string, model = "claude-up"): string =>
  upstream
    .relayBody(Buffer.from(body), scanObject(Buffer.from(body)), {
      model,
      issuer,
      sealer,
      losses: new LossLedger(),
      mintedBy: () => undefined,
    })
    .toString();

describe("rules 1–3: only the model's bytes change", () => {
  const bodies = [
    ...loadRecordings("anthropic-messages").flatMap(({ request }) => (request ? [request.bytes.toString()] : [])),
    ...loadCaptures().flatMap(({ path, body }) => (path.includes("/v1/messages") ? [JSON.stringify(body, null, 1)] : [])),
  ];
  test.each(bodies.map((body, i) => [i, body] as const))("recorded or captured body %i", (_i, body) => {
    const { model } = JSON.parse(body) as { model: string };
    const at = body.indexOf(JSON.stringify(model), body.indexOf('"model"') + 7);
    expect(relay(body, 'x"y')).toBe(`${body.slice(0, at)}"x\\"y"${body.slice(at + model.length + 2)}`);
  });

  test("number forms, key order, escapes, spaces and nested models stay", () => {
    const around = (model: string): string =>
      `\n{ "z" : 1.0, "metadata":{"model":"inner"}, "n":12345678901234567890, "model"\t:  ${model}  ,"messages":[{"content":"\\u00e9 é","role":"user"}], "e":1e3 }\n`;
    expect(relay(around('"claude-\\u0061"'))).toBe(around('"claude-up"'));
  });

  test("any JSON around the model stays as it is", () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), fc.string(), (before, after, model) => {
        const around = (name: string): string => `{"a":${before},"model":${JSON.stringify(name)},"messages":${after}}`;
        expect(relay(around(model), "new")).toBe(around("new"));
      }),
    );
  });
});

describe("rule 131: state that the target did not mint goes, and nothing else", () => {
  const sealed = (platform: string, binds: StateBinding = "self"): string =>
    sealer.seal({ state: { issuer: { platform }, kind: "thinking", value: 'raw"1' }, binds });
  const thinking = (signature: string): string => `{ "type":"thinking","thinking":"hm" ,"signature":${JSON.stringify(signature)} }`;
  const redacted = (data: string): string => `{"data":${JSON.stringify(data)},"type":"redacted_thinking"}`;
  const text = '{"type":"text","text":"1.0"}';
  const around = (content: string): string =>
    `{"model":"m","messages":[{"role":"user","content":"dragoman-state-v1."}, {"role":"assistant","content":[${content}]} ,{"role":"user","content":[${text}]}]}`;
  const relayed = (content: string): string => relay(around(content)).replace('"claude-up"', '"m"');
  const foreign = thinking(sealed("gemini"));

  test.each([
    [`${foreign} , ${text}`, text],
    [`${text},${foreign}`, text],
    [`${text}, ${foreign} ,${foreign},${text}`, `${text},${text}`],
    [`${foreign},${foreign}, ${text}`, text],
    [`${redacted(sealed("gemini"))},${text}`, text],
    [`${thinking(sealed("gemini", "next-call"))},${text}`, text],
    [`${thinking(`${sealed("anthropic")}x`)},${text}`, text],
    [`${thinking("dragoman-state-v1.not.ours")},${text}`, text],
    [`${thinking("Q2xhdWRl")},${text}`, `${thinking("Q2xhdWRl")},${text}`],
    [`${thinking(sealed("anthropic"))},${text}`, `${thinking('raw"1')},${text}`],
    [redacted(sealed("anthropic")), redacted('raw"1')],
  ])("%#", (given, left) => {
    expect(relayed(given)).toBe(around(left));
  });

  test("a turn that held nothing else goes too", () => {
    expect(relayed(foreign)).toBe(
      `{"model":"m","messages":[{"role":"user","content":"dragoman-state-v1."} ,{"role":"user","content":[${text}]}]}`,
    );
  });

  test("an envelope of another key is nobody's", () => {
    const other = createStateSealer([Buffer.alloc(32, 8)]);
    const signature = other.seal({ state: { issuer: anthropic, kind: "thinking", value: "x" }, binds: "self" });
    expect(relayed(`${thinking(signature)},${text}`)).toBe(around(text));
  });

  test("what is left is always JSON with the same other blocks", () => {
    const block = fc.constantFrom(
      foreign,
      text,
      thinking("raw"),
      redacted(sealed("gemini")),
      '{"type":"tool_use","input":{"signature":"dragoman-state-v1.x"}}',
    );
    fc.assert(
      fc.property(fc.array(fc.array(block, { minLength: 1, maxLength: 6 }), { maxLength: 5 }), (messages) => {
        const body = `{"messages":[${messages.map((blocks) => `{"content":[${blocks.join(",")}]}`).join(" , ")}],"model":"m"}`;
        const kept = messages.map((blocks) => blocks.filter((one) => !one.includes("dragoman-state-v1.") || one.includes("tool_use")));
        const expected = kept
          .filter((blocks) => blocks.length > 0)
          .map((blocks) => ({ content: blocks.map((one) => JSON.parse(one) as unknown) }));
        expect(JSON.parse(relay(body))).toEqual({ messages: expected, model: "claude-up" });
      }),
    );
  });
});

describe("rule 131: state that is known to be another account's or model's goes, and nothing else", () => {
  const mine = { ...issuer, platform: "anthropic" };
  const minters = new Map([
    ["bWluZQ==", mine],
    ["b3RoZXI=", { ...mine, account: "b" }],
    ["bW9kZWw=", { ...mine, model: "claude-other" }],
  ]);
  const thinking = (signature: string): string => `{"type":"thinking","thinking":"","signature":"${signature}"}`;
  const redacted = (data: string): string => `{"type":"redacted_thinking","data" : "${data}"}`;
  const text = '{"type":"text","text":"1.0"}';
  const around = (content: string): Buffer =>
    Buffer.from(`{"model":"claude-up","messages":[{"role":"user","content":"b3RoZXI="},{"role":"assistant","content":[${content}]}]}`);
  const known = { sealer, mintedBy: (state: string) => minters.get(state) };
  const relayed = (content: string): { body: string; losses: number } => {
    const losses = new LossLedger();
    const body = around(content);
    const target = { ...known, model: "claude-up", issuer: mine, losses };
    return { body: upstream.relayBody(body, scanObject(body), target).toString(), losses: losses.losses.length };
  };

  test.each([
    ["all the target's own", [thinking("bWluZQ=="), text], [thinking("bWluZQ=="), text], 0],
    ["what nobody knows", [thinking("dW5rbm93bg=="), text], [thinking("dW5rbm93bg=="), text], 0],
    ["another account's", [thinking("b3RoZXI="), redacted("b3RoZXI="), text], [text], 2],
    ["another model's", [redacted("bW9kZWw="), text], [text], 1],
    [
      "another's between the target's own",
      [thinking("bWluZQ=="), text, thinking("b3RoZXI="), thinking("bWluZQ=="), thinking("dW5rbm93bg==")],
      [thinking("bWluZQ=="), text, thinking("bWluZQ=="), thinking("dW5rbm93bg==")],
      1,
    ],
  ])("%s", (_what, given, left, losses) => {
    expect(relayed(given.join(","))).toEqual({ body: around(left.join(",")).toString(), losses });
  });

  test("the newest tells whom the conversation belongs to", () => {
    const sealed = sealer.seal({ state: { issuer: { platform: "gemini", account: "g" }, kind: "thinking", value: "x" }, binds: "self" });
    const body = around([thinking("bWluZQ=="), thinking("dW5rbm93bg=="), redacted("b3RoZXI="), thinking(sealed)].join(","));
    expect([...upstream.stateIssuers(body, known)].map(({ account }) => account)).toEqual(["g", "b", "a"]);
  });
});

describe("what a relayed request says besides its body", () => {
  test("rule 9: the query passes, but for a key (rule 432)", () => {
    const query = new URLSearchParams("beta=true&key=secret&x=1");
    expect(upstream.relayPath("generate", "m", true, query)).toBe("/v1/messages?beta=true&x=1");
    expect(upstream.relayPath("count-tokens", "m", false, new URLSearchParams())).toBe("/v1/messages/count_tokens");
    expect(upstream.relayPath("list-models", "", false, new URLSearchParams("limit=3"))).toBe("/v1/models?limit=3");
    expect(upstream.relayPath("get-model", "a/b", false, new URLSearchParams())).toBe("/v1/models/a%2Fb");
  });

  const passing = [
    "anthropic-version anthropic-beta anthropic-dangerous-direct-browser-access x-stainless-retry-count x-app",
    "x-claude-code-session-id x-claude-code-agent-id x-claude-1p-request-class user-agent accept content-type",
  ];
  test.each(passing.join(" ").split(" "))("%s passes", (name) => expect(upstream.relaysRequestHeader(name)).toBe(true));

  const stopped = [
    "authorization x-api-key x-goog-api-key api-key cookie host connection content-length accept-encoding",
    "x-forwarded-for x-forwarded-host forwarded proxy-authorization transfer-encoding origin referer x-unknown",
  ];
  test.each(stopped.join(" ").split(" "))("%s does not", (name) => expect(upstream.relaysRequestHeader(name)).toBe(false));
});
