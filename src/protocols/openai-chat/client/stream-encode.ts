/** Events to the bytes of a Chat stream (A.2.3; rules 258, 259, 262, 279–282). */
import type { Finish, Native, Usage } from "../../../chat/chat.ts";
import type { GatewayError } from "../../../chat/error.ts";
import { mergeUsage, type ChatEvent } from "../../../chat/events.ts";
import { asObject, writeJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { formatFrame } from "../../../wire/sse.ts";
import { malformedCall } from "../../shared/malformed-call.ts";
import type { AnswerContext, StreamEncoder } from "../../protocol.ts";
import { AnswerEncoder, type AnswerSink, type Channel } from "./answer-encode.ts";
import { encodeHead } from "./completion-encode.ts";
import { streamError } from "./error-encode.ts";
import { encodeFinishReason, encodeLogprobs } from "./finish-encode.ts";
import { ownFields } from "../native.ts";
import { encodeUsage } from "./usage-encode.ts";
import { DONE } from "../wire.ts";

/** What clients take as a sign of life: a comment, because an empty event would be no JSON (rule 282). */
export const KEEPALIVE = ": keepalive\n\n";

/** Writes one answer. The first chunk waits for the first content. Usage that comes after `finish` is too late. */
export class ChatStreamEncoder implements StreamEncoder {
  readonly #context: AnswerContext;
  readonly #chunks: ChunkSink;
  readonly #answer: AnswerEncoder;
  readonly #tellsUsage: boolean;
  #state: "before" | "running" | "done" = "before";
  #start: { readonly id?: string; readonly native?: Native } = {};
  #usage: Usage | undefined;

  constructor(context: AnswerContext) {
    this.#context = context;
    const options = asObject(ownFields(context.request.native)?.["stream_options"]);
    this.#tellsUsage = options?.["include_usage"] === true;
    this.#chunks = new ChunkSink();
    this.#answer = new AnswerEncoder(this.#chunks, context);
  }

  push(event: ChatEvent): string {
    if (this.#state === "done") return "";
    switch (event.type) {
      // Nearly every event is one of these: a prepared chunk around the text.
      case "delta": {
        const channel = this.#answer.add(event.index, event.text);
        if (channel) this.#chunks.text(channel, event.text);
        return this.#chunks.take();
      }
      case "start":
        this.#start = event;
        return "";
      case "usage":
        this.#usage = mergeUsage(this.#usage, event.usage);
        return "";
      case "ping":
        return KEEPALIVE;
      case "error":
        return this.#fail(event.error);
      case "finish":
        if (event.finish.reason === "malformed-call") return this.#fail(malformedCall());
        return this.#finish(event.finish);
      case "item-start":
        this.#open(event.item.type === "text" ? "" : null);
        this.#answer.push(event);
        return this.#chunks.take();
      case "citation":
      case "item-end":
        this.#answer.push(event);
        return this.#chunks.take();
    }
  }

  /** @param content what the message's text begins as: nothing yet, or none at all. */
  #open(content: "" | null): void {
    if (this.#state !== "before") return;
    this.#state = "running";
    this.#chunks.begin(encodeHead(this.#start, "chat.completion.chunk", this.#context), this.#tellsUsage);
    this.#chunks.delta({ role: "assistant", content, refusal: null });
  }

  #finish(finish: Finish): string {
    this.#open("");
    this.#answer.end(finish);
    this.#state = "done";
    this.#chunks.finish(encodeFinishReason(finish, this.#answer.emitted), encodeLogprobs(finish));
    const usage = this.#tellsUsage ? encodeUsage(this.#usage) : undefined;
    if (usage) this.#chunks.usage(usage);
    return this.#chunks.take() + formatFrame(undefined, DONE);
  }

  #fail(error: GatewayError): string {
    this.#state = "done";
    return this.#chunks.take() + streamError(error);
  }
}

/** Writes pieces as chunks. */
class ChunkSink implements AnswerSink {
  #out = "";
  #head: JsonObject = {};
  /** A chunk's JSON before and after its delta. */
  #before = "";
  #after = "";
  #nullUsage: JsonObject = {};

  /** @param tellsUsage whether a chunk with the usage comes last: all others then say that it is not theirs (rule 259). */
  begin(head: JsonObject, tellsUsage: boolean): void {
    this.#head = head;
    this.#nullUsage = tellsUsage ? { usage: null } : {};
    this.#before = `data: ${writeJson(head).slice(0, -1)},"choices":[{"index":0,"delta":`;
    this.#after = `,"logprobs":null,"finish_reason":null}]${tellsUsage ? ',"usage":null' : ""}}\n\n`;
  }

  /** What was written since the last time. */
  take(): string {
    const out = this.#out;
    this.#out = "";
    return out;
  }

  text({ open, close }: Channel, text: string): void {
    this.#out += `${this.#before}${open}${JSON.stringify(text)}${close}${this.#after}`;
  }

  delta(fields: JsonObject): void {
    this.#out += `${this.#before}${writeJson(fields)}${this.#after}`;
  }

  finish(reason: string, logprobs: JsonObject | null): void {
    this.#chunk([{ index: 0, delta: {}, logprobs, finish_reason: reason }], this.#nullUsage);
  }

  usage(usage: JsonObject): void {
    this.#chunk([], { usage });
  }

  #chunk(choices: JsonValue, rest: JsonObject): void {
    this.#out += formatFrame(undefined, writeJson({ ...this.#head, choices, ...rest }));
  }
}
