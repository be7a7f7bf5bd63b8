/**
 * Lets server-sent events through only whole, so that at any moment the client has seen complete events and nothing
 * else: a heartbeat or an error event may follow without breaking one. Every byte passes unchanged.
 */
import { GatewayError } from "../chat/error.ts";

/** A broken upstream must not grow our heap without end, as in `sse.ts`. */
const MAX_EVENT_BYTES = 67_108_864;
const LF = 0x0a;
const CR = 0x0d;

export class WholeFrames {
  #held: Buffer[] = [];
  #heldBytes = 0;

  /**
   * The bytes up to the last event border seen, or `undefined` when no event has ended yet.
   * @throws GatewayError `upstream` when an event is too large.
   */
  push(chunk: Buffer): Buffer | undefined {
    const border = lastBorder(chunk, this.#held);
    if (border <= 0) {
      this.#hold(chunk);
      return undefined;
    }
    const whole = this.#held.length === 0 && border === chunk.length ? chunk : Buffer.concat([...this.#held, chunk.subarray(0, border)]);
    this.#held = [];
    this.#heldBytes = 0;
    if (border < chunk.length) this.#hold(chunk.subarray(border));
    return whole;
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > MAX_EVENT_BYTES)
      throw new GatewayError("upstream", `The upstream sent a stream event larger than ${MAX_EVENT_BYTES} bytes.`);
  }

  /** What never became a whole event. */
  rest(): Buffer {
    const rest = Buffer.concat(this.#held);
    this.#held = [];
    return rest;
  }
}

/** The offset in `chunk` after its last blank line, counting the bytes held before it; 0 when there is none. */
function lastBorder(chunk: Buffer, held: readonly Buffer[]): number {
  for (let at = chunk.length - 1; at >= 0; at -= 1) {
    at = Math.max(chunk.lastIndexOf(LF, at), chunk.lastIndexOf(CR, at));
    if (at < 0) return 0;
    if (isBlankLineEnd(chunk, at, held)) return at + 1;
  }
  return 0;
}

/** Whether the line end at `at` closes an empty line: right before it (CR LF counts as one) stands another line end. */
function isBlankLineEnd(chunk: Buffer, at: number, held: readonly Buffer[]): boolean {
  const previous = byteBefore(chunk, at, held);
  if (chunk[at] === LF) {
    if (previous === LF) return true;
    // CR LF: the line it ends is empty when a line end precedes the CR.
    if (previous !== CR) return false;
    const beforeCr = byteBefore(chunk, at - 1, held);
    return beforeCr === LF || beforeCr === CR;
  }
  // A lone CR may be the first half of CR LF: only a following byte in this chunk tells, so it is no border at the end.
  return at + 1 < chunk.length && chunk[at + 1] !== LF && (previous === CR || previous === LF);
}

function byteBefore(chunk: Buffer, at: number, held: readonly Buffer[]): number | undefined {
  if (at > 0) return chunk[at - 1];
  let back = 1 - at;
  for (let i = held.length - 1; i >= 0; i -= 1) {
    const piece = held[i] as Buffer;
    if (back <= piece.length) return piece[piece.length - back];
    back -= piece.length;
  }
  return undefined;
}
