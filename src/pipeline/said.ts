/** What a client has of an answer, as events told it: what another attempt must go on with, should this one break off. */
import type { Citation, Content } from "../chat/chat.ts";
import type { ChatEvent } from "../chat/events.ts";

/** One item, as far as it came. */
export interface SaidItem {
  /** As it started: what text it had then is in {@link text}. */
  readonly item: Content;
  /** All of its text, or of its input when it is a call. */
  readonly text: string;
  readonly citations: readonly Citation[];
  readonly ended: boolean;
}

/** UTF-16 units of text that are followed; a longer answer is not gone on with. */
const MAX_CHARS = 2_097_152;

interface OpenItem {
  readonly item: Content;
  text: string;
  readonly citations: Citation[];
  ended: boolean;
}

/** Follows one answer. */
export class Said {
  #items: OpenItem[] = [];
  #chars = 0;
  #finished = false;

  push(event: ChatEvent): void {
    switch (event.type) {
      case "delta":
        return this.#add(this.#items[event.index], event.text);
      case "item-start": {
        const { item } = event;
        const open: OpenItem = { item, text: "", citations: item.type === "text" ? [...(item.citations ?? [])] : [], ended: false };
        this.#items.push(open);
        return this.#add(open, textOf(item));
      }
      case "citation":
        this.#items[event.index]?.citations.push(event.citation);
        return undefined;
      case "item-end": {
        const open = this.#items[event.index];
        if (open) open.ended = true;
        return undefined;
      }
      case "finish":
        this.#finished = true;
        return undefined;
      default:
        return undefined;
    }
  }

  /** The items as they are now, in their order; `undefined` when the answer has ended, or is too long to be kept. */
  items(): readonly SaidItem[] | undefined {
    if (this.#finished || this.#chars > MAX_CHARS) return undefined;
    return this.#items.map((open) => ({ ...open, citations: [...open.citations] }));
  }

  #add(open: OpenItem | undefined, text: string): void {
    this.#chars += text.length;
    if (this.#chars > MAX_CHARS) this.#items = [];
    else if (open) open.text += text;
  }
}

/** What an item starts with of what streams: text, or a call's input. */
export function textOf(item: Content): string {
  if ("input" in item) return item.input;
  return "text" in item ? (item.text ?? "") : "";
}
