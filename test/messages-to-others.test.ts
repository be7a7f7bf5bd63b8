/** What Messages clients alone can say, and what becomes of it with other vendors. */
import { describe, expect, test } from "vitest";
import type { Loss } from "../src/chat/loss.ts";
import { send as sendToChat } from "./support/chat-upstream.ts";
import { send as sendToGemini } from "./support/gemini.ts";
import { chatRequest } from "./support/messages.ts";

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

test("rule 205: speed does not become a service tier by itself", () => {
  const request = chatRequest({ speed: "fast" });
  for (const { body, losses } of [sendToChat(request), sendToGemini(request)]) {
    expect(Object.keys(body)).not.toContain("service_tier");
    expect(Object.keys(body)).not.toContain("serviceTier");
    expect(told(losses)).toEqual(["native-field speed info"]);
  }
});
