/** Doing with Gemini as a client's protocol what tests of it do again and again. */
import type { ChatRequest } from "../../src/chat/chat.ts";
import type { ChatEvent } from "../../src/chat/events.ts";
import type { JsonObject } from "../../src/chat/json.ts";
import { LossLedger } from "../../src/chat/loss.ts";
import { createStateSealer } from "../../src/chat/state.ts";
import { gemini } from "../../src/protocols/gemini/index.ts";
import type { AnswerContext, ClientRoute } from "../../src/protocols/protocol.ts";

export const { client } = gemini;
export const sealer = createStateSealer([Buffer.alloc(32, 7)]);

/** A request as a client sends it, decoded. Text is sent as it stands, anything else as JSON. */
export function decode(body: unknown, route: ClientRoute = { operation: "generate", model: "m" }): ChatRequest {
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return client.decodeRequest({ route, query: new URLSearchParams(), headers: {}, body: bytes }, sealer);
}

/** A request with these contents, decoded. */
export function decodeTurns(...contents: readonly object[]): ChatRequest {
  return decode({ contents });
}

export const user = (...parts: readonly object[]): object => ({ role: "user", parts });
export const model = (...parts: readonly object[]): object => ({ role: "model", parts });
export const question = user({ text: "hi" });

/** What an answer is encoded with; `generationConfig` is the request's. */
export function answerContext(
  generationConfig: object = {},
  route: ClientRoute = { operation: "generate", framing: "sse" },
): AnswerContext {
  const request = decode({ contents: [question], generationConfig });
  return { model: "asked", requestId: "req_1", sealer, losses: new LossLedger(), request, route, createdAt: 0 };
}

/** The bytes of a stream of these events. */
export function encodeStream(events: readonly ChatEvent[], context = answerContext()): string {
  const encoder = client.streamEncoder(context);
  return events.map((event) => encoder.push(event)).join("");
}

/** The bodies of a stream in SSE. */
export function bodiesOf(sse: string): Body[] {
  return sse.split("\n\n").flatMap((frame) => (frame === "" ? [] : [JSON.parse(frame.replace(/^data: /, "")) as Body]));
}

/** The parts that bodies bring, in order. */
export function partsOf(bodies: readonly Body[]): JsonObject[] {
  return bodies.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
}

export interface Body extends JsonObject {
  readonly candidates?: readonly (JsonObject & { readonly content?: { readonly role?: string; readonly parts?: readonly JsonObject[] } })[];
}
