/**
 * Watches a relayed stream without reading its content. Content frames are nearly all of a stream: behind the first, they are
 * recognised by the start of their `event:` line and skipped by searching for the end of their data, so that no delta is ever
 * decoded, whatever its size (rule 318). Everything else goes line by line through an {@link SseReader}; state in content
 * frames is found by {@link MintedLines}.
 */
import type { Usage } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import { asArray, asObject, asString, isObject, tryParseJson, type JsonObject } from "../../../chat/json.ts";
import type { Frame } from "../../../wire/frames.ts";
import { SseReader } from "../../../wire/sse.ts";
import type { RelayTap } from "../../protocol.ts";
import { decodeErrorBody } from "./error-decode.ts";
import { MintedLines } from "./minted-lines.ts";
import { decodeUsage, mergeRawUsage } from "../usage.ts";

const LF = 0x0a;
const CR = 0x0d;
/** `even`, `t: c`, `onte`: with them a line begins that says `event: content_block_…`. */
const CONTENT_LINE: readonly number[] = [0x6576656e, 0x743a2063, 0x6f6e7465];
const CONTENT_LINE_BYTES = 12;
const COMMENT = Buffer.from(":");
/** Four line ends: nothing has come yet, so we stand at a border. */
const AT_START = 0x0a0a0a0a;

export class MessagesRelayTap implements RelayTap {
  readonly #reader = new SseReader();
  readonly #lines = new MintedLines();
  begun = false;
  finished = false;
  error: GatewayError | undefined;
  #started = false;
  #rawUsage: JsonObject | undefined;
  /** Where the bytes so far end: between lines, in a line the reader has, or in a skipped frame's event line, before its data line or in it. */
  #place: "line-start" | "reader" | "event-line" | "data-start" | "data-line" = "line-start";
  /** Whether the reader holds lines of an event that has not ended. */
  #pending = false;
  /** The last four bytes. */
  #last = AT_START;

  get usage(): Usage | undefined {
    return this.#rawUsage && decodeUsage(this.#rawUsage);
  }

  get minted(): readonly string[] {
    return this.#lines.minted;
  }

  /** An empty line ends an event, however lines end. */
  get #atBorder(): boolean {
    const [third, second, first] = [(this.#last >>> 16) & 0xff, (this.#last >>> 8) & 0xff, this.#last & 0xff];
    const beforeEnd = first === LF && second === CR ? third : second;
    return isLineEnd(first) && isLineEnd(beforeEnd);
  }

  push(bytes: Buffer): void {
    const { length } = bytes;
    if (length === 0) return;
    for (let i = Math.max(0, length - 4); i < length; i += 1) this.#last = ((this.#last << 8) | (bytes[i] as number)) >>> 0;
    // Bare carriage returns end lines too; streams that have any are rare enough to be read in full.
    if (bytes.includes(CR)) return this.#readAll(bytes);
    let at = 0;
    while (at < length) at = this.#line(bytes, at);
  }

  end(): void {
    if (this.#place === "reader" || this.#place === "line-start") this.#handle(this.#reader.end());
  }

  /** Takes one line, or what there is of it, and gives the start of the next. */
  #line(bytes: Buffer, at: number): number {
    const startsLine = this.#place === "line-start";
    // The first are read: until somebody has seen content, another attempt may do better.
    if (startsLine && this.begun && !this.#pending && this.#startsContent(bytes, at)) this.#place = "event-line";
    const end = bytes.indexOf(LF, at);
    const next = end < 0 ? bytes.length : end + 1;
    switch (this.#place) {
      case "event-line":
        if (end >= 0) this.#place = "data-start";
        return next;
      case "data-start":
      case "data-line":
        if (end < 0 || this.#place === "data-line" || !isPlainDelta(bytes, at)) this.#lines.push(bytes.subarray(at, next));
        this.#place = end < 0 ? "data-line" : "line-start";
        return end >= 0 && bytes[next] === LF ? next + 1 : next;
      case "line-start":
      case "reader":
        this.#lines.push(bytes.subarray(at, next));
        this.#place = end < 0 ? "reader" : "line-start";
        this.#pending = !(startsLine && end === at);
        this.#handle(this.#reader.push(bytes.subarray(at, next)));
        return next;
    }
  }

  #startsContent(bytes: Buffer, at: number): boolean {
    return (
      bytes.length - at >= CONTENT_LINE_BYTES &&
      bytes.readUInt32BE(at) === CONTENT_LINE[0] &&
      bytes.readUInt32BE(at + 4) === CONTENT_LINE[1] &&
      bytes.readUInt32BE(at + 8) === CONTENT_LINE[2]
    );
  }

  #readAll(bytes: Buffer): void {
    this.#lines.push(bytes);
    // The reader has not seen the beginning of a skipped frame's line: what is left of it must not look like a field.
    if (this.#place.startsWith("event") || this.#place.startsWith("data")) this.#reader.push(COMMENT);
    this.#handle(this.#reader.push(bytes));
    this.#place = isLineEnd(this.#last & 0xff) ? "line-start" : "reader";
    this.#pending = !this.#atBorder;
  }

  #handle(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (this.error) return;
      if (!frame.event.startsWith("content_block_") && !frame.data.startsWith('{"type":"content_block_')) this.#event(frame);
      else if (!this.begun) this.#firstContent(frame.data);
    }
  }

