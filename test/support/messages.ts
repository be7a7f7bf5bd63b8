/** Doing with the Messages protocol what tests of it do again and again. */
import { profileFor } from "../../src/catalog/profiles/index.ts";
import type { ChatRequest, Content, Item, Turn } from "../../src/chat/chat.ts";
import type { ChatEvent } from "../../src/chat/events.ts";
import { asObject, parseJson, type JsonObject } from "../../src/chat/json.ts";
import { LossLedger } from "../../src/chat/loss.ts";
import { createStateSealer, type Issuer } from "../../src/chat/state.ts";
import { anthropicMessages } from "../../src/protocols/anthropic-messages/index.ts";
import type { AnswerContext, ClientRequest, ClientSide, EncodeTarget, Operation } from "../../src/protocols/protocol.ts";
import { SseReader } from "../../src/wire/sse.ts";
import type { Recording } from "./recordings.ts";

export const client: ClientSide = anthropicMessages.client;
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
  return {
    model: "claude-test",
    requestId: "req_01",
    sealer,
    losses: new LossLedger(),
    request: chatRequest({}),
    route: { operation: "generate" },
    createdAt: 0,
    ...over,
  };
}

/** A target of Anthropic's, by default its newest model. */
export function encodeTarget(over: Partial<EncodeTarget> = {}): EncodeTarget {
  return {
    model: "claude-up",
    profile: profileFor({ platform: "anthropic", model: "claude-up", protocol: "anthropic-messages" }),
    issuer: anthropic,
    losses: new LossLedger(),
    ...over,
  };
}

/** A target that is this model. */
export function claude(model: string): Partial<EncodeTarget> {
  return { model, profile: profileFor({ platform: "anthropic", model, protocol: "anthropic-messages" }) };
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

/** What a client that sends these blocks of an answer again has said with them. */
export function replayed(content: readonly JsonObject[]): Content[] {
  const messages = [{ role: "assistant", content }];
  const { items } = client.decodeRequest(clientRequest({ model: "m", max_tokens: 1, messages }), sealer);
  return items.map(({ turn: _turn, path: _path, ...item }) => item);
}

/** The stream a client gets for these events. */
export function encodeStream(events: Iterable<ChatEvent>, context: AnswerContext = answerContext()): string {
  const encoder = client.streamEncoder(context);
  let out = "";
  for (const event of events) out += encoder.push(event);
  return out;
}

/** One frame of a stream: its data, and the name in its `event:` line. */
export interface StreamFrame extends JsonObject {
  readonly event: string;
  readonly type: string;
  readonly index?: number;
}

/** Every frame of a stream. */
export function framesOf(stream: string): StreamFrame[] {
  const reader = new SseReader();
  const frames = [...reader.push(Buffer.from(stream)), ...reader.end()];
  return frames.map((frame) => ({ ...(JSON.parse(frame.data) as StreamFrame), event: frame.event }));
}

/** A request as it would go to Anthropic. */
export interface EncodedMessages {
  readonly body: Record<string, unknown> & { readonly messages: readonly { role: string; content: JsonObject[] }[] };
  readonly headers: readonly string[];
  /** Codes, in order. */
  readonly losses: readonly string[];
}

/** A request made of these parts, encoded for Anthropic. */
export function encodeMessages(request: Partial<ChatRequest>, over: Partial<EncodeTarget> = {}): EncodedMessages {
  const losses = new LossLedger();
  const encoded = upstream.encodeRequest({ ...chatRequest({}), ...request }, encodeTarget({ losses, ...over }));
  return {
    body: JSON.parse(encoded.body) as EncodedMessages["body"],
    headers: encoded.headers,
    losses: losses.losses.map(({ code }) => code),
  };
}

/** One turn. */
export type Said = readonly [role: Turn["role"], ...content: Content[]];

/** A conversation, each entry a turn of its own. */
export function conversation(...said: Said[]): Partial<ChatRequest> {
  const turns = said.map(([role]): Turn => ({ role }));
  const items = said.flatMap(([, ...content], turn) => content.map((part, i): Item => ({ ...part, turn, path: `m[${turn}][${i}]` })));
  return { turns, items };
}

/** The types of a stream's frames, with the block or delta they carry. */
export function shape(stream: string): string[] {
  return framesOf(stream).map((frame) => {
    const inner = (frame["content_block"] ?? frame["delta"]) as JsonObject | undefined;
    return [frame.type, frame.index, inner?.["type"] as string | undefined].filter((part) => part !== undefined).join(" ");
  });
}

/** What is wrong with a stream by the grammar of A.1.4, or `undefined`. */
export function fault(stream: string): string | undefined {
  let open: number | undefined;
  let next = 0;
  let place = "before";
  for (const { event, type, index } of framesOf(stream)) {
    if (event !== type) return `event ${event} with type ${type}`;
    if (place === "after") return `${type} after the end`;
    if (type === "message_start" && place !== "before") return "a second message_start";
    if (type !== "message_start" && type !== "ping" && type !== "error" && place === "before") return `${type} before message_start`;
    if (type === "message_start") place = "running";
    if (type === "content_block_start") {
      if (open !== undefined || index !== next) return `block ${index} starts while ${open} is open and ${next} is due`;
      open = next;
      next += 1;
    }
    if ((type === "content_block_delta" || type === "content_block_stop") && index !== open) return `${type} for ${index}, open is ${open}`;
    if (type === "content_block_stop") open = undefined;
    if (type === "message_delta" && open !== undefined) return "message_delta inside a block";
    if (type === "message_stop" || type === "error") place = "after";
  }
  return place === "after" ? undefined : `ends ${place}`;
}

/** The blocks a client has at the end of a stream. */
export function blocksOf(stream: string): JsonObject[] {
  const blocks: Record<string, unknown>[] = [];
  const inputs = new Map<unknown, string>();
  for (const frame of framesOf(stream)) {
    const block = blocks.at(-1) ?? {};
    const delta = frame["delta"] as Record<string, string> | undefined;
    if (frame["type"] === "content_block_start") blocks.push({ ...(frame["content_block"] as JsonObject) });
    if (delta?.["text"] !== undefined) block["text"] = `${String(block["text"])}${delta["text"]}`;
    if (delta?.["thinking"] !== undefined) block["thinking"] = `${String(block["thinking"])}${delta["thinking"]}`;
    if (delta?.["signature"] !== undefined) block["signature"] = delta["signature"];
    if (delta?.["partial_json"] !== undefined) inputs.set(block, (inputs.get(block) ?? "") + delta["partial_json"]);
  }
  for (const block of blocks) if (inputs.has(block)) block["input"] = JSON.parse(inputs.get(block) ?? "");
  return blocks as JsonObject[];
}
