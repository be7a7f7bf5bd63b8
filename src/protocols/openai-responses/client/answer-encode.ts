/**
 * Events to the items of an answer, for streams and whole answers alike (A.3.3, B.7–B.9). Items may be open side by side.
 *
 * Where opaque state goes (rules 141, 162, 371): proof of reasoning in its own item. Proof of a text or call in the
 * reasoning item right before it, where that has none of its own, else in one without words. Proof that comes after its text
 * stands alone; proof that comes after a call has begun cannot be bound to it any more and is a loss.
 */
import type { Content, Finish, HostedToolResultContent, MediaContent, Native, ToolCallContent } from "../../../chat/chat.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import { asObject, type JsonObject } from "../../../chat/json.ts";
import { NOBODY, type OpaqueState } from "../../../chat/state.ts";
import type { ItemEvent } from "../../shared/in-turn.ts";
import { refusalText } from "../../shared/refusal-text.ts";
import { toolNamed } from "../../shared/tool-lookup.ts";
import { UniqueNames } from "../../shared/unique-names.ts";
import type { AnswerContext } from "../../protocol.ts";
import { ownFields } from "../native.ts";
import { sealState } from "../state.ts";
import { CallItem, isTyped, TypedCallItem } from "./call-items.ts";
import { HOSTED_ITEMS, ImageItem, WholeItem, type HostedItem } from "./hosted-output.ts";
import { ItemWriter } from "./item-writer.ts";
import type { MessagePart } from "./message-item.ts";
import { Output, type EventSink } from "./output.ts";
import { ReasoningItem } from "./reasoning-item.ts";

/** Takes what comes of one neutral item; never an empty text. */
interface Follower {
  text(text: string): void;
  end(late: OpaqueState | undefined): void;
  /** Sources of a text. */
  readonly cite?: MessagePart["cite"];
}

type WithNative<T> = T & { readonly native?: Native };

/** Follows one answer. */
export class AnswerEncoder {
  readonly output: Output;
  readonly #context: AnswerContext;
  readonly #writer: ItemWriter;
  readonly #open = new Map<number, Follower>();
  /** Calls that the provider runs, by their ids, until it is known what came of them. */
  readonly #running = new Map<string, HostedItem>();
  readonly #callIds = new UniqueNames();
  #held = { content: false, refusal: false, calls: false };

  /** @param tellsState whether the client is told opaque state. */
  constructor(sink: EventSink, context: AnswerContext, tellsState: boolean) {
    this.output = new Output(sink, context, tellsState);
    this.#context = context;
    this.#writer = new ItemWriter(this.output);
  }

  push(event: ItemEvent): void {
    const follower = this.#open.get(event.index);
    switch (event.type) {
      case "item-start":
        return this.#start(event.index, event.item);
      case "delta":
        if (event.text !== "") follower?.text(event.text);
        return undefined;
      case "citation":
        return follower?.cite?.(event.citation);
      case "item-end":
        this.#open.delete(event.index);
        return follower?.end(event.state);
    }
  }

  /** What has ended is done, though nothing else has begun. */
  settle(): void {
    this.#writer.settle();
  }

  /** No more items come. @returns whether the model itself said a refusal; its provider's explanation of one is none. */
  end(finish: Finish): boolean {
    const refused = this.#held.refusal;
    const refusal = refusalText(finish, this.#held) ?? "";
    if (refusal !== "") this.#say("refusal", undefined, {}).text(refusal);
    this.#writer.end(finish, [...this.#running.values()]);
    return refused;
  }

  #start(index: number, item: Content): void {
    const follower = this.#follow(item);
    if (!follower) return;
    this.#open.set(index, follower);
    const said = "text" in item ? (item.text ?? "") : "input" in item ? item.input : "";
    if (said !== "") follower.text(said);
    if (item.type === "text") for (const citation of item.citations ?? []) follower.cite?.(citation);
  }

