/**
 * Picks the state out of a relayed stream that Claude minted for it (A.1.4): the events of one kind of delta and of one kind
 * of block. Streams have few of them, and so they are looked for as bytes; nothing else is decoded.
 */
import { asObject, asString, tryParseJson } from "../../../chat/json.ts";
import { MAX_STATE_BYTES, stateOf } from "../state.ts";

/** Inside a JSON string every quote is escaped, so that no text can be taken for these. */
const MARKERS = ['"signature_delta"', '"redacted_thinking"'].map((marker) => Buffer.from(marker));
const DATA = /^data: ?/;
const LF = 0x0a;
const CR = 0x0d;

export class MintedLines {
  readonly minted: string[] = [];
  /** Of a line that has not ended. */
  #held: Buffer[] = [];
  #heldBytes = 0;

  push(bytes: Buffer): void {
    const end = lineStart(bytes, bytes.length);
    if (end === 0) return this.#hold(bytes);
    const whole = this.#held.length === 0 ? bytes.subarray(0, end) : Buffer.concat([...this.#held, bytes.subarray(0, end)]);
    this.#held = [];
    this.#heldBytes = 0;
    for (const marker of MARKERS) for (let at = whole.indexOf(marker); at >= 0;) at = this.#line(whole, at, marker);
    if (end < bytes.length) this.#hold(bytes.subarray(end));
  }

  /** A line that is longer than any state is not kept; what is left of it is none of the lines that are looked for. */
  #hold(bytes: Buffer): void {
    this.#heldBytes += bytes.length;
    if (this.#heldBytes <= MAX_STATE_BYTES) this.#held.push(bytes);
    else this.#held = [];
  }

  /** Takes the line with the marker in it, and gives the place of the next marker. */
  #line(bytes: Buffer, at: number, marker: Buffer): number {
    const end = lineEnd(bytes, at);
    const line = bytes.toString("utf8", lineStart(bytes, at), end);
    const event = DATA.test(line) ? asObject(tryParseJson(line.replace(DATA, ""))) : undefined;
    const delta = asObject(event?.["delta"]);
    const state = delta?.["type"] === "signature_delta" ? asString(delta["signature"]) : stateOf(asObject(event?.["content_block"]));
    if (state !== undefined && state !== "") this.minted.push(state);
    return bytes.indexOf(marker, end);
  }
}

/** Lines end with either, or with both. */
function lineEnd(bytes: Buffer, from: number): number {
  return Math.min(...[bytes.indexOf(LF, from), bytes.indexOf(CR, from)].filter((at) => at >= 0));
}

function lineStart(bytes: Buffer, before: number): number {
  if (before === 0 || bytes[before - 1] === LF) return before;
  return Math.max(bytes.lastIndexOf(LF, before - 1), bytes.lastIndexOf(CR, before - 1)) + 1;
}
