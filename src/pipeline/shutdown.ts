/** Tells running requests that their time is up. A plain set: an AbortSignal's listeners cost microseconds in every request. */
import type { GatewayError } from "../chat/error.ts";

export class Shutdown {
  readonly #listeners = new Set<(reason: GatewayError) => void>();
  #reason: GatewayError | undefined;

  /** Why requests must end now; `undefined` while they may run. */
  get reason(): GatewayError | undefined {
    return this.#reason;
  }

  /** Calls back when the time is up; the function it returns takes that back. */
  onBegin(listener: (reason: GatewayError) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends every running request with this error. */
  begin(reason: GatewayError): void {
    this.#reason = reason;
    for (const listener of this.#listeners) listener(reason);
  }
}
