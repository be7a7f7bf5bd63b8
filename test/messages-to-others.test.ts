/** What Messages clients alone can say, and what becomes of it with other vendors. */
import { describe, expect, test } from "vitest";
import type { Loss } from "../src/chat/loss.ts";
import { loadCaptures } from "./support/captures.ts";
import { send as sendToChat } from "./support/chat-upstream.ts";
import { send as sendToGemini } from "./support/gemini.ts";
import { chatRequest } from "./support/messages.ts";
import { send as sendToResponses } from "./support/responses-upstream.ts";

const told = (losses: readonly Loss[]) => losses.map(({ code, path, severity }) => `${code} ${path} ${severity}`);

describe("rule 175: documents of text are text, and their citations are lost", () => {
  const cited = { citations: { enabled: true } };
  const content = [
    { type: "document", title: "Facts", source: { type: "text", media_type: "text/plain", data: "Grass is green." }, ...cited },
    { type: "document", source: { type: "content", content: [{ type: "text", text: "The sky is blue." }] }, ...cited },
  ];
  const request = chatRequest({ messages: [{ role: "user", content }] });
  const lost = [0, 1].map((index) => `native-field messages[0].content[${index}].citations semantic`);

  test("in Chat", () => {
    const { body, losses } = sendToChat(request);
    const texts = ["Facts\nGrass is green.", "The sky is blue."].map((text) => ({ type: "text", text }));
    expect(body.messages).toEqual([{ role: "user", content: texts }]);
    expect(told(losses)).toEqual(lost);
  });

  test("in Gemini", () => {
    const { body, losses } = sendToGemini(request);
    const inlineData = { mimeType: "text/plain", data: Buffer.from("Grass is green.").toString("base64") };
    expect(body.contents).toEqual([{ role: "user", parts: [{ text: "Facts" }, { inlineData }, { text: "The sky is blue." }] }]);
    expect(told(losses)).toEqual(lost);
  });
});

const sendings = [
  ["Chat", sendToChat],
  ["Gemini", sendToGemini],
  ["Responses", sendToResponses],
] as const;

describe.each(sendings)("in %s", (_protocol, send) => {
  test("rules 362 and 363: nothing of the context is edited, nor summed up, and that is told", () => {
    const edits = [{ type: "clear_tool_uses_20250919" }, { type: "compact_20260112", trigger: { type: "input_tokens", value: 50_000 } }];
    const { text, losses } = send(chatRequest({ context_management: { edits } }));
    expect(text).toBe(send(chatRequest({})).text);
    expect(told(losses)).toEqual(["native-field context_management info"]);
  });

  test("rule 401: a thread of Anthropic's cannot be gone on with", () => {
    const { losses } = send(chatRequest({ thread: { type: "continue", id: "thread_1" } }));
    expect(told(losses)).toEqual(["native-field thread contract"]);
  });

  test("rule 441: how Anthropic is to stream a tool's input goes to nobody else", () => {
    const [captured] = loadCaptures().filter(({ name }) => name === "ai-anthropic/tool/01");
    expect(captured?.body).toHaveProperty("tools[0].eager_input_streaming", true);
    const { text, losses } = send(chatRequest(captured?.body ?? {}));
    expect(text).toContain('"run_shell"');
    expect(text).not.toContain("eager_input_streaming");
    expect(told(losses)).toContain("native-field tools[0].eager_input_streaming info");
  });
});

test("rule 442: a temperature beside thinking goes where it is taken, and nowhere else", () => {
  const request = chatRequest({ temperature: 0.5, thinking: { type: "adaptive" }, output_config: { effort: "high" } });
  for (const refusing of [sendToChat(request, { model: "gpt-6" }), sendToResponses(request, { model: "gpt-6" })]) {
    expect(refusing.body).not.toHaveProperty("temperature");
    expect(told(refusing.losses)).toContain("sampling-ignored temperature semantic");
  }
  expect(sendToGemini(request).body.generationConfig).toMatchObject({ temperature: 0.5 });
});

test("rule 205: speed does not become a service tier by itself", () => {
  const request = chatRequest({ speed: "fast" });
  for (const { body, losses } of [sendToChat(request), sendToGemini(request)]) {
    expect(Object.keys(body)).not.toContain("service_tier");
    expect(Object.keys(body)).not.toContain("serviceTier");
    expect(told(losses)).toEqual(["native-field speed info"]);
  }
});
