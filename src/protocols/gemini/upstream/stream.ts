/** Reads streams: each frame is a whole body with the parts that are new (dossier A.4.4). */
import { GatewayError } from "../../../chat/error.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import { isObject, parseJson, type JsonObject } from "../../../chat/json.ts";
import type { Frame } from "../../../wire/frames.ts";
import type { DecodeContext, StreamDecoder } from "../../protocol.ts";
import { AnswerDecoder } from "./answer.ts";

export class GeminiStreamDecoder implements StreamDecoder {
  readonly #answer: AnswerDecoder;

  constructor(context: DecodeContext) {
    this.#answer = new AnswerDecoder(context);
  }

  push({ data }: Frame): readonly ChatEvent[] {
    let body: unknown;
    try {
      body = JSON.parse(data);
    } catch {
      // Not Gemini's, but what some proxies end every stream with.
      if (data === "" || data === "[DONE]") return [];
      return this.#unreadable();
    }
    if (isObject(body)) return this.#answer.take(body, data);
    // Without alt=sse an error comes wrapped in an array (rule 346).
    if (Array.isArray(body)) return (parseJson(data) as readonly unknown[]).flatMap((one) => (isObject(one) ? this.#answer.take(one) : []));
    return this.#unreadable();
  }

  get finished(): boolean {
    return this.#answer.finished;
  }

  end(): readonly ChatEvent[] {
    return this.#answer.end(false);
  }

  #unreadable(): readonly ChatEvent[] {
    return this.#answer.fail(new GatewayError("upstream", "The upstream sent a stream event that is not a JSON object."));
  }
}

/** A whole answer as events. */
export function decodeResponse(body: JsonObject, context: DecodeContext): readonly ChatEvent[] {
  const answer = new AnswerDecoder(context);
  return [...answer.take(body), ...answer.end(true)];
}
