/**
 * An upstream's answer to events, streamed or whole (A.1.4). One state machine for both: a whole answer is a
 * `message_start` that already holds everything, which real streams send as well (recordings, oddity 4).
 */
import type { Content } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import { asArray, asNumber, asObject, asString, isObject, tryParseJson, type JsonObject } from "../../../chat/json.ts";
import type { Frame } from "../../../wire/frames.ts";
import { JsonFence } from "../../shared/json-fence.ts";
import type { DecodeContext, StreamDecoder } from "../../protocol.ts";
import { decodeAnswerBlock, type AnswerBlock } from "./answer-block.ts";
import { decodeCitation } from "../content-decode.ts";
import { decodeErrorBody } from "./error-decode.ts";
import { decodeFinish } from "../finish.ts";
import { leftover, nativeOf } from "../native.ts";
import { decodeUsage, mergeRawUsage } from "../usage.ts";
import { ENDING_FIELDS, MESSAGE_KEYS } from "../wire.ts";

const NOTHING: readonly ChatEvent[] = [];

/** An item under way. */
interface OpenItem {
  readonly index: number;
  readonly block: AnswerBlock;
  /** Whether any of its text or input has come. */
  begun: boolean;
  signature: string | undefined;
  encrypted: string | undefined;
  /** For an answer that was to be JSON. */
  readonly fence: JsonFence | undefined;
}

/** Follows one answer. */
export class MessagesDecoder implements StreamDecoder {
  readonly #context: DecodeContext;
  #events: ChatEvent[] = [];
  #state: "before" | "running" | "done" = "before";
  /** By the upstream's index, which may have gaps. */
  readonly #open = new Map<number, OpenItem>();
  #items = 0;
  #calls = false;
  #usage: JsonObject = {};
  /** What is known of the end; the answer is complete once there is a `stop_reason` (rule 307). */
  #ending: JsonObject = {};

  constructor(context: DecodeContext) {
    this.#context = context;
  }

  get finished(): boolean {
    return this.#state === "done" || asString(this.#ending["stop_reason"]) !== undefined;
  }

