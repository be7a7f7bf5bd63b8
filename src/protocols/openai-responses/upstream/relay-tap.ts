/**
 * Watches a relayed stream. Nearly all of it are deltas, which say nothing that their item does not say again when it is
 * done: frames whose `event:` line names one are skipped as bytes, whatever their size (rule 318).
 */
import type { Usage } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import { asArray, asNumber, asObject, asString, isObject, tryParseJson, type JsonObject } from "../../../chat/json.ts";
import type { Frame } from "../../../wire/frames.ts";
import { SseReader } from "../../../wire/sse.ts";
import type { RelayTap, StreamPlace } from "../../protocol.ts";
import { decodeErrorBody, saysError } from "../../shared/openai-errors.ts";
import { saysNothing } from "../wire.ts";
import { endedResponse, failureOf, isResponse } from "./finish-decode.ts";
import { mintedIn } from "./minted.ts";
import { decodeUsage } from "./usage-decode.ts";

const LF = 0x0a;
const FRAME_END = "\n\n";
/** How a line begins and ends that names a delta, as numbers: `even`, `t: r`, `espo`, `nse.`, and `.del`, `ta`. */
const EVENT_LINE: readonly number[] = [0x6576656e, 0x743a2072, 0x6573706f, 0x6e73652e];
const EVENT_LINE_BYTES = 16;
const DELTA = [0x2e64656c, 0x7461] as const;
const DELTA_BYTES = 6;
/** The same where there is no such line; inside a string the quotes would be escaped. */
const DELTA_DATA = /^\{"type":\s*"response\.[a-z_.]+\.delta"/;

/** Before an event's number; inside a string its quotes would be escaped. */
const NUMBER = '"sequence_number":';
/** Digits and a space before them. */
const NUMBER_BYTES = 17;

/** Events that come before anything is said. */
const BEFORE_CONTENT: ReadonlySet<string> = new Set([
  "response.created",
  "response.queued",
  "response.in_progress",
  "response.output_item.added",
  "response.content_part.added",
  "response.reasoning_summary_part.added",
]);

export class ResponsesRelayTap implements RelayTap {
  begun = false;
  finished = false;
  error: GatewayError | undefined;
  answer: JsonObject | undefined;
  readonly #reader = new SseReader();
  /** Whether the reader has nothing but whole frames. */
  #atBorder = true;
  /** Items that are done, by their places and ids: some servers give several one place. */
  readonly #items = new Map<string, { readonly index: number; readonly item: JsonObject }>();
  readonly #minted = new Set<string>();
  /** The latest bytes: only of a stream that breaks off is it asked which number stands in them. */
  #latest: Buffer | undefined;
  #answerId: string | undefined;

  get usage(): Usage | undefined {
    const raw = asObject(this.answer?.["usage"]);
    return raw && decodeUsage(raw);
  }

  get minted(): readonly string[] {
    return [...this.#minted];
  }

  get place(): StreamPlace | undefined {
    const at = this.#latest?.lastIndexOf(NUMBER) ?? -1;
    if (!this.#latest || at < 0) return undefined;
    const number = Number.parseInt(this.#latest.toString("latin1", at + NUMBER.length, at + NUMBER.length + NUMBER_BYTES), 10);
    if (!Number.isSafeInteger(number)) return undefined;
    return { sequenceNumber: number + 1, ...(this.#answerId !== undefined && { answerId: this.#answerId }) };
  }

  push(bytes: Buffer): void {
    if (bytes.length > 0) this.#latest = bytes;
    let at = 0;
    while (at < bytes.length) {
      const behind = this.begun && this.#atBorder ? endOfDelta(bytes, at) : undefined;
      if (behind !== undefined) {
        at = behind;
        continue;
      }
      const end = bytes.indexOf(FRAME_END, at);
      this.#atBorder = end >= 0;
      const next = end < 0 ? bytes.length : end + FRAME_END.length;
      this.#handle(this.#reader.push(bytes.subarray(at, next)));
      at = next;
    }
  }

  end(): void {
    this.#handle(this.#reader.end());
  }

  #handle(frames: readonly Frame[]): void {
    for (const frame of frames) if (!this.error && !this.finished) this.#frame(frame);
  }

  #frame({ event, data }: Frame): void {
    if (this.begun && (event.endsWith(".delta") || DELTA_DATA.test(data))) return;
    const body = tryParseJson(data);
    if (isObject(body)) this.#event(asString(body["type"]) ?? event, body);
    // Nobody has seen anything yet, so another attempt may do better; later the client gets the bytes and judges.
    else if (!this.begun && !saysNothing(data))
      this.error = new GatewayError("upstream", "The upstream sent a stream event that is not JSON.");
  }

  #event(type: string, body: JsonObject): void {
    this.#answerId ??= asString(asObject(body["response"])?.["id"]);
    switch (type) {
      case "error":
        this.error = decodeErrorBody(body);
        return;
      case "response.output_item.done": {
        const item = asObject(body["item"]) ?? {};
        // Reasoning that nobody sees is nothing said yet.
        this.begun ||= item["type"] !== "reasoning";
        this.#done(item, asNumber(body["output_index"]));
        return;
      }
      default: {
        const ended = endedResponse(type, body);
        if (ended) this.#end(ended);
        else if (type.startsWith("response.")) this.begun ||= !BEFORE_CONTENT.has(type);
        else if (isResponse(body)) this.#end(body);
        else if (saysError(body)) this.error = decodeErrorBody(body);
      }
    }
  }

  #done(item: JsonObject, index = this.#items.size): void {
    this.#items.set(`${index} ${asString(item["id"]) ?? ""}`, { index, item });
    for (const state of mintedIn(item)) this.#minted.add(state);
  }

  /** Some servers leave out what the answer holds (rule 302). */
  #end(response: JsonObject): void {
    this.error = failureOf(response);
    if (this.error) return;
    const told = asArray(response["output"]) ?? [];
    for (const item of told) for (const state of mintedIn(asObject(item) ?? {})) this.#minted.add(state);
    const seen = [...this.#items.values()].toSorted((one, other) => one.index - other.index).map(({ item }) => item);
    this.answer = told.length === 0 && seen.length > 0 ? { ...response, output: seen } : response;
    this.begun = true;
    this.finished = true;
  }
}

/** Where the frame ends that begins here, when all of it is here and it is a delta. */
function endOfDelta(bytes: Buffer, at: number): number | undefined {
  if (!startsEvent(bytes, at)) return undefined;
  const line = bytes.indexOf(LF, at + EVENT_LINE_BYTES);
  if (line < 0 || bytes.readUInt32BE(line - DELTA_BYTES) !== DELTA[0] || bytes.readUInt16BE(line - 2) !== DELTA[1]) return undefined;
  const data = bytes.indexOf(LF, line + 1);
  return data >= 0 && bytes[data + 1] === LF ? data + FRAME_END.length : undefined;
}

function startsEvent(bytes: Buffer, at: number): boolean {
  return bytes.length - at >= EVENT_LINE_BYTES && EVENT_LINE.every((word, i) => bytes.readUInt32BE(at + 4 * i) === word);
}
