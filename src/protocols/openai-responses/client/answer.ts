/** One answer from its beginning to its end, and whole answers made of one. */
import type { ChatResponse, Finish, Usage } from "../../../chat/chat.ts";
import { replay } from "../../../chat/collect.ts";
import { asArray, type JsonObject } from "../../../chat/json.ts";
import type { ItemEvent } from "../../shared/in-turn.ts";
import { malformedCall } from "../../shared/malformed-call.ts";
import type { AnswerContext } from "../../protocol.ts";
import { ownFields } from "../native.ts";
import { INCLUDE_STATE } from "../wire.ts";
import { AnswerEncoder, isItemEvent } from "./answer-encode.ts";
import { encodeFinish } from "./finish-encode.ts";
import type { EventSink } from "./output.ts";
import { ResponseEncoder, type ResponseState } from "./response-encode.ts";

/** Writes the items of an answer, and the response around them. */
export class Answer {
  readonly #context: AnswerContext;
  readonly #items: AnswerEncoder;
  readonly #response: ResponseEncoder;

  constructor(sink: EventSink, context: AnswerContext) {
    this.#context = context;
    this.#items = new AnswerEncoder(sink, context, tellsState(context));
    this.#response = new ResponseEncoder(context);
  }

  push(event: ItemEvent): void {
    this.#items.push(event);
  }

  settle(): void {
    this.#items.settle();
  }

  /** An item is done as its client was told it. */
  wasDone(index: number, item: JsonObject): void {
    this.#items.output.wasDone(index, item);
  }

  /** The response before anything was said. */
  begun(): JsonObject {
    return this.#response.encode({ status: "in_progress", output: [] });
  }

  /** The complete response. */
  finished(finish: Finish, usage: Usage | undefined): JsonObject {
    const ending = encodeFinish(finish, this.#items.end(finish));
    const whole = { ...ending, usage, output: this.#items.output.items() };
    this.#context.keeping?.keep(this.#response.encode(whole));
    return this.#told(whole);
  }

  /** The response as far as it came (rule 291). */
  failed(error: JsonObject, usage: Usage | undefined): JsonObject {
    return this.#told({ status: "failed", error, usage, output: this.#items.output.items() });
  }

  #told(state: ResponseState): JsonObject {
    return this.#response.encode({ ...state, output: state.output.map((item) => this.#items.output.told(item)) });
  }
}

/** Who asks for state gets it (rule 371); so does who would lose it, because it is not kept here. */
function tellsState({ request, keeping }: AnswerContext): boolean {
  const included = asArray(ownFields(request.native)?.["include"]) ?? [];
  return included.includes(INCLUDE_STATE) || keeping?.stored !== true;
}

/** Nobody reads the events of a whole answer. */
const NOWHERE: EventSink = { event: () => undefined, head: () => "", delta: () => undefined };

/**
 * A whole answer: what a stream would have ended with.
 * @throws GatewayError `upstream` when a call was malformed at its provider.
 */
export function encodeResponse(response: ChatResponse, context: AnswerContext): JsonObject {
  if (response.finish.reason === "malformed-call") throw malformedCall();
  const answer = new Answer(NOWHERE, context);
  for (const event of replay(response)) if (isItemEvent(event)) answer.push(event);
  return answer.finished(response.finish, response.usage);
}
