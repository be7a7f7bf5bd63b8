/** Picks the opaque state out of an answer, with its place, for clients that will not send it back. */
import type { Content, ReasoningContent } from "../chat/chat.ts";
import type { ChatEvent } from "../chat/events.ts";
import type { OpaqueState } from "../chat/state.ts";

/** How much of the answer stood before: UTF-16 units of its text, and calls. */
export interface Place {
  readonly chars: number;
  readonly calls: number;
}

/** Reasoning that has state, or proof of so many UTF-16 units of text; of none: of a text without words. */
export type StatePiece =
  | { readonly type: "reasoning"; readonly at: Place; readonly content: ReasoningContent & { readonly state: OpaqueState } }
  | { readonly type: "text"; readonly at: Place; readonly state: OpaqueState; readonly length: number };

/** What is kept of an answer. */
export interface AnswerState {
  /** In the order in which they stood. */
  readonly pieces: readonly StatePiece[];
  /** Ids of its calls. */
  readonly calls: readonly string[];
  /** All of its text. */
  readonly text: string;
}

/** Where it is kept. */
export interface KeptState {
  /** The proof of one call, as soon as it is known: clients act on calls before the answer has ended. */
  keepCall(id: string, state: OpaqueState): void;
  /** The rest, once the answer is complete. */
  keepAnswer(answer: AnswerState): void;
}

/** UTF-16 units of text and reasoning that are followed; longer answers are not kept. */
const MAX_CHARS = 2_097_152;

interface OpenItem {
  readonly item: Content;
  readonly at: Place;
  text: string;
}

/** Follows one answer. */
export class StateKeeper {
  readonly #kept: KeptState;
  /** Whether reasoning is kept, too; else only proof of calls and texts is. */
  readonly #keepsReasoning: boolean;
  readonly #open = new Map<number, OpenItem>();
  readonly #pieces: { readonly index: number; readonly piece: StatePiece }[] = [];
  readonly #calls: string[] = [];
  #text = "";
  #chars = 0;

  constructor(kept: KeptState, keepsReasoning: boolean) {
    this.#kept = kept;
    this.#keepsReasoning = keepsReasoning;
  }

  push(event: ChatEvent): void {
    switch (event.type) {
      case "item-start":
        return this.#begin(event.index, event.item);
      case "delta":
        return this.#add(event.index, event.text);
      case "item-end":
        return this.#end(event.index, event.state);
      case "finish":
        return this.#finish();
      default:
        return undefined;
    }
  }

  #begin(index: number, item: Content): void {
    if (item.type !== "text" && item.type !== "reasoning" && item.type !== "tool-call") return;
    this.#open.set(index, { item, at: { chars: this.#text.length, calls: this.#calls.length }, text: "" });
    if (item.type !== "tool-call") return this.#add(index, item.text);
    this.#calls.push(item.id);
    if (item.state) this.#kept.keepCall(item.id, item.state);
  }

  #add(index: number, text: string): void {
    const open = this.#open.get(index);
    if (!open || open.item.type === "tool-call" || text === "") return;
    this.#chars += text.length;
    if (this.#chars > MAX_CHARS) return;
    open.text += text;
    if (open.item.type === "text") this.#text += text;
  }

  #end(index: number, late: OpaqueState | undefined): void {
    const open = this.#open.get(index);
    this.#open.delete(index);
    if (!open) return;
    const { item, at, text } = open;
    if (item.type === "tool-call" && late) this.#kept.keepCall(item.id, late);
    const state = late ?? ("state" in item ? item.state : undefined);
    if (!state) return;
    if (item.type === "reasoning") this.#keepReasoning(index, { ...item, text, state }, at);
    if (item.type === "text") this.#pieces.push({ index, piece: { type: "text", at, state, length: text.length } });
  }

  #keepReasoning(index: number, content: ReasoningContent & { readonly state: OpaqueState }, at: Place): void {
    if (this.#keepsReasoning) this.#pieces.push({ index, piece: { type: "reasoning", at, content } });
  }

  #finish(): void {
    if (this.#pieces.length === 0 || this.#chars > MAX_CHARS) return;
    const pieces = this.#pieces.sort((a, b) => a.index - b.index).map(({ piece }) => piece);
    this.#kept.keepAnswer({ pieces, calls: this.#calls, text: this.#text });
  }
}
