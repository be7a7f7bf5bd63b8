/** What Gemini said goes back to it through a Messages client as it was: text, calls, and each signature on its own part (rules 139, 141, 142). */
import { describe, expect, test } from "vitest";
import { frame, issuer, send, stop } from "../../../../test/support/gemini.ts";
import { loadRecordings, type Recording } from "../../../../test/support/recordings.ts";
import { collect } from "../../../chat/collect.ts";
import { asArray, asObject, parseJson, writeJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { LossLedger } from "../../../chat/loss.ts";
import { createStateSealer } from "../../../chat/state.ts";
import { SseReader } from "../../../wire/sse.ts";
import { anthropicMessages } from "../../anthropic-messages/index.ts";
import type { ClientSide } from "../../protocol.ts";
import { GeminiStreamDecoder } from "./stream.ts";

const { client } = anthropicMessages;
const sealer = createStateSealer([Buffer.alloc(32, 1)]);
const question = { role: "user", content: "hi" };

function decode(messages: readonly unknown[]): ReturnType<ClientSide["decodeRequest"]> {
  const body = Buffer.from(JSON.stringify({ model: "m", max_tokens: 9, messages }));
  return client.decodeRequest({ route: { operation: "generate" }, query: new URLSearchParams(), headers: {}, body }, sealer);
}

function partsOf(bodies: readonly JsonValue[]): JsonObject[] {
  const candidates = bodies.map((body) => asObject(asArray(asObject(body)?.["candidates"])?.[0]));
  return candidates.flatMap((candidate) => (asArray(asObject(candidate?.["content"])?.["parts"]) ?? []).map((part) => part as JsonObject));
}

/** Neighbouring unsigned texts as one, thoughts and empty texts without a signature left out: what is worth sending back. */
function essence(parts: readonly JsonObject[]): JsonObject[] {
  const kept: Record<string, JsonValue | undefined>[] = [];
  for (const part of parts) {
    const last = kept.at(-1);
    const plain = typeof part["text"] === "string" && part["thoughtSignature"] === undefined;
    if (plain && (part["text"] === "" || part["thought"] === true)) continue;
    if (plain && typeof last?.["text"] === "string" && last["thoughtSignature"] === undefined) last["text"] += part["text"] as string;
    else kept.push({ ...part });
  }
  return kept.map((part) => {
    const call = asObject(part["functionCall"]);
    return call ? { ...part, functionCall: { name: call["name"], args: call["args"] ?? {} } } : part;
  });
}

/** A bare signature behind everything else proves nothing that is asked for again: the client side may leave it out. */
function withoutTrailing(parts: readonly JsonObject[]): readonly JsonObject[] {
  return parts.at(-1)?.["text"] === "" ? parts.slice(0, -1) : parts;
}

const SAID = new Set(["text", "functionCall", "thought", "thoughtSignature"]);

function bodiesOf({ sse, bytes, body }: Recording["response"]): readonly JsonValue[] {
  if (sse === undefined) return Array.isArray(body) ? body : [body as JsonValue];
  const reader = new SseReader();
  return [...reader.push(bytes), ...reader.end()].map(({ data }) => parseJson(data));
}

/** Answers whose parts all say something: what the provider ran itself comes back in words only (rule 93). */
const recorded = loadRecordings("gemini").flatMap(({ name, response }) => {
  const bodies = bodiesOf(response);
  const parts = partsOf(bodies);
  const told = essence(parts);
  const plain = parts.every((part) => Object.keys(part).every((key) => SAID.has(key))) && !response.bytes.includes("groundingMetadata");
  return plain && told.length > 0 ? [{ name, bodies, told }] : [];
});

/** Signatures in the places where no plain recording has one. */
const byHand: JsonObject[] = [
  { text: "hm", thought: true, thoughtSignature: "c2VsZg==" },
  { text: "signed", thoughtSignature: "dGV4dA==" },
  { text: "", thoughtSignature: "YWxvbmU=" },
  { text: "plain" },
  { functionCall: { name: "f", args: { a: 1 } }, thoughtSignature: "Y2FsbA==" },
  { functionCall: { name: "g", args: {} } },
  { functionCall: { name: "h", args: {} }, thoughtSignature: "bGF0ZXI=" },
];
const conversations = [...recorded, { name: "by hand", bodies: [frame(byHand, stop)] as JsonValue[], told: byHand }];

describe("through a Messages client and back", () => {
  test("there are signatures of every kind among them", () => {
    const signed = conversations.flatMap(({ told }) => told.filter((part) => part["thoughtSignature"] !== undefined));
    expect(signed.some((part) => part["functionCall"] !== undefined)).toBe(true);
    expect(signed.some((part) => part["text"] === "")).toBe(true);
    expect(signed.some((part) => part["text"] !== "" && part["text"] !== undefined)).toBe(true);
  });

  test.for(conversations)("$name", ({ bodies, told }) => {
    const decoder = new GeminiStreamDecoder({ issuer, request: decode([question]) });
    const events = [...bodies.flatMap((body) => decoder.push({ event: "", data: writeJson(body) })), ...decoder.end()];
    const answer = client.encodeResponse(collect(events), {
      model: "m",
      requestId: "r",
      sealer,
      losses: new LossLedger(),
      request: decode([question]),
      route: { operation: "generate" },
      createdAt: 0,
    });
    const content = asArray(answer["content"]) ?? [];
    const results = content.flatMap((block) => {
      const { type, id } = block as JsonObject;
      return type === "tool_use" ? [{ type: "tool_result", tool_use_id: id, content: "ok" }] : [];
    });
    const { body } = send(
      decode([question, { role: "assistant", content }, { role: "user", content: [...results, { type: "text", text: "go on" }] }]),
      "gemini-3.8-pro",
      { callStateRequired: false },
    );
    expect(body.contents.map(({ role }) => role)).toEqual(["user", "model", "user"]);
    expect(withoutTrailing(essence(body.contents[1]?.parts ?? []))).toEqual(withoutTrailing(told));
  });
});
