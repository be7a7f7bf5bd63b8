/** Events of one answer. Of text, reasoning and refusal at most one is open; calls stay open beside them (rule 61). */
import type { Citation, Content } from "../../../chat/chat.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import type { OpaqueState } from "../../../chat/state.ts";
import type { JsonFence } from "../../shared/json-fence.ts";

/** What can be open. */
export type Streamed = "text" | "reasoning" | "refusal";

export class EventWriter {
  #events: ChatEvent[] = [];
  #count = 0;
  #open: Streamed | undefined;
  #openIndex = 0;
  #fence: JsonFence | undefined;

  /** Items started so far. */
  get count(): number {
    return this.#count;
  }

  /** What is open. */
  get open(): Streamed | undefined {
    return this.#open;
  }

  /** Takes the next item's index. */
  nextItem(): number {
    this.#count += 1;
    return this.#count - 1;
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

  /** More of the open item. Only while there is one. */
  delta(text: string): void {
    const shown = this.#fence ? this.#fence.push(text) : text;
    if (shown !== "") this.#events.push({ type: "delta", index: this.#openIndex, text: shown });
  }

  /** @param fence takes the code fence off what follows. */
  begin(type: Streamed, fence?: JsonFence): void {
    this.#open = type;
    this.#fence = fence;
    this.#openIndex = this.nextItem();
    this.#events.push({ type: "item-start", index: this.#openIndex, item: { type, text: "" } });
  }

  /** Only while a text is open. */
  cite(citation: Citation): void {
    this.#events.push({ type: "citation", index: this.#openIndex, citation });
  }

  close(state?: OpaqueState): void {
    if (this.#open === undefined) return;
    this.#open = undefined;
    const rest = this.#fence?.end() ?? "";
    if (rest !== "") this.#events.push({ type: "delta", index: this.#openIndex, text: rest });
    this.#events.push({ type: "item-end", index: this.#openIndex, ...(state && { state }) });
  }

  /** An item that comes at once. Only while none is open. */
  whole(item: Content): void {
    const index = this.nextItem();
    this.#events.push({ type: "item-start", index, item });
    this.#events.push({ type: "item-end", index });
  }
}
