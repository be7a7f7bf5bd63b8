/**
 * Looks for stop sequences in an answer whose upstream does not (rules 196–198). The answer ends where the first of them
 * is complete, as if its text came a character at a time, so that the result is the same in any chunking.
 */
import type { ChatEvent } from "./events.ts";

interface Found {
  readonly sequence: string;
  readonly at: number;
}

/**
 * A filter over the events of one answer. Only text is searched: not reasoning, calls or refusals, and not across items.
 * No more text is held back than could be the beginning of a sequence.
 */
export class StopScanner {
  readonly #sequences: readonly string[];
  /** What is held back of each open item; `undefined` for items that are not searched. */
  readonly #held = new Map<number, string | undefined>();
  #found = false;

  /** @param sequences empty ones are ignored. */
  constructor(sequences: readonly string[]) {
    this.#sequences = sequences.filter((sequence) => sequence !== "");
  }

  /** Whether a sequence was found: the answer has been finished, and of what follows only usage is told. */
  get found(): boolean {
    return this.#found;
  }

  /** The events to pass on in place of this one. */
  push(event: ChatEvent): readonly ChatEvent[] {
    if (this.#found) return event.type === "usage" ? [event] : [];
    switch (event.type) {
      case "item-start": {
        const { index, item } = event;
        if (item.type !== "text") {
          this.#held.set(index, undefined);
          return [event];
        }
        this.#held.set(index, "");
        if (item.text === "") return [event];
        return [{ type: "item-start", index, item: { ...item, text: "" } }, ...this.#text(index, item.text)];
      }
      case "delta":
        return this.#held.get(event.index) === undefined ? [event] : this.#text(event.index, event.text);
      case "item-end": {
        const rest = this.#release(event.index);
        this.#held.delete(event.index);
        return [...rest, event];
      }
      case "error":
        return [...[...this.#held.keys()].flatMap((index) => this.#release(index)), event];
      default:
        return [event];
    }
  }

  #text(index: number, more: string): readonly ChatEvent[] {
    const text = (this.#held.get(index) ?? "") + more;
    const found = this.#first(text);
    if (found) return this.#cut(index, text.slice(0, found.at), found.sequence);
    const sure = text.length - this.#beginningAtEnd(text);
    this.#held.set(index, text.slice(sure));
    return delta(index, text.slice(0, sure));
  }

  /** The sequence that is complete first; of several the longest. */
  #first(text: string): Found | undefined {
    let first: Found | undefined;
    let firstEnd = Infinity;
    for (const sequence of this.#sequences) {
      const at = text.indexOf(sequence);
      const end = at + sequence.length;
      if (at < 0 || end > firstEnd || (end === firstEnd && first && at >= first.at)) continue;
      first = { sequence, at };
      firstEnd = end;
    }
    return first;
  }

  /** How many characters at the end of the text could be the beginning of a sequence. */
  #beginningAtEnd(text: string): number {
    let most = 0;
    for (const sequence of this.#sequences) {
      for (let length = Math.min(sequence.length - 1, text.length); length > most; length -= 1) {
        if (text.endsWith(sequence.slice(0, length))) most = length;
      }
    }
    return most;
  }

  #cut(index: number, text: string, stopSequence: string): readonly ChatEvent[] {
    this.#found = true;
    this.#held.set(index, undefined);
    const others = [...this.#held.keys()].flatMap((open) => this.#release(open));
    const ends = [...this.#held.keys()].map((open): ChatEvent => ({ type: "item-end", index: open }));
    return [...delta(index, text), ...others, ...ends, { type: "finish", finish: { reason: "stop-sequence", stopSequence } }];
  }

  #release(index: number): readonly ChatEvent[] {
    return delta(index, this.#held.get(index) ?? "");
  }
}

function delta(index: number, text: string): readonly ChatEvent[] {
  return text === "" ? [] : [{ type: "delta", index, text }];
}
