/** Chat Completions upstreams for tests: requests as they are sent, chunks by hand, the grammar checked on the way. */
import { expect } from "vitest";
import { profileFor } from "../../src/catalog/profiles/index.ts";
import type { ChatRequest, ChatResponse } from "../../src/chat/chat.ts";
import { collect } from "../../src/chat/collect.ts";
import type { ChatEvent } from "../../src/chat/events.ts";
import { checkGrammar } from "../../src/chat/grammar.ts";
import type { JsonObject } from "../../src/chat/json.ts";
import { LossLedger, type Loss } from "../../src/chat/loss.ts";
import type { ChatDialect } from "../../src/protocols/chat-dialect.ts";
import { encodeRequest } from "../../src/protocols/openai-chat/upstream/request-encode.ts";
import { ChatStreamDecoder } from "../../src/protocols/openai-chat/upstream/stream-decode.ts";
import type { Profile } from "../../src/protocols/profile.ts";
import type { DecodeContext } from "../../src/protocols/protocol.ts";
import { OPENAI_DIALECT } from "../../src/providers/openai/index.ts";

export const issuer = { platform: "openai", model: "m", account: "a" };

/** A body as it was sent. */
export interface SentBody extends JsonObject {
  readonly messages: readonly JsonObject[];
}

/** Where a request goes: OpenAI, unless said otherwise. */
export interface SendOptions {
  readonly model?: string;
  readonly facts?: Partial<Profile>;
  /** Absent: OpenAI's; `null`: a server of which nothing is known. */
  readonly dialect?: Partial<ChatDialect> | null;
}

/** What goes to this server, and what is lost on the way. */
export function send(
  chat: ChatRequest,
  { model = "gpt-4.1", facts = {}, dialect = {} }: SendOptions = {},
): { text: string; body: SentBody; losses: readonly Loss[]; scanStops: readonly string[] | undefined } {
  const ledger = new LossLedger();
  const profile = {
    ...profileFor({ platform: "openai", model, protocol: "openai-chat" }),
    ...(dialect && { chat: { ...OPENAI_DIALECT, ...dialect } }),
    ...facts,
  };
  const encoded = encodeRequest(chat, { model, profile, issuer, losses: ledger });
  expect(encoded.path).toBe("/chat/completions");
  return { text: encoded.body, body: JSON.parse(encoded.body) as SentBody, losses: ledger.losses, scanStops: encoded.scanStops };
}

/** A chunk with this delta, and what else its choice holds. */
export const chunk = (delta: object, more: object = {}): object => ({ id: "c1", model: "m", choices: [{ index: 0, delta, ...more }] });

export const stop = chunk({}, { finish_reason: "stop" });

/** Events of these chunks; text stands for data that is no JSON of ours, such as `[DONE]`. */
export function decodeChunks(chunks: readonly (object | string)[], context: DecodeContext = { issuer }): ChatEvent[] {
  const decoder = new ChatStreamDecoder(context);
  const frames = chunks.map((one) => ({ event: "", data: typeof one === "string" ? one : JSON.stringify(one) }));
  const events = [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()];
  expect(checkGrammar(events)).toBeUndefined();
  return events;
}

/** The answer that the chunks make. */
export function fold(chunks: readonly (object | string)[], context?: DecodeContext): ChatResponse {
  return collect(decodeChunks(chunks, context));
}
