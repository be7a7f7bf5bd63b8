/**
 * An answer as events (A.3.3). Events are told apart by the place of their item only: ids change from event to event at
 * some servers (recordings, oddity 30). A whole answer is a stream of nothing but its end.
 */
import type { GatewayError } from "../../../chat/error.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import { asArray, asNumber, asObject, asString, type JsonObject } from "../../../chat/json.ts";
import { decodeErrorBody, saysError } from "../../shared/openai-errors.ts";
import type { DecodeContext } from "../../protocol.ts";
import { EventWriter } from "./event-writer.ts";
import { decodeFinish, endedResponse, failureOf, isResponse } from "./finish-decode.ts";
import { Findings, type AnswerReading, type ItemReader } from "./item-reader.ts";
import { impliedType, readerFor } from "./reader-for-type.ts";
import { CalledNames } from "./tool-names-encode.ts";
import { decodeUsage } from "./usage-decode.ts";

/** An item of the answer. */
interface OpenItem {
  readonly type: string;
  /** The server's. */
  readonly index: number;
  /** How many began before it. */
  readonly place: number;
  readonly reader: ItemReader;
  done: boolean;
  /** The id that it was done under. */
  id: string;
}

export class AnswerDecoder {
  readonly #reading: AnswerReading;
  /** By the server's index; a server that gives several items one index begins them one after the other. */
  readonly #items = new Map<number, OpenItem>();
  /** The one that began last. */
  #last: OpenItem | undefined;
  /** How many have begun. */
  #count = 0;
  /** Those that take their place when one behind them has something to tell. */
  #waiting: OpenItem[] = [];
  #started = false;
  #over = false;
  #failed = false;

  constructor(context: DecodeContext) {
    this.#reading = { writer: new EventWriter(), context, names: new CalledNames(context.request?.tools ?? []), found: new Findings() };
  }

  /** Whether its end, or its failure, has come. */
  get over(): boolean {
    return this.#over;
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** A whole answer. */
  whole(response: JsonObject): readonly ChatEvent[] {
    this.#end(response);
    return this.#reading.writer.take();
  }

  /** One event of the stream. */
  take(event: JsonObject): readonly ChatEvent[] {
    if (!this.#over) this.#event(event);
    return this.#reading.writer.take();
  }

  /** Ends the answer as a failure. */
  fail(error: GatewayError): readonly ChatEvent[] {
    this.#fail(error);
    return this.#reading.writer.take();
  }

  #event(event: JsonObject): void {
    const type = asString(event["type"]) ?? "";
    // Nearly every event is one of these.
    if (type.endsWith(DELTA)) return this.#itemEvent(type.slice(EVENT_PREFIX.length), event);
    switch (type) {
      case "response.created":
      case "response.in_progress":
      case "response.queued":
        return this.#start(asObject(event["response"]) ?? {});
      case "response.output_item.added":
        return this.#added(event);
      case "response.output_item.done":
        return this.#done(event);
      case "error":
        return this.#fail(decodeErrorBody(event));
      case "keepalive":
        return this.#reading.writer.push({ type: "ping" });
      default: {
        const ended = endedResponse(type, event);
        if (ended) return this.#end(ended);
        if (type.startsWith(EVENT_PREFIX)) return this.#itemEvent(type.slice(EVENT_PREFIX.length), event);
        // A whole answer where a stream was asked for (rule 301), or an error of a proxy's.
        if (isResponse(event)) return this.#end(event);
        if (saysError(event)) return this.#fail(decodeErrorBody(event));
        return undefined;
      }
    }
  }

  #start(response: JsonObject): void {
    if (this.#started) return;
    this.#started = true;
    const id = asString(response["id"]) ?? "";
    const model = asString(response["model"]) ?? "";
    this.#reading.writer.push({ type: "start", ...(id !== "" && { id }), ...(model !== "" && { model }) });
  }

  #added(event: JsonObject): void {
    const item = asObject(event["item"]) ?? {};
    const index = asNumber(event["output_index"]) ?? this.#count;
    const known = this.#items.get(index);
    if (known?.done === false || isAgain(known, item)) return;
    this.#open(index, item);
  }

