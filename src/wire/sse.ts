/**
 * Server-sent events, both ways, after the WHATWG event-stream grammar: CR, LF and CRLF in any mix, a BOM, comments,
 * several data lines (dossier C.12). Works on bytes, so that a character split over two reads stays whole, and joins a
 * long line once, so that a 5 MB event costs linear work (rule 318).
 */
import { GatewayError } from "../chat/error.ts";
import type { Frame, FrameReader } from "./frames.ts";

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
/** `data` and `even` as one 32-bit number each: field names are compared without making strings. */
const DATA = 0x64617461;
const EVEN = 0x6576656e;
const LOWER_T = 0x74;

/** A broken upstream must not grow our heap without end; the largest frames seen hold images of some 20 MB. */
const DEFAULT_MAX_FRAME_BYTES = 67_108_864;

/** Cuts an event stream into frames. Comments, `id` and `retry` are dropped. */
export class SseReader implements FrameReader {
  readonly #maxFrameBytes: number;
  /** The parts of a line that has not ended yet. */
  #line: Buffer[] = [];
  #frameBytes = 0;
  #lastWasCr = false;
  #first = true;
  #event = "";
  #data: string | undefined;
  #stray = "";

  constructor(maxFrameBytes: number = DEFAULT_MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** @throws GatewayError `upstream` when a frame is larger than allowed. */
  push(bytes: Uint8Array): readonly Frame[] {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const frames: Frame[] = [];
    let start = this.#lastWasCr && chunk[0] === LF ? 1 : 0;
    if (chunk.length > 0) this.#lastWasCr = false;
    let lf = chunk.indexOf(LF, start);
    let cr = chunk.indexOf(CR, start);
    while (lf >= 0 || cr >= 0) {
      const end = cr >= 0 && (lf < 0 || cr < lf) ? cr : lf;
      this.#endLine(chunk, start, end, frames);
      start = end + 1;
      if (end === cr) {
        if (start === chunk.length) this.#lastWasCr = true;
        else if (chunk[start] === LF) start += 1;
        cr = chunk.indexOf(CR, start);
      }
      if (lf >= 0 && lf < start) lf = chunk.indexOf(LF, start);
    }
    if (start < chunk.length) {
      this.#line.push(chunk.subarray(start));
      this.#grow(chunk.length - start);
    }
    return frames;
  }

  /** A last frame without its blank line is still a frame (rule 317); so is JSON that stands bare at the end (recordings, oddity 44). */
  end(): readonly Frame[] {
    const frames: Frame[] = [];
    if (this.#line.length > 0) this.#endLine(Buffer.alloc(0), 0, 0, frames);
    this.#dispatch(frames);
    const stray = this.#stray.trim();
    this.#stray = "";
    if (stray.startsWith("{") || stray.startsWith("[")) frames.push({ event: "", data: stray });
    return frames;
  }

  #endLine(chunk: Buffer, start: number, end: number, frames: Frame[]): void {
    let line = chunk;
    let from = start;
    let to = end;
    if (this.#line.length > 0) {
      this.#line.push(chunk.subarray(start, end));
      line = Buffer.concat(this.#line);
      this.#line = [];
      from = 0;
      to = line.length;
    } else this.#grow(end - start);
    if (this.#first) {
      this.#first = false;
      if (line[from] === 0xef && line[from + 1] === 0xbb && line[from + 2] === 0xbf) from += 3;
    }
    if (from === to) this.#dispatch(frames);
    else this.#field(line, from, to);
  }

  #field(line: Buffer, from: number, to: number): void {
    if (line[from] === COLON) return;
    let colon = line.indexOf(COLON, from);
    if (colon < 0 || colon > to) colon = to;
    const valueAt = line[colon + 1] === SPACE ? colon + 2 : colon + 1;
    const length = colon - from;
    if (length === 4 && line.readUInt32BE(from) === DATA) {
      const value = line.toString("utf8", Math.min(valueAt, to), to);
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    } else if (length === 5 && line.readUInt32BE(from) === EVEN && line[from + 4] === LOWER_T) {
      this.#event = line.toString("utf8", Math.min(valueAt, to), to);
    } else if (this.#stray.length < 65_536) this.#stray += `${line.toString("utf8", from, to)}\n`;
  }

  #dispatch(frames: Frame[]): void {
    if (this.#data !== undefined) frames.push({ event: this.#event, data: this.#data });
    this.#event = "";
    this.#data = undefined;
    this.#frameBytes = 0;
  }

  #grow(bytes: number): void {
    this.#frameBytes += bytes;
    if (this.#frameBytes > this.#maxFrameBytes) {
      throw new GatewayError("upstream", `The upstream sent a stream event larger than ${this.#maxFrameBytes} bytes.`);
    }
  }
}

/** One frame as text. The space after the colon is not optional: two Gemini clients fail without it (clients' notes, SSE framing). */
export function formatFrame(event: string | undefined, data: string): string {
  return event === undefined ? `data: ${data}\n\n` : `event: ${event}\ndata: ${data}\n\n`;
}
