/**
 * Events of one answer, item after item. At most one item is open; a text stays open until something else begins, so that
 * what comes later can still be cited on it.
 */
import type { Citation, Content } from "../../../chat/chat.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import type { OpaqueState } from "../../../chat/state.ts";

export class EventWriter {
  #events: ChatEvent[] = [];
  /** Items started so far. */
  #count = 0;
  #open: "text" | "reasoning" | undefined;
  /** The open text carries its signature already, so nothing may be added to it. */
  #sealed = false;
  readonly #keepText: boolean;
  #text = "";

  /** @param keepText whether {@link openText} will be asked for. */
  constructor(keepText: boolean) {
    this.#keepText = keepText;
  }

  /** Items started so far: the index of the next one. */
  get count(): number {
    return this.#count;
  }

  /** The text that can still be cited, if any. */
  get openText(): string | undefined {
    return this.#open === "text" ? this.#text : undefined;
  }

  /** The events since the last call. */
  take(): readonly ChatEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  push(event: ChatEvent): void {
    this.#events.push(event);
  }

  text(text: string): void {
    if (this.#open !== "text" || this.#sealed) this.#begin("text", { type: "text", text: "" });
    if (this.#keepText) this.#text += text;
    this.#events.push({ type: "delta", index: this.#count - 1, text });
  }

  /** A text that its signature stands for, as a whole (rule 141). */
  signedText(text: string, state: OpaqueState): void {
    this.#begin("text", { type: "text", text: "", state });
    this.#sealed = true;
    if (this.#keepText) this.#text = text;
    if (text !== "") this.#events.push({ type: "delta", index: this.#count - 1, text });
  }

  /** A thought; a signature ends it. */
  reasoning(text: string, state: OpaqueState | undefined): void {
    if (this.#open !== "reasoning") {
      if (text === "" && !state) return;
      this.#begin("reasoning", { type: "reasoning", text: "" });
    }
    if (text !== "") this.#events.push({ type: "delta", index: this.#count - 1, text });
    if (state) this.close(state);
  }

  /** An item that comes at once, its input apart. */
  whole(item: Content, input?: string): void {
    this.close();
    const index = this.#start(item);
    if (input !== undefined && input !== "") this.#events.push({ type: "delta", index, text: input });
    this.#events.push({ type: "item-end", index });
  }

  /** Only while there is an {@link openText}. */
  cite(citation: Citation): void {
    this.#events.push({ type: "citation", index: this.#count - 1, citation });
  }

  close(state?: OpaqueState): void {
    if (!this.#open) return;
    this.#open = undefined;
    this.#sealed = false;
    this.#events.push({ type: "item-end", index: this.#count - 1, ...(state && { state }) });
  }

  #begin(type: "text" | "reasoning", item: Content): void {
    this.close();
    this.#start(item);
    this.#open = type;
    this.#text = "";
  }

  #start(item: Content): number {
    const index = this.#count;
    this.#count += 1;
    this.#events.push({ type: "item-start", index, item });
    return index;
  }
}