  #itemEvent(name: string, event: JsonObject): void {
    const item = this.#itemOf(name, event);
    if (!item || item.done) return;
    if (this.#waiting.length > 0 && !QUIET.test(name)) this.#beginBefore(item);
    item.reader.event?.(name, event);
  }

  #itemOf(name: string, { output_index: given }: JsonObject): OpenItem | undefined {
    const index = asNumber(given);
    const known = index === undefined ? this.#last : this.#items.get(index);
    if (known) return known;
    const type = impliedType(name);
    return type === undefined ? undefined : this.#open(index ?? this.#count, { type });
  }

  #done(event: JsonObject): void {
    const item = asObject(event["item"]) ?? {};
    const open = this.#last?.done === false ? this.#last.index : this.#count;
    const index = asNumber(event["output_index"]) ?? open;
    const known = this.#items.get(index);
    if (isAgain(known, item) || (known?.done === false && this.#settle(known, item))) return;
    this.#close(this.#open(index, item), item);
  }

  #open(index: number, item: JsonObject): OpenItem {
    this.#start({});
    const type = asString(item["type"]) ?? "";
    const opened = { type, index, place: this.#count, reader: readerFor(type, item, this.#reading), done: false, id: "" };
    this.#count += 1;
    this.#items.set(index, opened);
    this.#last = opened;
    if (opened.reader.begin) this.#waiting.push(opened);
    return opened;
  }

  #close(open: OpenItem, item: JsonObject): void {
    this.#beginBefore(open);
    open.done = true;
    open.id = asString(item["id"]) ?? "";
    // What comes at once is judged by all of it.
    const reader = open.reader.event ? open.reader : readerFor(asString(item["type"]) ?? open.type, item, this.#reading);
    reader.done(item);
  }

  /** Reasoning that is still under way keeps its place before what led to it (recordings, oddity 31). */
  #beginBefore({ place }: OpenItem): void {
    for (const earlier of this.#waiting) if (earlier.place < place && !earlier.done) earlier.reader.begin?.();
    this.#waiting = this.#waiting.filter((item) => item.place >= place && !item.done);
  }

  /** The last word on the answer; some servers leave its items out (rule 302). */
  #end(response: JsonObject): void {
    const failure = failureOf(response);
    if (failure) return this.#fail(failure);
    this.#start(response);
    const output = (asArray(response["output"]) ?? []).map((item) => asObject(item) ?? {});
    for (const [index, open] of this.#items) if (!open.done) this.#settle(open, output[index]);
    for (const item of this.#untold(output)) this.#close(this.#open(this.#count, item), item);
    const { writer, found } = this.#reading;
    const usage = decodeUsage(asObject(response["usage"]) ?? {});
    const searches = found.webSearches > 0 ? { webSearches: found.webSearches } : {};
    if (usage ?? found.webSearches > 0) writer.push({ type: "usage", usage: { ...usage, ...searches } });
    writer.push({ type: "finish", finish: decodeFinish(response, found) });
    this.#over = true;
  }

  /** Items that no event told of. Who gives several one place is believed in how many there were. */
  #untold(output: readonly JsonObject[]): readonly JsonObject[] {
    const missing = output.length - this.#count;
    return missing <= 0 ? [] : output.filter((_, index) => !this.#items.has(index)).slice(-missing);
  }

  /** Ends an item that is open. @returns whether it is this one, which is told. */
  #settle(open: OpenItem, item: JsonObject | undefined): boolean {
    if (item && (item["type"] ?? open.type) === open.type) {
      this.#close(open, item);
      return true;
    }
    open.done = true;
    open.reader.end?.();
    return false;
  }

  #fail(error: GatewayError): void {
    if (this.#over) return;
    this.#over = true;
    this.#failed = true;
    this.#reading.writer.push({ type: "error", error });
  }
}

/** Whether an item in this place is the one that was done there. */
function isAgain(known: OpenItem | undefined, { id }: JsonObject): boolean {
  return known?.done === true && known.id !== "" && known.id === id;
}

/** What events about a response begin with, and those of more text end with. */
const EVENT_PREFIX = "response.";
const DELTA = ".delta";

/** Events that say nothing of the answer yet. */
const QUIET = /\.(?:added|in_progress|searching|generating|interpreting)$/;
