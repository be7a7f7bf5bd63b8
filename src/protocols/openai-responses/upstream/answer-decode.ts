/**
 * An answer as events (A.3.3). Events are told apart by the place of their item only: ids change from event to event at
 * some servers (recordings, oddity 30). A whole answer is a stream of nothing but its end.
 */
import type { GatewayError } from "../../../chat/error.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import { asArray, asNumber, asObject, asString, type JsonObject } from "../../../chat/json.ts";
import { decodeErrorBody, saysError } from "../../shared/openai-errors.ts";
import type { DecodeContext } from "../../protocol.ts";
import { isClientsSearch, isContainer } from "../hosted-items.ts";
import { CallReader, TypedCallReader } from "./calls-decode.ts";
import { EventWriter } from "./event-writer.ts";
import { decodeFinish, failureOf, isResponse } from "./finish-decode.ts";
import { HostedReader, WholeReader } from "./hosted-decode.ts";
import { Findings, type AnswerReading, type ItemReader } from "./item-reader.ts";
import { MessageReader } from "./message-decode.ts";
import { ReasoningReader } from "./reasoning-decode.ts";
import { decodeUsage } from "./usage-decode.ts";

/** An item of the answer. */
interface OpenItem {
  readonly type: string;
  readonly reader: ItemReader;
  done: boolean;
}

export class AnswerDecoder {
  readonly #reading: AnswerReading;
  /** By the server's index; a server that gives several items one index begins them one after the other. */
  readonly #items = new Map<number, OpenItem>();
  /** All of them, in the order in which they began. */
  readonly #all: OpenItem[] = [];
  #started = false;
  #over = false;
  #failed = false;

  constructor(context: DecodeContext) {
    this.#reading = { writer: new EventWriter(), context, found: new Findings() };
  }

  /** Whether its end, or its failure, has come. */
  get over(): boolean {
    return this.#over;
  }

  get failed(): boolean {
    return this.#failed;
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
    switch (type) {
      case "response.created":
      case "response.in_progress":
      case "response.queued":
        return this.#start(asObject(event["response"]) ?? {});
      case "response.output_item.added":
        return this.#added(event);
      case "response.output_item.done":
        return this.#done(event);
      case "response.completed":
      case "response.incomplete":
      case "response.failed":
      case "response.cancelled":
        return this.#end(asObject(event["response"]) ?? {});
      case "error":
        return this.#fail(decodeErrorBody(event));
      case "keepalive":
        return this.#reading.writer.push({ type: "ping" });
      default:
        if (type.startsWith(EVENT_PREFIX)) return this.#itemEvent(type.slice(EVENT_PREFIX.length), event);
        // A whole answer where a stream was asked for (rule 301), or an error of a proxy's.
        if (isResponse(event)) return this.#end(event);
        if (saysError(event)) return this.#fail(decodeErrorBody(event));
        return undefined;
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
    const index = asNumber(event["output_index"]) ?? this.#all.length;
    if (this.#items.get(index)?.done === false) return;
    this.#open(index, asObject(event["item"]) ?? {});
  }

  #itemEvent(name: string, event: JsonObject): void {
    const item = this.#itemOf(name, event);
    if (!item || item.done) return;
    if (!QUIET.test(name)) this.#beginBefore(item);
    item.reader.event?.(name, event);
  }

  #itemOf(name: string, { output_index: given }: JsonObject): OpenItem | undefined {
    const index = asNumber(given);
    const known = index === undefined ? this.#all.at(-1) : this.#items.get(index);
    if (known) return known;
    const type = IMPLIED.find(([start]) => name.startsWith(start))?.[1];
    return type === undefined ? undefined : this.#open(index ?? this.#all.length, { type });
  }

