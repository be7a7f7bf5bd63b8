/** Being a Chat Completions client, as tests of that side of the protocol need it again and again. */
import OpenAI from "openai";
import type { ChatRequest, ChatResponse } from "../../src/chat/chat.ts";
import { replay } from "../../src/chat/collect.ts";
import type { ChatEvent } from "../../src/chat/events.ts";
import { asString, type JsonObject } from "../../src/chat/json.ts";
import { LossLedger } from "../../src/chat/loss.ts";
import { createStateSealer } from "../../src/chat/state.ts";
import { client } from "../../src/protocols/openai-chat/client/index.ts";
import type { AnswerContext, ClientRequest } from "../../src/protocols/protocol.ts";
import { SseReader } from "../../src/wire/sse.ts";

export const sealer = createStateSealer([Buffer.alloc(32, 7)]);

/** A request as a client sends it. Text is sent as it stands, anything else as JSON. */
export function chatClientRequest(body: unknown, headers: Readonly<Record<string, string>> = {}): ClientRequest {
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return { route: { operation: "generate" }, query: new URLSearchParams(), headers, body: bytes };
}

/** The neutral form of a request with these fields. */
export function decodeChat(fields: object): ChatRequest {
  return client.decodeRequest(chatClientRequest({ model: "m", messages: [{ role: "user", content: "hi" }], ...fields }), sealer);
}

/** The neutral form of a request with these messages. */
export function decodeMessages(...messages: readonly object[]): ChatRequest {
  return decodeChat({ messages });
}

/** What an answer to a request with these fields is encoded with. */
export function chatAnswerContext(fields: object = {}): AnswerContext & { readonly losses: LossLedger } {
  return {
    model: "the-model",
    requestId: "req_01",
    sealer,
    losses: new LossLedger(),
    request: decodeChat(fields),
    route: { operation: "generate" },
    createdAt: 1_764_000_000,
  };
}

/** The stream a client gets for these events. */
export function encodeChatStream(events: Iterable<ChatEvent>, context: AnswerContext = chatAnswerContext()): string {
  const encoder = client.streamEncoder(context);
  let out = "";
  for (const event of events) out += encoder.push(event);
  return out;
}

/** The stream of a finished answer. */
export function streamOf(response: ChatResponse, context?: AnswerContext): string {
  return encodeChatStream(replay(response), context);
}

/** A chunk of a stream. */
export interface Chunk extends JsonObject {
  readonly choices: readonly { readonly delta: JsonObject; readonly finish_reason: string | null }[];
}

/** Every chunk of a stream; the mark of its end left out. */
export function chunksOf(stream: string): Chunk[] {
  const reader = new SseReader();
  const frames = [...reader.push(Buffer.from(stream)), ...reader.end()];
  return frames.filter(({ data }) => data !== "[DONE]").map(({ data }) => JSON.parse(data) as Chunk);
}

/** The deltas of a stream's choice. */
export function deltasOf(stream: string): JsonObject[] {
  return chunksOf(stream).flatMap(({ choices }) => choices.map(({ delta }) => delta));
}

/** The pieces of one field, joined. */
export function textOf(deltas: readonly JsonObject[], field: string): string {
  return deltas.map((delta) => asString(delta[field]) ?? "").join("");
}

/** The official SDK, answered with this body. */
export function sdkAnswering(body: string, init: { status?: number; headers?: Record<string, string> } = {}): OpenAI {
  const headers = { "content-type": body.startsWith("data:") ? "text/event-stream" : "application/json", ...init.headers };
  return new OpenAI({
    apiKey: "any",
    baseURL: "http://gateway.test/v1",
    maxRetries: 0,
    fetch: async () => new Response(body, { status: init.status ?? 200, headers }),
  });
}
