/** Gemini for tests: frames by hand, decoded and folded, the grammar checked on the way; conversations as they are sent. */
import { expect } from "vitest";
import { profileFor } from "../../src/catalog/profiles/index.ts";
import type { ChatRequest, ChatResponse, Content, Effort, Item, Turn } from "../../src/chat/chat.ts";
import { collect } from "../../src/chat/collect.ts";
import type { ChatEvent } from "../../src/chat/events.ts";
import { checkGrammar } from "../../src/chat/grammar.ts";
import type { JsonObject } from "../../src/chat/json.ts";
import { LossLedger, type Loss } from "../../src/chat/loss.ts";
import type { OpaqueState } from "../../src/chat/state.ts";
import { encodeRequest } from "../../src/protocols/gemini/upstream/request.ts";
import { GeminiStreamDecoder } from "../../src/protocols/gemini/upstream/stream.ts";
import type { Profile } from "../../src/protocols/profile.ts";
import type { DecodeContext } from "../../src/protocols/protocol.ts";

export const issuer = { platform: "gemini", model: "m", account: "a" };
export const request: ChatRequest = { model: "m", stream: true, system: [], turns: [], items: [], tools: [], sampling: {} };

/** State as the decoder makes it. */
export const signed = (value: string): object => ({ issuer, kind: "thought-signature", value });

/** One body with these parts, and what else its candidate holds. */
export const frame = (parts: readonly unknown[], more: object = {}): object => ({
  candidates: [{ content: { role: "model", parts }, ...more }],
  responseId: "r1",
});

export const stop = { finishReason: "STOP" };

/** Frames by their JSON text, so that numbers can be written as the wire writes them. */
export function decodeTexts(frames: readonly string[], context: DecodeContext = { issuer }): ChatEvent[] {
  const decoder = new GeminiStreamDecoder(context);
  const events = [...frames.flatMap((data) => decoder.push({ event: "", data })), ...decoder.end()];
  expect(checkGrammar(events)).toBeUndefined();
  return events;
}

/** The answer that the frames make. */
export function fold(frames: readonly unknown[], context?: DecodeContext): ChatResponse {
  return collect(
    decodeTexts(
      frames.map((one) => JSON.stringify(one)),
      context,
    ),
  );
}

/** One turn of a conversation. */
export interface Said {
  readonly role: Turn["role"];
  readonly content: readonly Content[];
  readonly effort?: Effort;
}

/** A request with these turns, items numbered and placed as a decoder would. */
export function conversation(turns: readonly Said[], more: Partial<ChatRequest> = {}): ChatRequest {
  return {
    ...request,
    turns: turns.map(({ role, effort }) => ({ role, ...(effort && { effort }) })),
    items: turns.flatMap(({ content }, turn) => content.map((one, i): Item => ({ ...one, turn, path: `messages[${turn}].content[${i}]` }))),
    ...more,
  };
}

export const text = (words: string): Content => ({ type: "text", text: words });
export const call = (id: string, name: string, input = "{}", state?: OpaqueState): Content => ({
  type: "tool-call",
  kind: "function",
  id,
  name,
  input,
  ...(state && { state }),
});
export const result = (callId: string, content: string | readonly Content[], isError = false): Content => ({
  type: "tool-result",
  callId,
  content: typeof content === "string" ? [text(content)] : content,
  isError,
});

/** A body as it was sent. */
export interface SentBody {
  readonly systemInstruction?: { readonly parts: readonly JsonObject[] };
  readonly tools?: readonly JsonObject[];
  readonly toolConfig?: JsonObject;
  readonly contents: readonly { readonly role: string; readonly parts: readonly JsonObject[] }[];
  readonly generationConfig?: JsonObject;
}

/** What goes to this model, and what is lost on the way. */
export function send(
  chat: ChatRequest,
  model = "gemini-3.8-pro",
  facts: Partial<Profile> = {},
): { path: string; text: string; body: SentBody; scanStops?: readonly string[]; losses: readonly Loss[] } {
  const ledger = new LossLedger();
  const profile = { ...profileFor({ platform: "gemini", model, protocol: "gemini" }), ...facts };
  const encoded = encodeRequest(chat, { model, profile, issuer, losses: ledger });
  return { ...encoded, text: encoded.body, body: JSON.parse(encoded.body) as SentBody, losses: ledger.losses };
}
