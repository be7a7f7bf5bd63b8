/** Items of an answer, one after the other, for protocols whose streams cannot interleave them (dossier rules 61, 269). */
import type { ChatEvent } from "../../chat/events.ts";

/** An event of one item. */
export type ItemEvent = Extract<ChatEvent, { readonly index: number }>;

/** Lets one item's events pass at once, and those of others when the items before them have ended. */
export class InTurn {
  readonly #pass: (event: ItemEvent) => void;
  #current: number | undefined;
  readonly #waiting = new Map<number, ItemEvent[]>();

  /** @param pass takes the events in their new order. */
  constructor(pass: (event: ItemEvent) => void) {
    this.#pass = pass;
  }

  push(event: ItemEvent): void {
    if (this.#current !== undefined && event.index !== this.#current) {
      const queue = this.#waiting.get(event.index);
      if (queue) queue.push(event);
      else this.#waiting.set(event.index, [event]);
      return;
    }
    this.#let(event);
    while (this.#current === undefined && this.#waiting.size > 0) this.#next();
  }

  #next(): void {
    for (const [index, events] of this.#waiting) {
      this.#waiting.delete(index);
      for (const event of events) this.#let(event);
      return;
    }
  }

  #let(event: ItemEvent): void {
    this.#current = event.type === "item-end" ? undefined : event.index;
    this.#pass(event);
  }
}