  #done(event: JsonObject): void {
    const item = asObject(event["item"]) ?? {};
    const index = asNumber(event["output_index"]) ?? this.#indexOfLast();
    const known = this.#items.get(index);
    this.#close(known && !known.done ? known : this.#open(index, item), item);
  }

  #indexOfLast(): number {
    const last = this.#all.at(-1);
    const open = last && !last.done ? [...this.#items].find(([, item]) => item === last) : undefined;
    return open ? open[0] : this.#all.length;
  }

  #open(index: number, item: JsonObject): OpenItem {
    this.#start({});
    const type = asString(item["type"]) ?? "";
    const opened = { type, reader: readerFor(type, item, this.#reading), done: false };
    this.#items.set(index, opened);
    this.#all.push(opened);
    return opened;
  }

  #close(open: OpenItem, item: JsonObject): void {
    this.#beginBefore(open);
    open.done = true;
    // What comes at once is judged by all of it.
    const reader = open.reader.event ? open.reader : readerFor(asString(item["type"]) ?? open.type, item, this.#reading);
    reader.done(item);
  }

  /** Reasoning that is still under way keeps its place before what led to it (recordings, oddity 31). */
  #beginBefore(item: OpenItem): void {
    for (const earlier of this.#all) {
      if (earlier === item) return;
      if (!earlier.done && earlier.reader instanceof ReasoningReader) earlier.reader.begin();
    }
  }

  /** The last word on the answer; some servers leave its items out (rule 302). */
  #end(response: JsonObject): void {
    const failure = failureOf(response);
    if (failure) return this.#fail(failure);
    this.#start(response);
    const output = (asArray(response["output"]) ?? []).map((item) => asObject(item) ?? {});
    for (const [index, open] of this.#items) if (!open.done) this.#settle(open, output[index]);
    for (const item of output.slice(this.#all.length)) this.#close(this.#open(this.#all.length, item), item);
    const { writer, found } = this.#reading;
    const usage = decodeUsage(asObject(response["usage"]) ?? {});
    const searches = found.webSearches > 0 ? { webSearches: found.webSearches } : {};
    if (usage ?? found.webSearches > 0) writer.push({ type: "usage", usage: { ...usage, ...searches } });
    writer.push({ type: "finish", finish: decodeFinish(response, found) });
    this.#over = true;
  }

  /** An item that nobody said was done. */
  #settle(open: OpenItem, item: JsonObject | undefined): void {
    if (item?.["type"] === open.type) return this.#close(open, item);
    open.done = true;
    open.reader.end?.();
  }

  #fail(error: GatewayError): void {
    if (this.#over) return;
    this.#over = true;
    this.#failed = true;
    this.#reading.writer.push({ type: "error", error });
  }
}

/** What events about a response begin with. */
const EVENT_PREFIX = "response.";

/** Events that say nothing of the answer yet. */
const QUIET = /\.(?:added|in_progress|searching|generating|interpreting)$/;

/** Which item an event is about that nobody began. */
const IMPLIED: readonly (readonly [event: string, type: string])[] = [
  ["output_text.", "message"],
  ["refusal.", "message"],
  ["content_part.", "message"],
  ["reasoning", "reasoning"],
  ["function_call_arguments.", "function_call"],
  ["custom_tool_call_input.", "custom_tool_call"],
];

function readerFor(type: string, item: JsonObject, reading: AnswerReading): ItemReader {
  switch (type) {
    case "message":
      return new MessageReader(item, reading);
    case "reasoning":
      return new ReasoningReader(item, reading);
    case "function_call":
      return new CallReader(item, "function", reading);
    case "custom_tool_call":
      return new CallReader(item, "custom", reading);
    case "local_shell_call":
      return new TypedCallReader("local_shell", ["action"], reading);
    case "apply_patch_call":
      return new TypedCallReader("apply_patch", ["operation"], reading);
    case "computer_call":
      return new TypedCallReader("computer", ["actions", "action"], reading);
    case "shell_call":
      return isContainer(item["environment"]) ? new HostedReader(reading) : new TypedCallReader("shell", ["action"], reading);
    case "tool_search_call":
      return isClientsSearch(item) ? new TypedCallReader("tool_search", ["arguments"], reading) : new HostedReader(reading);
    case "web_search_call":
    case "file_search_call":
    case "code_interpreter_call":
    case "mcp_call":
      return new HostedReader(reading);
    default:
      return new WholeReader(reading);
  }
}
