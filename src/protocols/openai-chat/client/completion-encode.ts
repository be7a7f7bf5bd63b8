/** The objects of an answer (A.2.2, A.2.3), and whole answers. */
import type { ChatResponse, Native } from "../../../chat/chat.ts";
import { replay } from "../../../chat/collect.ts";
import { asArray, asObject, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { malformedCall } from "../../shared/malformed-call.ts";
import type { AnswerContext } from "../../protocol.ts";
import { AnswerEncoder, type AnswerSink, type Channel } from "./answer-encode.ts";
import { encodeFinishReason, encodeLogprobs } from "./finish-encode.ts";
import { ownFields } from "../native.ts";
import { encodeUsage } from "./usage-encode.ts";

/** What every chunk of an answer and the whole answer begin with (rules 261, 262). */
export function encodeHead(
  start: { readonly id?: string; readonly native?: Native },
  object: "chat.completion" | "chat.completion.chunk",
  { requestId, createdAt, model, resumed }: AnswerContext,
): JsonObject {
  const id = resumed?.id ?? (start.id?.startsWith("chatcmpl-") ? start.id : `chatcmpl-${requestId.replaceAll(/[^a-zA-Z0-9]/g, "")}`);
  return { ...ownFields(start.native), id, object, created: createdAt, model };
}

/**
 * A whole answer: the fold of what a stream would have brought.
 * @throws GatewayError `upstream` when a call was malformed at its provider.
 */
export function encodeResponse(response: ChatResponse, context: AnswerContext): JsonObject {
  const { finish } = response;
  if (finish.reason === "malformed-call") throw malformedCall();
  const message = new MessageFold();
  const answer = new AnswerEncoder(message, context);
  for (const event of replay(response)) {
    if (event.type === "item-start" || event.type === "delta" || event.type === "citation" || event.type === "item-end") answer.push(event);
  }
  answer.end(finish);
  const usage = encodeUsage(response.usage);
  return {
    ...encodeHead(response, "chat.completion", context),
    choices: [
      {
        index: 0,
        message: message.fields(),
        logprobs: encodeLogprobs(finish),
        finish_reason: encodeFinishReason(finish, answer.emitted),
      },
    ],
    ...(usage && { usage }),
  };
}

/** Puts the pieces of a message together. */
class MessageFold implements AnswerSink {
  readonly #texts = new Map<Channel["field"], string>();
  readonly #calls: Record<string, JsonValue | undefined>[] = [];
  readonly #inputs: string[] = [];
  readonly #lists: Record<string, JsonValue | undefined> = {};
  #legacy: JsonObject | undefined;

  text({ field, ordinal }: Channel, text: string): void {
    if (field === "function" || field === "custom") this.#inputs[ordinal] = (this.#inputs[ordinal] ?? "") + text;
    else this.#texts.set(field, (this.#texts.get(field) ?? "") + text);
  }

  delta({ tool_calls: calls, function_call: legacy, ...lists }: JsonObject): void {
    this.#legacy ??= asObject(legacy);
    for (const call of asArray(calls) ?? []) {
      const { index, ...fields } = call as JsonObject;
      this.#calls[index as number] = { ...this.#calls[index as number], ...fields };
    }
    for (const [key, list] of Object.entries(lists)) this.#lists[key] = [...(asArray(this.#lists[key]) ?? []), ...(asArray(list) ?? [])];
  }

  fields(): JsonObject {
    const reasoning = this.#texts.get("reasoning_content");
    return {
      role: "assistant",
      content: this.#texts.get("content") ?? null,
      refusal: this.#texts.get("refusal") ?? null,
      ...(reasoning !== undefined && { reasoning_content: reasoning }),
      ...(this.#calls.length > 0 && { tool_calls: this.#calls.map((call, i) => withInput(call, this.#inputs[i] ?? "")) }),
      ...(this.#legacy && { function_call: { ...this.#legacy, arguments: this.#texts.get("function_call") ?? "" } }),
      ...this.#lists,
    };
  }
}

function withInput(call: JsonObject, input: string): JsonObject {
  const custom = asObject(call["custom"]);
  return custom ? { ...call, custom: { ...custom, input } } : { ...call, function: { ...asObject(call["function"]), arguments: input } };
}
