/** Events to the bytes of a Messages stream (A.1.4, rules 269–278). */
import type { Native, Usage } from "../../../chat/chat.ts";
import { mergeUsage, type ChatEvent } from "../../../chat/events.ts";
import type { GatewayError } from "../../../chat/error.ts";
import { writeJson, type JsonObject } from "../../../chat/json.ts";
import { formatFrame } from "../../../wire/sse.ts";
import { malformedCall } from "../../shared/malformed-call.ts";
import type { AnswerContext, StreamEncoder } from "../../protocol.ts";
import { AnswerEncoder, type BlockSink } from "./answer-encode.ts";
import { streamError } from "./error-encode.ts";
import { encodeFinish } from "../finish.ts";
import { encodeMessage } from "./message.ts";
import { encodeUsage, withEstimate } from "../usage.ts";

/** What clients take as a sign of life (A.1.4). */
export const PING = formatFrame("ping", '{"type":"ping"}');

/**
 * Writes one answer. `message_start` waits for the first event that is neither `start` nor `usage`, so that it holds the
 * input tokens (CLIProxyAPI#1700); until then heartbeats keep the client waiting. Usage that comes after `finish` is too late.
 */
export class MessagesStreamEncoder implements StreamEncoder {
  readonly #context: AnswerContext;
  readonly #frames = new FrameSink();
  readonly #answer: AnswerEncoder;
  #state: "before" | "running" | "done" = "before";
  #start: { readonly id?: string; readonly native?: Native } = {};
  #usage: Usage | undefined;

  constructor(context: AnswerContext) {
    this.#context = context;
    this.#answer = new AnswerEncoder(this.#frames, context);
  }

  push(event: ChatEvent): string {
    if (this.#state === "done") return "";
    // Nearly every event is one of these: a prepared frame around the text.
    if (event.type === "delta" && event.index === this.#answer.live && event.text !== "") return this.#frames.delta(event.text);
    switch (event.type) {
      case "start":
        this.#start = event;
        return "";
      case "usage":
        this.#usage = mergeUsage(this.#usage, event.usage);
        return "";
      case "ping":
        return PING;
      case "error":
        return this.#fail(event.error);
      case "finish":
        if (event.finish.reason === "malformed-call") return this.#fail(malformedCall());
        return this.#finish(event);
      case "item-start":
      case "delta":
      case "citation":
      case "item-end":
        this.#open();
        this.#answer.push(event);
        return this.#frames.take();
    }
  }

  /** What an upstream did that opened a block before it had a word for it. */
  show(): string {
    this.#answer.show();
    return this.#frames.take();
  }

  #open(): void {
    if (this.#state !== "before") return;
    this.#state = "running";
    const message = encodeMessage(this.#start, this.#context, [], { stop_reason: null, stop_sequence: null }, this.#usage);
    this.#frames.write("message_start", { type: "message_start", message });
  }

  #finish({ finish }: Extract<ChatEvent, { type: "finish" }>): string {
    this.#open();
    this.#answer.end();
    this.#state = "done";
    const { delta, event } = encodeFinish(finish, this.#answer.emitted);
    const usage = encodeUsage(withEstimate(this.#usage, this.#context));
    this.#frames.write("message_delta", { type: "message_delta", delta, usage, ...event });
    this.#frames.write("message_stop", { type: "message_stop" });
    return this.#frames.take();
  }

  #fail(error: GatewayError): string {
    this.#state = "done";
    return this.#frames.take() + streamError(error, this.#context.requestId);
  }
}

/** Which delta carries the streamed part of a block. */
const DELTAS: ReadonlyMap<unknown, readonly [type: string, key: string]> = new Map([
  ["text", ["text_delta", "text"]],
  ["thinking", ["thinking_delta", "thinking"]],
  ["tool_use", ["input_json_delta", "partial_json"]],
  ["server_tool_use", ["input_json_delta", "partial_json"]],
  ["mcp_tool_use", ["input_json_delta", "partial_json"]],
]);

/** Writes blocks as frames. */
class FrameSink implements BlockSink {
  #out = "";
  #index = 0;
  #prefix = "";

  /** What was written since the last time. */
  take(): string {
    const out = this.#out;
    this.#out = "";
    return out;
  }

  write(event: string, data: JsonObject): void {
    this.#out += formatFrame(event, writeJson(data));
  }

  /** The frame for more of the open block's text. */
  delta(text: string): string {
    return `${this.#prefix}${JSON.stringify(text)}}}\n\n`;
  }

  open(block: JsonObject): void {
    this.write("content_block_start", { type: "content_block_start", index: this.#index, content_block: block });
    const [type, key] = DELTAS.get(block["type"]) ?? ["text_delta", "text"];
    this.#prefix = `event: content_block_delta\ndata: {"type":"content_block_delta","index":${this.#index},"delta":{"type":"${type}","${key}":`;
  }

  text(text: string): void {
    this.#out += this.delta(text);
  }

  citation(citation: JsonObject): void {
    this.#delta({ type: "citations_delta", citation });
  }

  signature(value: string): void {
    this.#delta({ type: "signature_delta", signature: value });
  }

  compaction(content: string | null, encrypted: string | undefined): void {
    this.#delta({ type: "compaction_delta", content, ...(encrypted !== undefined && { encrypted_content: encrypted }) });
  }

  close(): void {
    this.write("content_block_stop", { type: "content_block_stop", index: this.#index });
    this.#index += 1;
  }

  #delta(delta: JsonObject): void {
    this.write("content_block_delta", { type: "content_block_delta", index: this.#index, delta });
  }
}
