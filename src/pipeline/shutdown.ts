/**
 * Tells running requests that their time is up. Not an AbortSignal, whose listeners cost microseconds in every request; and
 * not a Set, whose outgrown tables keep hundreds of finished requests alive until the next full collection.
 */
import type { GatewayError } from "../chat/error.ts";

type Listener = (reason: GatewayError) => void;

export class Shutdown {
  /** Slots, reused once their listener is gone. */
  readonly #listeners: (Listener | undefined)[] = [];
  readonly #free: number[] = [];
  #reason: GatewayError | undefined;

  /** Why requests must end now; `undefined` while they may run. */
  get reason(): GatewayError | undefined {
    return this.#reason;
  }

  /** Calls back when the time is up; the function it returns takes that back. */
  onBegin(listener: Listener): () => void {
    const slot = this.#free.pop() ?? this.#listeners.length;
    this.#listeners[slot] = listener;
    return () => {
      if (this.#listeners[slot] !== listener) return;
      this.#listeners[slot] = undefined;
      this.#free.push(slot);
    };
  }

  /** Ends every running request with this error. */
  begin(reason: GatewayError): void {
    this.#reason = reason;
    for (const listener of this.#listeners.slice()) listener?.(reason);
  }
}
