/** Checks that a sequence of events obeys the grammar of `events.ts`. Tests run every stream through it, and so does debug mode. */
import type { ChatEvent } from "./events.ts";

/** Follows one answer. */
export class GrammarChecker {
  #state: "before" | "running" | "finished" | "failed" = "before";
  #next = 0;
  readonly #open = new Map<number, string>();

  /** What is wrong with this event here, or `undefined`. */
  push(event: ChatEvent): string | undefined {
    if (this.#state === "failed") return `${event.type} after error`;
    switch (event.type) {
      case "start":
        if (this.#state !== "before") return "a second start";
        this.#state = "running";
        return undefined;
      case "error":
        this.#state = "failed";
        return undefined;
      case "ping":
        return undefined;
      case "usage":
        return this.#state === "before" ? "usage before start" : undefined;
      case "finish":
        return this.#finish();
      case "item-start":
      case "delta":
      case "citation":
      case "item-end":
        return this.#state === "running" ? this.#item(event) : `${event.type} while ${this.#state}`;
    }
  }

  /** What is missing at the end of the answer, or `undefined`. */
  end(): string | undefined {
    return this.#state === "finished" || this.#state === "failed" ? undefined : `the answer ended while ${this.#state}`;
  }

  #finish(): string | undefined {
    if (this.#state !== "running") return `finish while ${this.#state}`;
    if (this.#open.size > 0) return `finish with open items ${[...this.#open.keys()].join(", ")}`;
    this.#state = "finished";
    return undefined;
  }

  #item(event: Extract<ChatEvent, { index: number }>): string | undefined {
    if (event.type === "item-start") {
      if (event.index !== this.#next) return `item ${event.index} starts where ${this.#next} is due`;
      this.#next += 1;
      this.#open.set(event.index, event.item.type);
      return undefined;
    }
    const type = this.#open.get(event.index);
    if (type === undefined) return `${event.type} for item ${event.index}, which is not open`;
    if (event.type === "delta" && !STREAMED.has(type)) return `delta for a ${type}, which comes whole`;
    if (event.type === "citation" && type !== "text") return `citation on a ${type}`;
    if (event.type === "item-end") this.#open.delete(event.index);
    return undefined;
  }
}

const STREAMED: ReadonlySet<string> = new Set(["text", "reasoning", "tool-call", "hosted-tool-call", "refusal", "compaction"]);

/** The first fault of a whole sequence, with its position, or `undefined`. */
export function checkGrammar(events: readonly ChatEvent[]): string | undefined {
  const checker = new GrammarChecker();
  for (const [position, event] of events.entries()) {
    const fault = checker.push(event);
    if (fault !== undefined) return `event ${position}: ${fault}`;
  }
  return checker.end();
}
