import { describe, expect, test } from "vitest";
import { conversation, issuer, send, text } from "../../../../test/support/gemini.ts";
import { profileFor } from "../../../catalog/profiles/index.ts";
import { LossLedger } from "../../../chat/loss.ts";
import { gemini } from "../index.ts";

const { upstream } = gemini;
const chat = conversation([{ role: "user", content: [text("hi")] }]);
const targetFor = (model: string) => ({
  model,
  profile: profileFor({ platform: "gemini", model: model, protocol: "gemini" }),
  issuer,
  losses: new LossLedger(),
});

describe("paths", () => {
  test("streams ask for events", () => {
    expect(send(chat, "gemini-2.5-pro").path).toBe("/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse");
    expect(send({ ...chat, stream: false }, "models/gemini-2.5-pro").path).toBe("/v1beta/models/gemini-2.5-pro:generateContent");
    expect(send({ ...chat, stream: false }, "tunedModels/mine-1").path).toBe("/v1beta/tunedModels/mine-1:generateContent");
  });

  test.for(["", "..", "../../v1/x", "a/b", "a?key=1", "a#b", "a:deleteModel", "a%2fb", "a b", "é", "models/../x", "\ud800"])(
    "no model name leads elsewhere: %j",
    (model) => {
      expect(() => send(chat, model)).toThrow(expect.objectContaining({ kind: "model-not-found" }));
      expect(() => upstream.relayPath("generate", model, true, new URLSearchParams())).toThrow(
        expect.objectContaining({ kind: "model-not-found" }),
      );
    },
  );
});

describe("bodies", () => {
  test("rule 4: keys stand in one order, and the same request gives the same bytes", () => {
    const full = conversation([{ role: "user", content: [text("hi")] }], {
      system: [{ type: "text", text: "s", turn: -1, path: "system" }],
      tools: [{ type: "function", name: "f", path: "tools[0]", inputSchema: {} }],
      toolChoice: { mode: "auto" },
      maxOutputTokens: 5,
    });
    const { text: body } = send(full);
    expect(Object.keys(JSON.parse(body) as object)).toEqual(["systemInstruction", "tools", "toolConfig", "contents", "generationConfig"]);
    expect(send(full).text).toBe(body);
  });

  test("no safety settings are sent", () => {
    expect(send(chat).text).toBe('{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}');
  });

  test("rules 362 and 401: fields of other protocols are on the ledger", () => {
    const { losses } = send({
      ...chat,
      endUser: "u1",
      native: {
        protocol: "anthropic-messages",
        fields: { context_management: { edits: [] }, service_tier: "auto", thread: { type: "continue" }, novelty: 1 },
      },
    });
    expect(losses.map(({ code, path, severity }) => `${code} ${path} ${severity}`)).toEqual([
      "native-field context_management info",
      "native-field service_tier info",
      "native-field thread contract",
      "native-field novelty semantic",
      "end-user metadata.user_id info",
    ]);
  });
});

describe("token counts", () => {
  test("count what would be sent", () => {
    const counted = upstream.encodeTokenCount(
      { ...chat, maxOutputTokens: 5, tools: [{ type: "function", name: "f", path: "tools[0]", inputSchema: {} }] },
      targetFor("gemini-3.8-pro"),
    );
    expect(counted.path).toBe("/v1beta/models/gemini-3.8-pro:countTokens");
    expect(JSON.parse(counted.body)).toEqual({
      generateContentRequest: {
        model: "models/gemini-3.8-pro",
        tools: [{ functionDeclarations: [{ name: "f", description: "", parametersJsonSchema: { type: "object" } }] }],
        contents: [{ role: "user", parts: [{ text: "hi" }] }],
      },
    });
  });

  test("an answer without a total is the upstream's fault", () => {
    expect(upstream.decodeTokenCount({ totalTokens: 11 })).toBe(11);
    expect(() => upstream.decodeTokenCount({ tokens: 11 })).toThrow(expect.objectContaining({ kind: "upstream" }));
  });
});