  #firstContent(data: string): void {
    const event = tryParseJson(data);
    if (isObject(event)) this.begun = !opensEmptyBlock(event);
    else this.error = new GatewayError("upstream", "The upstream sent a stream event that is not JSON.");
  }

  #event(frame: Frame): void {
    const event = tryParseJson(frame.data);
    if (!isObject(event)) return;
    switch (event["type"]) {
      case "message_start":
        return this.#messageStart(asObject(event["message"]) ?? {});
      case "message_delta":
        this.#addUsage(event["usage"]);
        if (asString(asObject(event["delta"])?.["stop_reason"]) !== undefined) this.#finish();
        return undefined;
      case "message_stop":
        return this.#finish();
      case "content_block_start":
      case "content_block_delta":
        this.begun ||= !opensEmptyBlock(event);
        return undefined;
      case "error":
        this.error = decodeErrorBody(event);
        return undefined;
      default:
        if (event["type"] === undefined && event["error"] !== undefined) this.error = decodeErrorBody(event);
        return undefined;
    }
  }

  #messageStart(message: JsonObject): void {
    // A second one is broken, but not told as an error: the client gets the bytes and judges.
    if (this.#started) return;
    this.#started = true;
    this.#addUsage(message["usage"]);
    if ((asArray(message["content"])?.length ?? 0) > 0) this.begun = true;
    // A whole answer in its first event is complete without an event for its end.
    if (asString(message["stop_reason"]) !== undefined) this.#finish();
  }

  #addUsage(raw: unknown): void {
    const usage = asObject(raw);
    if (usage) this.#rawUsage = mergeRawUsage(this.#rawUsage ?? {}, usage);
  }

  #finish(): void {
    this.begun = true;
    this.finished = true;
  }
}

/** Whether a text or a thought begins here of which nothing is said yet. */
function opensEmptyBlock(event: JsonObject): boolean {
  const block = asObject(event["content_block"]);
  return (block?.["text"] ?? block?.["thinking"]) === "";
}

/** Bytes of a delta's data line before its index, and between that and the delta's type. */
const BEFORE_INDEX = 'data: {"type":"content_block_delta","index":'.length;
const BEFORE_TYPE = ',"delta":{"type":"'.length;
const COMMA = 0x2c;
/** `e":"`, behind which the type begins. */
const TYPE_KEY = 0x65223a22;
/** `text`, `inpu` and `thin`: what those types begin with that have no state. */
const [TEXT, INPUT, THINKING] = [0x74657874, 0x696e7075, 0x7468696e];

/**
 * Whether a data line is a delta without state, by a look at the one place where it says so when Claude writes it. Nearly all
 * lines are such, and a search through them would cost as much as all else that is done for them.
 */
function isPlainDelta(bytes: Buffer, start: number): boolean {
  const index = start + BEFORE_INDEX;
  const type = index + (bytes[index + 1] === COMMA ? 1 : 2) + BEFORE_TYPE;
  if (type + 4 > bytes.length || bytes.readUInt32BE(type - 4) !== TYPE_KEY) return false;
  const begins = bytes.readUInt32BE(type);
  return begins === TEXT || begins === INPUT || begins === THINKING;
}

function isLineEnd(byte: number): boolean {
  return byte === LF || byte === CR;
}