  push(frame: Frame): readonly ChatEvent[] {
    if (this.#state === "done" || frame.data === "" || frame.data === "[DONE]") return NOTHING;
    const event = tryParseJson(frame.data);
    if (isObject(event)) this.#event(event);
    else this.#fail("The upstream sent a stream event that is not a JSON object.");
    return this.#take();
  }

  end(): readonly ChatEvent[] {
    if (this.#state === "done") return NOTHING;
    if (asString(this.#ending["stop_reason"]) !== undefined) this.#finish();
    else this.#error(new GatewayError("transport", "The upstream's stream ended before the answer was complete."));
    return this.#take();
  }

  /** A whole answer. */
  whole(body: JsonObject): readonly ChatEvent[] {
    if (body["error"] !== undefined || body["type"] === "error") this.#error(decodeErrorBody(body));
    else if (!asArray(body["content"])) this.#fail("The upstream's answer has no content field.");
    else {
      this.#messageStart(body);
      this.#finish();
    }
    return this.#take();
  }

  #take(): readonly ChatEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #event(event: JsonObject): void {
    switch (event["type"]) {
      case "message_start":
        if (this.#state === "running") return this.#fail("The upstream started a second message inside the first.");
        return this.#messageStart(asObject(event["message"]) ?? {});
      case "message":
        // A whole answer where a stream was asked for (rule 301).
        return this.#state === "before" ? this.#messageStart(event) : undefined;
      case "ping":
        if (this.#state === "running") this.#events.push({ type: "ping" });
        return undefined;
      case "error":
        return this.#error(decodeErrorBody(event));
      case "content_block_start":
      case "content_block_delta":
      case "content_block_stop":
      case "message_delta":
      case "message_stop":
        if (this.#state === "before") return this.#fail("The upstream's stream does not begin with message_start.");
        return this.#running(event);
      case undefined:
        // Proxies in front of the upstream put their own errors into its streams.
        return event["error"] === undefined ? undefined : this.#error(decodeErrorBody(event));
      default:
        return undefined;
    }
  }

  #running(event: JsonObject): void {
    const index = asNumber(event["index"]) ?? 0;
    switch (event["type"]) {
      case "content_block_start":
        return this.#blockStart(index, asObject(event["content_block"]) ?? {});
      case "content_block_delta":
        return this.#blockDelta(this.#open.get(index), asObject(event["delta"]) ?? {});
      case "content_block_stop":
        return this.#blockStop(index);
      case "message_delta":
        return this.#messageDelta(event);
      default:
        return this.#finish();
    }
  }

  #messageStart(message: JsonObject): void {
    this.#state = "running";
    const id = asString(message["id"]);
    const model = asString(message["model"]);
    this.#events.push({
      type: "start",
      ...(id !== undefined && { id }),
      ...(model !== undefined && { model }),
      ...nativeOf(leftover(message, [...MESSAGE_KEYS, ...ENDING_FIELDS])),
    });
    this.#addUsage(asObject(message["usage"]));
    this.#addEnding(message);
    for (const [i, block] of (asArray(message["content"]) ?? []).entries()) {
      this.#blockStart(i, asObject(block) ?? {});
      this.#blockStop(i);
    }
  }

  #blockStart(index: number, block: JsonObject): void {
    if (this.#open.has(index)) return this.#fail(`The upstream started content block ${index} twice.`);
    const read = decodeAnswerBlock(block, this.#context);
    const json = read.item.type === "text" && this.#context.request?.outputFormat !== undefined;
    const fence = json ? new JsonFence() : undefined;
    const item: OpenItem = { index: this.#items, block: read, begun: false, signature: undefined, encrypted: undefined, fence };
    this.#items += 1;
    if (read.item.type === "tool-call") this.#calls = true;
    this.#open.set(index, item);
    this.#events.push({ type: "item-start", index: item.index, item: read.item });
    // Input may still come in deltas, which would replace it; text would be continued.
    if (read.text !== "") this.#delta(item, read.text);
    for (const citation of read.citations) this.#events.push({ type: "citation", index: item.index, citation });
  }

  #blockDelta(item: OpenItem | undefined, delta: JsonObject): void {
    if (!item) return this.#fail("The upstream continued a content block that it had not started.");
    switch (delta["type"]) {
      case "text_delta":
        return this.#delta(item, asString(delta["text"]) ?? "");
      case "thinking_delta":
        return this.#delta(item, asString(delta["thinking"]) ?? "");
      case "input_json_delta":
        return this.#delta(item, asString(delta["partial_json"]) ?? "");
      case "compaction_delta":
        item.encrypted = asString(delta["encrypted_content"]) ?? item.encrypted;
        return this.#delta(item, asString(delta["content"]) ?? "");
      case "signature_delta":
        item.signature = asString(delta["signature"]);
        return undefined;
      case "citations_delta": {
        const citation = asObject(delta["citation"]);
        if (citation && item.block.item.type === "text") {
          this.#events.push({ type: "citation", index: item.index, citation: decodeCitation(citation) });
        }
        return undefined;
      }
      default:
        return undefined;
    }
  }

  #delta(item: OpenItem, text: string): void {
    if (text === "" || !STREAMED.has(item.block.item.type)) return;
    item.begun = true;
    this.#write(item, (item.block.wrapped ?? item.fence)?.push(text) ?? text);
  }

  #write(item: OpenItem, text: string): void {
    if (text !== "") this.#events.push({ type: "delta", index: item.index, text });
  }

  #blockStop(index: number): void {
    const item = this.#open.get(index);
    if (!item) return;
    this.#open.delete(index);
    const { block } = item;
    const whole = item.begun ? "" : block.input;
    const reader = block.wrapped ?? item.fence;
    this.#write(item, (block.wrapped?.push(whole) ?? whole) + (reader?.end() ?? ""));
    const value = item.signature ?? block.signature;
    const { issuer } = this.#context;
    if (value !== "" && block.item.type === "reasoning") {
      this.#events.push({ type: "item-end", index: item.index, state: { issuer, kind: "thinking", value } });
    } else if (item.encrypted !== undefined && block.item.type === "compaction") {
      this.#events.push({ type: "item-end", index: item.index, state: { issuer, kind: "compaction", value: item.encrypted } });
    } else this.#events.push({ type: "item-end", index: item.index });
  }

  #messageDelta(event: JsonObject): void {
    this.#addEnding({ ...event, ...asObject(event["delta"]) });
    this.#addUsage(asObject(event["usage"]));
  }

  #addUsage(raw: JsonObject | undefined): void {
    if (!raw) return;
    this.#usage = mergeRawUsage(this.#usage, raw);
    this.#events.push({ type: "usage", usage: decodeUsage(this.#usage) });
  }

  #addEnding(fields: JsonObject): void {
    const known = [...ENDING_FIELDS, "stop_reason", "stop_sequence"].filter((key) => fields[key] !== undefined && fields[key] !== null);
    this.#ending = { ...this.#ending, ...Object.fromEntries(known.map((key) => [key, fields[key]])) };
  }

  #finish(): void {
    for (const index of this.#open.keys()) this.#blockStop(index);
    const finish = decodeFinish(this.#ending);
    // Nothing is left to call when the only call was the answer (rule 211).
    const answered = finish.reason === "tool-calls" && this.#context.request !== undefined && !this.#calls;
    this.#events.push({ type: "finish", finish: answered ? { ...finish, reason: "stop" } : finish });
    this.#state = "done";
  }

  #fail(problem: string): void {
    this.#error(new GatewayError("upstream", problem));
  }

  #error(error: GatewayError): void {
    this.#events.push({ type: "error", error });
    this.#state = "done";
  }
}

const STREAMED: ReadonlySet<Content["type"]> = new Set(["text", "reasoning", "tool-call", "hosted-tool-call", "compaction"]);
