/** A JSON array that arrives in pieces, one element after the other: how Gemini streams without `alt=sse` (dossier A.4.1). */
import { GatewayError } from "../chat/error.ts";
import type { Frame, FrameReader } from "./frames.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DEFAULT_MAX_FRAME_BYTES = 67_108_864;

/** Each element of the top-level array is a frame; a body that is one bare object is one frame. */
export class JsonArrayReader implements FrameReader {
  readonly #maxFrameBytes: number;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #element: Buffer[] = [];
  #elementBytes = 0;

  constructor(maxFrameBytes: number = DEFAULT_MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** @throws GatewayError `upstream` when an element is larger than allowed. */
  push(bytes: Uint8Array): readonly Frame[] {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const frames: Frame[] = [];
    let start = this.#depth > 0 ? 0 : -1;
    for (let i = 0; i < chunk.length; i += 1) {
      const byte = chunk[i] as number;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
        continue;
      }
      if (byte === QUOTE) this.#inString = true;
      else if (byte === 0x7b || (byte === 0x5b && this.#depth > 0)) {
        if (this.#depth === 0) start = i;
        this.#depth += 1;
      } else if ((byte === 0x7d || byte === 0x5d) && this.#depth > 0) {
        this.#depth -= 1;
        if (this.#depth > 0) continue;
        this.#keep(chunk.subarray(start, i + 1));
        frames.push({ event: "", data: Buffer.concat(this.#element).toString("utf8") });
        this.#element = [];
        this.#elementBytes = 0;
        start = -1;
      }
    }
    if (start >= 0) this.#keep(chunk.subarray(start));
    return frames;
  }

  /** What is left is an element that was cut; it goes out as it is, so that the decoder can say so. */
  end(): readonly Frame[] {
    if (this.#element.length === 0) return [];
    const data = Buffer.concat(this.#element).toString("utf8");
    this.#element = [];
    return [{ event: "", data }];
  }

  #keep(piece: Buffer): void {
    this.#element.push(piece);
    this.#elementBytes += piece.length;
    if (this.#elementBytes > this.#maxFrameBytes) {
      throw new GatewayError("upstream", `The upstream sent a stream element larger than ${this.#maxFrameBytes} bytes.`);
    }
  }
}
