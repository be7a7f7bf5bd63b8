/** Events to the bytes of a Responses stream (A.3.3; rules 284–293). */
import type { Finish, Usage } from "../../../chat/chat.ts";
import type { GatewayError } from "../../../chat/error.ts";
import { mergeUsage, type ChatEvent } from "../../../chat/events.ts";
import { writeJson, type JsonObject } from "../../../chat/json.ts";
import { formatFrame } from "../../../wire/sse.ts";
import { malformedCall } from "../../shared/malformed-call.ts";
import type { AnswerContext, StreamEncoder } from "../../protocol.ts";
import { Answer } from "./answer.ts";
import { errorEvent, responseError } from "./error-encode.ts";
import type { DeltaHead, EventSink } from "./output.ts";

/** What clients take as a sign of life: a comment, because older ones know no event for it (dossier B.7). */
export const KEEPALIVE = ": keepalive\n\n";

/** Writes one answer. Usage that comes after `finish` is too late. */
export class ResponsesStreamEncoder implements StreamEncoder {
  readonly #frames = new FrameSink();
  readonly #answer: Answer;
  /** Whether every event is a message of its own, of which the last must be the answer's last. */
  readonly #inMessages: boolean;
  #state: "before" | "running" | "done" = "before";
  #usage: Usage | undefined;

  constructor(context: AnswerContext) {
    this.#answer = new Answer(this.#frames, context);
    this.#inMessages = context.route.framing === "messages";
  }

  push(event: ChatEvent): string {
    if (this.#state === "done") return "";
    switch (event.type) {
      case "ping":
        return KEEPALIVE;
      case "usage":
        this.#usage = mergeUsage(this.#usage, event.usage);
        return "";
      case "start":
        this.#begin();
        break;
      case "error":
        this.#fail(event.error);
        break;
      case "finish":
        if (event.finish.reason === "malformed-call") this.#fail(malformedCall());
        else this.#finish(event.finish);
        break;
      case "item-start":
      case "delta":
      case "citation":
      case "item-end":
        this.#begin();
        this.#answer.push(event);
    }
    return this.#frames.take();
  }

  /** Items that have ended are done, as by an upstream that does not wait for what follows. */
  settle(): string {
    this.#answer.settle();
    return this.#frames.take();
  }

  /** Goes on behind an upstream. @param done by their places, items as their client was told them. @param count how many events it was told. */
  catchUp(done: readonly (JsonObject | undefined)[], count: number): void {
    for (const [index, item] of done.entries()) if (item) this.#answer.wasDone(index, item);
    this.#frames.countFrom(count);
  }

  #begin(): void {
    if (this.#state !== "before") return;
    this.#state = "running";
    const response = this.#answer.begun();
    this.#frames.event("response.created", { response });
    this.#frames.event("response.in_progress", { response });
  }

  #finish(finish: Finish): void {
    this.#begin();
    this.#state = "done";
    const response = this.#answer.finished(finish, this.#usage);
    this.#frames.event(`response.${response["status"] as string}`, { response });
  }

  #fail(error: GatewayError): void {
    this.#begin();
    this.#state = "done";
    if (!this.#inMessages) this.#frames.event("error", errorEvent(error));
    this.#frames.event("response.failed", { response: this.#answer.failed(responseError(error), this.#usage) });
  }
}

/** Writes events as frames, numbered from 0 (rule 285). */
class FrameSink implements EventSink {
  #out = "";
  #count = 0;

  /** What was written since the last time. */
  take(): string {
    const out = this.#out;
    this.#out = "";
    return out;
  }

  event(type: string, fields: JsonObject): void {
    this.#out += formatFrame(type, writeJson({ type, sequence_number: this.#next(), ...fields }));
  }

  head(type: string, fields: JsonObject): DeltaHead {
    return `event: ${type}\ndata: ${writeJson({ type, ...fields }).slice(0, -1)},"delta":`;
  }

  delta(head: DeltaHead, text: string): void {
    this.#out += `${head}${JSON.stringify(text)},"sequence_number":${this.#next()}}\n\n`;
  }

  countFrom(count: number): void {
    this.#count = count;
  }

  #next(): number {
    this.#count += 1;
    return this.#count - 1;
  }
}
