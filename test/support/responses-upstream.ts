/** Responses upstreams for tests: requests as they are sent, events by hand, the grammar checked on the way. */
import { expect } from "vitest";
import { profileFor } from "../../src/catalog/profiles/index.ts";
import type { ChatRequest, ChatResponse } from "../../src/chat/chat.ts";
import { collect } from "../../src/chat/collect.ts";
import type { ChatEvent } from "../../src/chat/events.ts";
import { checkGrammar } from "../../src/chat/grammar.ts";
import type { JsonObject } from "../../src/chat/json.ts";
import { LossLedger, type Loss } from "../../src/chat/loss.ts";
import type { OpaqueState } from "../../src/chat/state.ts";
import { packReasoning, type ReasoningItem } from "../../src/protocols/openai-responses/reasoning-state.ts";
import { encodeRequest } from "../../src/protocols/openai-responses/upstream/request-encode.ts";
import { ResponsesStreamDecoder } from "../../src/protocols/openai-responses/upstream/stream-decode.ts";
import type { Profile } from "../../src/protocols/profile.ts";
import type { DecodeContext } from "../../src/protocols/protocol.ts";
import type { ResponsesDialect } from "../../src/protocols/responses-dialect.ts";
import { OPENAI_RESPONSES } from "../../src/providers/openai/index.ts";

export const issuer = { platform: "openai", model: "m", account: "a" };

/** A body as it was sent. */
export interface SentBody extends JsonObject {
  readonly input: readonly JsonObject[];
  readonly tools?: readonly JsonObject[];
}

/** Where a request goes: OpenAI, unless said otherwise. */
export interface SendOptions {
  readonly model?: string;
  readonly facts?: Partial<Profile>;
  /** Absent: OpenAI's; `null`: a server of which nothing is known. */
  readonly dialect?: Partial<ResponsesDialect> | null;
}

/** What goes to this server, and what is lost on the way. */
export function send(
  chat: ChatRequest,
  { model = "gpt-5.2", facts = {}, dialect = {} }: SendOptions = {},
): { text: string; body: SentBody; losses: readonly Loss[]; scanStops: readonly string[] | undefined } {
  const ledger = new LossLedger();
  const profile = {
    ...profileFor({ platform: "openai", model, protocol: "openai-responses" }),
    ...(dialect && { responses: { ...OPENAI_RESPONSES, ...dialect } }),
    ...facts,
  };
  const encoded = encodeRequest(chat, { model, profile, issuer, losses: ledger });
  expect(encoded.path).toBe("/responses");
  return { text: encoded.body, body: JSON.parse(encoded.body) as SentBody, losses: ledger.losses, scanStops: encoded.scanStops };
}

/** State as the decoder makes it of an item with this summary. */
export function minted(item: ReasoningItem, by = issuer): OpaqueState {
  return packReasoning(item, item.summary.join("\n\n"), by) as OpaqueState;
}

/** Events of this stream; text stands for data that is no JSON of ours. */
export function decodeStream(stream: readonly (object | string)[], context: DecodeContext = { issuer }): ChatEvent[] {
  const decoder = new ResponsesStreamDecoder(context);
  const frames = stream.map((one) => ({ event: "", data: typeof one === "string" ? one : JSON.stringify(one) }));
  const events = [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()];
  expect(checkGrammar(events)).toBeUndefined();
  return events;
}

/** The answer that the events make. */
export function fold(stream: readonly (object | string)[], context?: DecodeContext): ChatResponse {
  return collect(decodeStream(stream, context));
}

/** What an answer says, piece by piece; the types of pieces that are no text. */
export function textsOf({ items }: ChatResponse): string[] {
  return items.map((item) => ("text" in item ? (item.text ?? "") : item.type));
}

/** An event about an answer's item. */
export const event = (type: string, index: number, more: object = {}): object => ({
  type: `response.${type}`,
  output_index: index,
  ...more,
});
export const added = (index: number, item: object): object => event("output_item.added", index, { item });
export const done = (index: number, item: object): object => event("output_item.done", index, { item });
/** Text of a message. */
export const textDelta = (words: string, index = 0, more: object = {}): object =>
  event("output_text.delta", index, { content_index: 0, delta: words, ...more });

export const created = { type: "response.created", response: { id: "resp_1", model: "m", status: "in_progress", output: [] } };

/** The end of an answer. */
export function completed(output: readonly object[] = [], more: object = {}): object {
  return { type: "response.completed", response: { id: "resp_1", object: "response", model: "m", status: "completed", output, ...more } };
}

/** A message's item with one text. */
export const message = (text: string, more: object = {}): object => ({
  type: "message",
  id: "msg_1",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text, annotations: [] }],
  ...more,
});

/** A function's call. */
export const functionCall = (id: string, name: string, input: string, more: object = {}): object => ({
  type: "function_call",
  id: `fc_${id}`,
  call_id: id,
  name,
  arguments: input,
  ...more,
});
