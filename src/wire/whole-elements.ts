/**
 * Lets the elements of a streamed JSON array through only whole, as `whole-frames.ts` does with events: space, or a comma
 * and an error, may follow what has passed (dossier rule 295). Every byte passes unchanged.
 */
import { GatewayError } from "../chat/error.ts";

/** A broken upstream must not grow our heap without end, as in `json-array.ts`. */
const MAX_ELEMENT_BYTES = 67_108_864;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

export class WholeElements {
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Whether the outermost array is open. */
  #open = false;
  /** Brackets that are open inside it. */
  #depth = 0;
  #inString = false;
  #escaped = false;

  /**
   * The bytes up to the end of the last whole element, or `undefined` when none has ended yet.
   * @throws GatewayError `upstream` when an element is too large.
   */
  push(chunk: Buffer): Buffer | undefined {
    const border = this.#lastBorder(chunk);
    if (border === 0) {
      this.#hold(chunk);
      return undefined;
    }
    const whole = this.#held.length === 0 ? chunk.subarray(0, border) : Buffer.concat([...this.#held, chunk.subarray(0, border)]);
    this.#held = [];
    this.#heldBytes = 0;
    if (border < chunk.length) this.#hold(chunk.subarray(border));
    return whole;
  }

  /** The end of the array, which is told in place of whatever never became a whole element. */
  rest(): Buffer {
    const rest = this.#open ? Buffer.from("]") : Buffer.concat(this.#held);
    this.#held = [];
    this.#open = false;
    return rest;
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > MAX_ELEMENT_BYTES)
      throw new GatewayError("upstream", `The upstream sent a stream element larger than ${MAX_ELEMENT_BYTES} bytes.`);
  }

  /** The offset after the last object that ends in the chunk, 0 when none does. */
  #lastBorder(chunk: Buffer): number {
    let border = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] as number;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_BRACE || (byte === OPEN_BRACKET && this.#depth > 0)) this.#depth += 1;
      else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && this.#depth > 0) {
        this.#depth -= 1;
        if (this.#depth === 0) border = at + 1;
      } else if (byte === OPEN_BRACKET) this.#open = true;
      else if (byte === CLOSE_BRACKET) this.#open = false;
    }
    return border;
  }
}
