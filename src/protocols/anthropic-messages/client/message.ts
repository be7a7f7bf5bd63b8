/** The message object of an answer (A.1.4), and whole answers made of one. */
import type { ChatResponse, FinishReason, Native, Usage } from "../../../chat/chat.ts";
import { replay } from "../../../chat/collect.ts";
import { GatewayError } from "../../../chat/error.ts";
import { isObject, tryParseJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { malformedCall } from "../../shared/malformed-call.ts";
import type { AnswerContext } from "../../protocol.ts";
import { AnswerEncoder, type BlockSink } from "./answer-encode.ts";
import { encodeFinish } from "../finish.ts";
import { ownFields } from "../native.ts";
import { encodeUsage, withEstimate } from "../usage.ts";

/**
 * A message around its content.
 * @param ending `stop_reason` and its neighbours.
 */
export function encodeMessage(
  start: { readonly id?: string; readonly native?: Native },
  context: AnswerContext,
  content: readonly JsonObject[],
  ending: JsonObject,
  usage: Usage | undefined,
): JsonObject {
  return {
    id: start.id?.startsWith("msg_") ? start.id : `msg_${context.requestId.replaceAll(/[^a-zA-Z0-9]/g, "")}`,
    type: "message",
    role: "assistant",
    model: context.model,
    content,
    ...ending,
    ...ownFields(start.native),
    usage: encodeUsage(withEstimate(usage, context)),
  };
}

/**
 * A whole answer: the fold of what a stream would have brought.
 * @throws GatewayError `upstream` when a call could not be read: malformed at its provider, or its input no JSON object though the answer was not cut.
 */
export function encodeResponse(response: ChatResponse, context: AnswerContext): JsonObject {
  const { finish } = response;
  if (finish.reason === "malformed-call") throw malformedCall();
  const blocks = new BlockList(CUT.has(finish.reason));
  const answer = new AnswerEncoder(blocks, context);
  for (const event of replay(response)) {
    if (event.type === "item-start" || event.type === "delta" || event.type === "citation" || event.type === "item-end") answer.push(event);
  }
  answer.end();
  if (blocks.dropped) context.losses.add("cut-tool-call", "answer.tool-call", "semantic");
  const { delta, event } = encodeFinish(finish, answer.emitted);
  return encodeMessage(response, context, blocks.blocks, { ...delta, ...event }, response.usage);
}

/** Reasons after which the last item may be half of itself. */
const CUT: ReadonlySet<FinishReason> = new Set<FinishReason>(["length", "context-full", "continuation"]);

/** Blocks whose text stands under the name of their type. */
const TEXT_BLOCKS: ReadonlySet<unknown> = new Set(["text", "thinking"]);

/** Collects whole blocks. */
class BlockList implements BlockSink {
  readonly blocks: JsonObject[] = [];
  /** Whether a call was left out because the answer was cut in the middle of it: half an input must not run (rule 88). */
  dropped = false;
  readonly #cut: boolean;
  #block: Record<string, JsonValue | undefined> = {};
  #text = "";

  constructor(cut: boolean) {
    this.#cut = cut;
  }

  open(block: JsonObject): void {
    this.#block = { ...block };
    this.#text = "";
  }

  text(text: string): void {
    this.#text += text;
  }

  citation(citation: JsonObject): void {
    this.#block["citations"] = [...((this.#block["citations"] as JsonObject[] | undefined) ?? []), citation];
  }

  signature(value: string): void {
    this.#block["signature"] = value;
  }

  compaction(content: string | null, encrypted: string | undefined): void {
    this.#block["content"] = content;
    if (encrypted !== undefined) this.#block["encrypted_content"] = encrypted;
  }

  close(): void {
    const { type } = this.#block;
    if (TEXT_BLOCKS.has(type)) this.#block[type as string] = this.#text;
    else if ("input" in this.#block && this.#text !== "" && !this.#takeInput()) return;
    this.blocks.push(this.#block);
  }

  #takeInput(): boolean {
    const input = tryParseJson(this.#text);
    if (isObject(input)) {
      this.#block["input"] = input;
      return true;
    }
    if (!this.#cut) throw new GatewayError("upstream", "The model wrote a tool call whose input is not a JSON object.");
    this.dropped = true;
    return false;
  }
}
