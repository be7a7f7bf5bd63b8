/** Reads streams and whole answers (A.2.3). A stream ends with `[DONE]`; many servers only close (oddity 25). */
import { GatewayError } from "../../../chat/error.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import { asArray, isObject, type JsonObject } from "../../../chat/json.ts";
import type { Frame } from "../../../wire/frames.ts";
import type { DecodeContext, StreamDecoder } from "../../protocol.ts";
import { AnswerDecoder } from "./answer-decode.ts";
import { decodeErrorBody, saysError } from "../../shared/openai-errors.ts";
import { DONE } from "../wire.ts";

const NOTHING: readonly ChatEvent[] = [];

export class ChatStreamDecoder implements StreamDecoder {
  readonly #answer: AnswerDecoder;
  #done = false;

  constructor(context: DecodeContext) {
    this.#answer = new AnswerDecoder(context);
  }

  get finished(): boolean {
    return this.#done || (this.#answer.hasReason && !this.#answer.failed);
  }

  push({ event, data }: Frame): readonly ChatEvent[] {
    if (this.#done || data === "") return NOTHING;
    if (data === DONE) return this.#end();
    let body: unknown;
    try {
      body = JSON.parse(data);
    } catch {
      return data.trim() === DONE ? this.#end() : this.#unreadable();
    }
    if (!isObject(body)) return this.#unreadable();
    if (event === "error") return this.#answer.fail(decodeErrorBody(body));
    return this.#answer.take(body, data);
  }

  /** Without a reason to finish the server was cut off, unless it said that it was done (rule 306). */
  end(): readonly ChatEvent[] {
    if (this.#done) return NOTHING;
    if (this.#answer.hasReason) return this.#end();
    return this.#answer.fail(new GatewayError("transport", "The upstream's stream ended before the answer was complete."));
  }

  #end(): readonly ChatEvent[] {
    this.#done = true;
    if (this.#answer.failed || this.#answer.started) return this.#answer.finish();
    return this.#answer.fail(new GatewayError("upstream", "The upstream's stream holds no answer."));
  }

  #unreadable(): readonly ChatEvent[] {
    return this.#answer.fail(new GatewayError("upstream", "The upstream sent a stream event that is not a JSON object."));
  }
}

/** A whole answer as events. */
export function decodeResponse(body: JsonObject, context: DecodeContext): readonly ChatEvent[] {
  const answer = new AnswerDecoder(context);
  if (isAnswer(body)) return [...answer.take(body), ...answer.finish()];
  if (saysError(body)) return answer.fail(decodeErrorBody(body));
  return answer.fail(new GatewayError("upstream", "The upstream's answer holds no choices."));
}

/** Whether a whole body is an answer: some hold an empty `error` too. */
export function isAnswer(body: JsonObject): boolean {
  return (asArray(body["choices"])?.length ?? 0) > 0;
}
