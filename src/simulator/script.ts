/** Which behaviour a request gets: by header, by credential, from the queue, or none. */
import type { Operation } from "./dialect.ts";
import type { Behaviour, FaultName, RecordedRequest, ScriptItem } from "./types.ts";

/** Holds the queue and hands its items out. */
export class Script {
  readonly #queue: { readonly item: ScriptItem; skip: number; left: number }[] = [];

  /** Appends; a bare name is a fault for one request. */
  push(items: readonly (ScriptItem | FaultName)[]): void {
    for (const given of items) {
      const item: ScriptItem = asBehaviour(given);
      this.#queue.push({ item, skip: item.skip ?? 0, left: item.times ?? 1 });
    }
  }

  /** Takes what is due for the request. The first item that matches decides, also when it only lets the request pass. */
  take(request: RecordedRequest, operation: Operation): Behaviour | undefined {
    const index = this.#queue.findIndex(({ item }) => item.when?.(request) ?? operation === "generate");
    const entry = this.#queue[index];
    if (entry === undefined) return undefined;
    if (entry.skip > 0) {
      entry.skip--;
      return undefined;
    }
    entry.left--;
    if (entry.left <= 0) this.#queue.splice(index, 1);
    return entry.item;
  }
}

/** A bare name as the behaviour it is short for. */
export function asBehaviour<Given extends Behaviour>(given: Given | FaultName): Given | { readonly fault: FaultName } {
  return typeof given === "string" ? { fault: given } : given;
}
