/** What Responses clients alone can say, and what becomes of it with other vendors. */
import { describe, expect, test } from "vitest";
import { LossLedger } from "../src/chat/loss.ts";
import type { ChatRequest } from "../src/chat/chat.ts";
import { send as sendToChat } from "./support/chat-upstream.ts";
import { send as sendToGemini } from "./support/gemini.ts";
import { claude, encodeTarget, upstream } from "./support/messages.ts";
import { decodeItems, decodeResponses } from "./support/responses-client.ts";

/** What goes there, and what is told as lost. */
interface Sent {
  readonly text: string;
  readonly losses: LossLedger["losses"];
}

function sendToClaude(request: ChatRequest): Sent {
  const losses = new LossLedger();
  const { body } = upstream.encodeRequest(request, encodeTarget({ ...claude("claude-opus-5-5"), losses }));
  return { text: body, losses: losses.losses };
}

describe.each<[string, (request: ChatRequest) => Sent]>([
  ["Claude", sendToClaude],
  ["Chat", sendToChat],
  ["Gemini", sendToGemini],
])("to %s", (_where, send) => {
  test("rule 207: nothing is cut off to fit, nor calls counted, and the ledger says so", () => {
    const settings = { truncation: "auto", max_tool_calls: 3 };
    const { text, losses } = send(decodeResponses(settings));
    expect(text).toBe(send(decodeResponses({})).text);
    const told = losses.map(({ code, path, severity }) => `${code} ${path} ${severity}`);
    expect(told).toEqual(["native-field truncation info", "native-field max_tool_calls semantic"]);
  });

  test("rule 184: a refusal of the history is said by the assistant", () => {
    const refusal = { type: "message", role: "assistant", content: [{ type: "refusal", refusal: "No, never." }] };
    const user = (text: string): object => ({ role: "user", content: text });
    const { text, losses } = send(decodeItems(user("Do it."), refusal, user("Why?")));
    const { messages, contents } = JSON.parse(text) as Readonly<Record<string, readonly { readonly role: string }[]>>;
    const turn = (messages ?? contents)?.[1];
    expect(["assistant", "model"]).toContain(turn?.role);
    expect(JSON.stringify(turn)).toContain('"No, never."');
    expect(losses).toEqual([]);
  });
});

test("rule 184: in Chat it stands in the field for refusals", () => {
  const refusal = { type: "message", role: "assistant", content: [{ type: "refusal", refusal: "No, never." }] };
  const { body } = sendToChat(decodeItems({ role: "user", content: "Do it." }, refusal, { role: "user", content: "Why?" }));
  expect(body.messages[1]).toEqual({ role: "assistant", content: null, refusal: "No, never." });
});
