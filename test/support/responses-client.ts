/** Being a Responses client, as tests of that side of the protocol need it again and again. */
import type { ChatRequest, ChatResponse } from "../../src/chat/chat.ts";
import { replay } from "../../src/chat/collect.ts";
import type { ChatEvent } from "../../src/chat/events.ts";
import type { JsonObject } from "../../src/chat/json.ts";
import { LossLedger } from "../../src/chat/loss.ts";
import { createStateSealer } from "../../src/chat/state.ts";
import { client } from "../../src/protocols/openai-responses/client/index.ts";
import type { AnswerContext, ClientRequest, Keeping } from "../../src/protocols/protocol.ts";
import { SseReader } from "../../src/wire/sse.ts";

export { sdkAnswering } from "./chat-client.ts";

export const sealer = createStateSealer([Buffer.alloc(32, 7)]);

/** A request as a client sends it. Text is sent as it stands, anything else as JSON. */
export function responsesRequest(body: unknown, headers: Readonly<Record<string, string>> = {}): ClientRequest {
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return { route: { operation: "generate" }, query: new URLSearchParams(), headers, body: bytes };
}

/** The neutral form of a request with these fields. */
export function decodeResponses(fields: object): ChatRequest {
  return client.decodeRequest(responsesRequest({ model: "m", input: "hi", ...fields }), sealer);
}

/** The neutral form of a request with these items. */
export function decodeItems(...input: readonly object[]): ChatRequest {
  return decodeResponses({ input });
}

/** What an answer to a request with these fields is encoded with. */
export function responsesContext(fields: object = {}, keeping?: Keeping): AnswerContext & { readonly losses: LossLedger } {
  return {
    model: "the-model",
    requestId: "req_01",
    sealer,
    losses: new LossLedger(),
    request: decodeResponses(fields),
    route: { operation: "generate" },
    createdAt: 1_764_000_000,
    ...(keeping && { keeping }),
  };
}

/** The stream a client gets for these events. */
export function encodeResponsesStream(events: Iterable<ChatEvent>, context: AnswerContext = responsesContext()): string {
  const encoder = client.streamEncoder(context);
  let out = "";
  for (const event of events) out += encoder.push(event);
  return out;
}

/** The stream of a finished answer. */
export function responsesStreamOf(response: ChatResponse, context?: AnswerContext): string {
  return encodeResponsesStream(replay(response), context);
}

/** An event of a stream. */
export interface ResponseEvent extends JsonObject {
  readonly type: string;
  readonly sequence_number: number;
}

/** Every event of a stream; each frame names its own. */
export function eventsOf(stream: string): ResponseEvent[] {
  const reader = new SseReader();
  return [...reader.push(Buffer.from(stream)), ...reader.end()].map(({ event, data }) => {
    const parsed = JSON.parse(data) as ResponseEvent;
    if (parsed.type !== event) throw new Error(`A frame named ${event} holds ${parsed.type}.`);
    return parsed;
  });
}

/** The response that a stream ended with. */
export function finalResponse(stream: string): JsonObject {
  return eventsOf(stream).at(-1)?.["response"] as JsonObject;
}

/** The items of a response. */
export function outputOf(response: JsonObject): JsonObject[] {
  return response["output"] as JsonObject[];
}
