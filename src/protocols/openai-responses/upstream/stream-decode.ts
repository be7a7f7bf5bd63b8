/** Reads streams and whole answers (A.3.3). A stream is complete when its response is; what only stops was cut off. */
import { GatewayError } from "../../../chat/error.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import { isObject, tryParseJson, type JsonObject } from "../../../chat/json.ts";
import type { Frame } from "../../../wire/frames.ts";
import { decodeErrorBody, saysError } from "../../shared/openai-errors.ts";
import type { DecodeContext, StreamDecoder } from "../../protocol.ts";
import { saysNothing } from "../wire.ts";
import { AnswerDecoder } from "./answer-decode.ts";
import { isResponse } from "./finish-decode.ts";

const NOTHING: readonly ChatEvent[] = [];

export class ResponsesStreamDecoder implements StreamDecoder {
  readonly #answer: AnswerDecoder;

  constructor(context: DecodeContext) {
    this.#answer = new AnswerDecoder(context);
  }

  get finished(): boolean {
    return this.#answer.over && !this.#answer.failed;
  }

  push({ event, data }: Frame): readonly ChatEvent[] {
    if (this.#answer.over || saysNothing(data)) return NOTHING;
    const body = tryParseJson(data);
    if (!isObject(body))
      return this.#answer.fail(new GatewayError("upstream", "The upstream sent a stream event that is not a JSON object."));
    return this.#answer.take(typeof body["type"] !== "string" && event !== "" ? { ...body, type: event } : body);
  }

  /** Rule 306. */
  end(): readonly ChatEvent[] {
    if (this.#answer.over) return NOTHING;
    return this.#answer.fail(new GatewayError("transport", "The upstream's stream ended before the answer was complete."));
  }
}

/** A whole answer as events. */
export function decodeResponse(body: JsonObject, context: DecodeContext): readonly ChatEvent[] {
  const answer = new AnswerDecoder(context);
  if (isResponse(body)) return answer.whole(body);
  if (saysError(body)) return answer.fail(decodeErrorBody(body));
  return answer.fail(new GatewayError("upstream", "The upstream's answer is no response."));
}
