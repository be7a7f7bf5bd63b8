/** Doing with the Messages protocol what tests of it do again and again. */
import { profileFor } from "../../src/catalog/profiles.ts";
import type { ChatRequest } from "../../src/chat/chat.ts";
import type { ChatEvent } from "../../src/chat/events.ts";
import { asObject, parseJson, type JsonObject } from "../../src/chat/json.ts";
import { LossLedger } from "../../src/chat/loss.ts";
import { createStateSealer, type Issuer } from "../../src/chat/state.ts";
import { anthropicMessages } from "../../src/protocols/anthropic-messages/index.ts";
import type { AnswerContext, ClientRequest, ClientSide, EncodeTarget, Operation } from "../../src/protocols/protocol.ts";
import { SseReader } from "../../src/wire/sse.ts";
import type { Recording } from "./recordings.ts";

export const client = anthropicMessages.client as ClientSide;
export const { upstream } = anthropicMessages;
export const sealer = createStateSealer([Buffer.alloc(32, 7)]);
export const anthropic: Issuer = { platform: "anthropic" };

/** A request as a client sends it. Text is sent as it stands, anything else as JSON. */
export function clientRequest(
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  operation: Operation = "generate",
): ClientRequest {
  const bytes = typeof body === "string" || Buffer.isBuffer(body) ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
  return { route: { operation }, query: new URLSearchParams(), headers, body: bytes };
}

/** A request around these messages. */
export function chatRequest(body: object): ChatRequest {
  return client.decodeRequest(clientRequest({ model: "m", max_tokens: 100, messages: [{ role: "user", content: "hi" }], ...body }), sealer);
}

/** What an answer is encoded with. */
export function answerContext(over: Partial<AnswerContext> = {}): AnswerContext {
  return { model: "claude-test", requestId: "req_01", sealer, losses: new LossLedger(), request: chatRequest({}), ...over };
}

/** A target of Anthropic's, by default its newest model. */
export function encodeTarget(over: Partial<EncodeTarget> = {}): EncodeTarget {
  return { model: "claude-up", profile: profileFor("anthropic", "claude-up"), issuer: anthropic, losses: new LossLedger(), ...over };
}

/** The events of a stream in these chunks. */
export function decodeStream(chunks: Iterable<Uint8Array>): ChatEvent[] {
  const reader = new SseReader();
  const decoder = upstream.streamDecoder({ issuer: anthropic });
  const events: ChatEvent[] = [];
  for (const chunk of chunks) for (const frame of reader.push(chunk)) events.push(...decoder.push(frame));
  for (const frame of reader.end()) events.push(...decoder.push(frame));
  return [...events, ...decoder.end()];
}

/** The events of a recorded answer. */
export function decodeRecording({ response }: Recording): readonly ChatEvent[] {
  if (response.sse !== undefined) return decodeStream([response.bytes]);
  return upstream.decodeResponse(asObject(parseJson(response.bytes.toString())) as JsonObject, { issuer: anthropic });
}

/** The stream a client gets for these events. */
export function encodeStream(events: Iterable<ChatEvent>, context: AnswerContext = answerContext()): string {
  const encoder = client.streamEncoder(context);
  let out = "";
  for (const event of events) out += encoder.push(event);
  return out;
}

/** The data of every frame of a stream. */
export function framesOf(stream: string): JsonObject[] {
  const reader = new SseReader();
  const frames = [...reader.push(Buffer.from(stream)), ...reader.end()];
  return frames.map((frame) => ({ event: frame.event, ...(JSON.parse(frame.data) as JsonObject) }));
}
