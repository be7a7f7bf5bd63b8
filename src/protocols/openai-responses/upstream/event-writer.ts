/** Events of one answer. Any number of items may be open: a server closes them in whatever order (recordings, oddity 31). */
import type { Citation, Content } from "../../../chat/chat.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import type { JsonText } from "../../../chat/json.ts";
import type { OpaqueState } from "../../../chat/state.ts";

export class EventWriter {
  #events: ChatEvent[] = [];
  #count = 0;

  /** Items begun so far. */
  get count(): number {
    return this.#count;
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

  /** @returns the item's index. */
  begin(item: Content): number {
    const index = this.#count;
    this.#count += 1;
    this.#events.push({ type: "item-start", index, item });
    return index;
  }

  delta(index: number, text: string): void {
    if (text !== "") this.#events.push({ type: "delta", index, text });
  }

  cite(index: number, citation: Citation): void {
    this.#events.push({ type: "citation", index, citation });
  }

  close(index: number, state?: OpaqueState): void {
    this.#events.push({ type: "item-end", index, ...(state && { state }) });
  }

  /** An item that comes at once. @param text its input, when it is a call. */
  whole(item: Content, text: JsonText = ""): void {
    const index = this.begin(item);
    this.delta(index, text);
    this.close(index);
  }
}