  /** What follows the item; `undefined` for one that is told at once, or not at all. */
  #follow(item: Content): Follower | undefined {
    switch (item.type) {
      case "text":
        return this.#followText("output_text", item.state, itemOf(item));
      case "refusal":
        return this.#followText("refusal", undefined, itemOf(item));
      case "reasoning":
        return this.#followReasoning(item.state, itemOf(item));
      case "tool-call":
        return this.#followCall(item);
      case "hosted-tool-call":
        return this.#followHosted(item);
      case "hosted-tool-result":
        return this.#result(item);
      case "compaction":
        return this.#followCompaction(item.state);
      case "media":
        return this.#media(item);
      case "opaque":
        return this.#again(ownFields(item.native), item.name);
      default:
        return this.#lose(item.type);
    }
  }

  /** A text begins with its first words, so that an empty one leaves no trace but its state. */
  #followText(type: MessagePart["type"], state: OpaqueState | undefined, own: JsonObject): Follower {
    let part: MessagePart | undefined;
    const open = (): MessagePart => (part?.open ? part : (part = this.#say(type, part ? undefined : state, own)));
    if (this.output.isNextTold) open();
    return {
      text: (text) => open().text(text),
      cite: (citation) => open().cite(citation),
      end: (late) => {
        const alone = late ?? (part ? undefined : state);
        if (alone) this.#writer.carryAlone(alone);
      },
    };
  }

  #say(type: MessagePart["type"], state: OpaqueState | undefined, own: JsonObject): MessagePart {
    this.#held = { ...this.#held, [type === "refusal" ? "refusal" : "content"]: true };
    return this.#writer.say(type, state, own);
  }

  /** What is not shown travels with its proof, to where it is wanted back (rule 145). */
  #followReasoning(first: OpaqueState | undefined, own: JsonObject): Follower {
    const hides = this.#context.request.reasoning?.show === false;
    let reasoning: ReasoningItem | undefined;
    let hidden = "";
    const open = (): ReasoningItem => {
      if (!reasoning) this.#writer.settle();
      return (reasoning ??= new ReasoningItem(this.output, own));
    };
    if (this.output.isNextTold) open();
    return {
      text: (text) => {
        if (hides) hidden += text;
        else open().text(text);
      },
      end: (late) => {
        const state = late ?? first;
        if (state) open().seal(state.kind === "thinking" && hidden !== "" ? { ...state, text: hidden } : state, "self");
        if (!reasoning) return;
        reasoning.endText();
        this.#writer.ended(reasoning);
      },
    };
  }

  #followCall(call: WithNative<ToolCallContent>): Follower {
    this.#held = { ...this.#held, calls: true };
    // Clients answer calls by their ids, so that no two of an answer may have one (rule 51).
    const id = this.#callIds.give(call.id);
    const tool = toolNamed(this.#context.request.tools, call.name);
    if (tool?.type === "client" && isTyped(tool.vendorType)) return this.#followTypedCall(call, id, tool.vendorType);
    this.#writer.settle(call.state, "next-call");
    const item = new CallItem(this.output, call, id, itemOf(call));
    return {
      text: (text) => item.text(text),
      end: (late) => {
        if (late) this.#context.losses.add("late-call-state", "answer.tool-call", "semantic");
        item.endInput();
        this.#writer.ended(item);
      },
    };
  }

  /** It begins when all of it is known. */
  #followTypedCall({ state }: ToolCallContent, id: string, vendorType: string): Follower {
    return collecting((input, late) => {
      this.#writer.settle(late ?? state, "next-call");
      this.#writer.ended(new TypedCallItem(this.output, vendorType, id, input));
    });
  }

  #followHosted(call: WithNative<Extract<Content, { type: "hosted-tool-call" }>>): Follower | undefined {
    const own = asObject(ownFields(call.native)?.["item"]);
    if (own) return this.#again(own, call.name);
    const begin = HOSTED_ITEMS[call.kind];
    if (!begin) {
      this.#context.losses.add("hosted-tool-call", `answer.${call.kind}`, "semantic");
      return undefined;
    }
    this.#writer.settle();
    // Two under one id cannot be told apart: the first gets no answer.
    this.#running.get(call.id)?.close("completed");
    const item = begin(this.output);
    this.#running.set(call.id, item);
    return collecting((input) => item.ask(input));
  }

  #result(result: WithNative<HostedToolResultContent>): undefined {
    const running = this.#running.get(result.callId);
    const own = asObject(ownFields(result.native)?.["item"]);
    this.#running.delete(result.callId);
    if (running) running.answer(result);
    else if (own) this.#again(own, result.type);
    return undefined;
  }

  #followCompaction(first: OpaqueState | undefined): Follower {
    return collecting((summary, late) => {
      const state: OpaqueState = late ?? first ?? { issuer: NOBODY, kind: "compaction", value: "" };
      const sealed = sealState({ ...state, ...(summary !== "" && { text: summary }) }, "self", this.#context.sealer);
      this.#writer.settle();
      this.#writer.ended(new WholeItem(this.output, "cmp", { type: "compaction", encrypted_content: sealed }));
    });
  }

  #media(media: MediaContent): undefined {
    const { kind, mediaType, source } = media;
    if (kind === "image" && "base64" in source) {
      this.#writer.settle();
      new ImageItem(this.output, source.base64, media).close("completed");
      return;
    }
    this.#context.losses.add("media-output", `answer.${kind}`, "semantic");
    const what = mediaType === undefined ? `media of kind ${kind}` : `${kind} (${mediaType})`;
    this.#say("output_text", undefined, {}).text(`[The model returned ${what}, which Responses cannot carry in an answer.]`);
  }

  /** An item of this very protocol, as it was. */
  #again(item: JsonObject | undefined, name: string): undefined {
    if (!item) return this.#lose(name);
    this.#writer.settle();
    this.#writer.ended(new WholeItem(this.output, "item", item));
    return undefined;
  }

  #lose(what: string): undefined {
    this.#context.losses.add("answer-content", `answer.${what}`, "semantic");
    return undefined;
  }
}

/** Follows an item that means nothing before it is whole. */
function collecting(whole: (text: string, late: OpaqueState | undefined) => void): Follower {
  let collected = "";
  return {
    text: (text) => {
      collected += text;
    },
    end: (late) => whole(collected, late),
  };
}

/** What an item of this very protocol said beside the neutral form. */
function itemOf({ native }: { readonly native?: Native }): JsonObject {
  const { id: _id, status: _status, type: _type, ...rest } = asObject(ownFields(native)?.["item"]) ?? {};
  return rest;
}

/** Whether an event is of an item. */
export function isItemEvent(event: ChatEvent): event is ItemEvent {
  return event.type === "item-start" || event.type === "delta" || event.type === "citation" || event.type === "item-end";
}
