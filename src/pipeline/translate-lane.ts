/** The translate lane: the upstream's answer is decoded to events, and the events are encoded for the client. */
import type { Usage } from "../chat/chat.ts";
import { Collector } from "../chat/collect.ts";
import { GatewayError } from "../chat/error.ts";
import { addUsage, mergeUsage, type ChatEvent } from "../chat/events.ts";
import { writeJson } from "../chat/json.ts";
import { StopScanner } from "../chat/stop-scan.ts";
import { SummaryAnswer } from "../chat/summary-answer.ts";
import type { AnswerContext, ClientSide, DecodeContext, StreamDecoder, StreamStyle, UpstreamSide } from "../protocols/protocol.ts";
import type { Frame, FrameReader } from "../wire/frames.ts";
import { headerValue } from "../wire/headers.ts";
import { JsonArrayReader } from "../wire/json-array.ts";
import { SseReader } from "../wire/sse.ts";
import { streamHeaders, type AnswerHead } from "./answer.ts";
import { ClientStream } from "./client-stream.ts";
import type { Continuation } from "./continuation.ts";
import type { Lane, LaneOutput, LaneRequest } from "./lane.ts";
import type { Recovery } from "./recovery.ts";
import type { Rounds } from "./rounds.ts";
import type { Said } from "./said.ts";
import type { StateKeeper } from "./state-keeper.ts";
import { mediaType, noStream } from "./unreadable-answer.ts";
import type { WholeBody } from "./whole-body.ts";
import { WholeLane } from "./whole-lane.ts";

/** The two ends of a translation. */
export interface Translation {
  readonly client: ClientSide;
  readonly upstream: UpstreamSide;
  readonly answer: AnswerContext;
  readonly decode: DecodeContext;
  /** Stop sequences that the upstream does not look for. */
  readonly scanStops?: readonly string[];
  /** Where an answer may break off to be asked for more. */
  readonly rounds?: Rounds;
  /** Keeps what the client will not send back. */
  readonly keeper?: StateKeeper;
}

/** A translation of a stream, in which another attempt may have begun the answer. */
export interface StreamTranslation extends Translation {
  /** Knows what the client has; absent: the answer is not gone on with elsewhere, should it break off. */
  readonly said?: Said;
  /** Absent: the answer begins here. */
  readonly resumed?: ResumedAnswer;
}

/** An answer that broke off, and what joins this one to it. */
export interface ResumedAnswer {
  readonly stream: ClientStream;
  readonly continuation: Continuation;
  readonly recovery: Recovery;
}

const JSON_HEAD: AnswerHead = { status: 200, headers: ["content-type", "application/json"] };

/** A translated stream. */
export class TranslateStreamLane implements Lane {
  readonly name = "translate";
  readonly errorTold = false;
  begun = false;
  error: GatewayError | undefined;
  usage: Usage | undefined;
  readonly #style: StreamStyle;
  readonly #newDecoder: () => StreamDecoder;
  #decoder: StreamDecoder;
  readonly #stream: ClientStream;
  readonly #rounds: Rounds | undefined;
  readonly #scanner: StopScanner | undefined;
  readonly #summary: SummaryAnswer | undefined;
  readonly #resumed: ResumedAnswer | undefined;
  #reader: FrameReader | undefined;

  constructor({ client, upstream, answer, decode, rounds, scanStops, keeper, said, resumed }: StreamTranslation) {
    this.#style = client.streamStyle(answer.route);
    this.#newDecoder = () => upstream.streamDecoder(decode);
    this.#decoder = this.#newDecoder();
    this.#stream = resumed?.stream ?? new ClientStream(client.streamEncoder(answer), { keeper, said });
    this.#rounds = rounds;
    this.#scanner = scanStops && new StopScanner(scanStops);
    this.#summary = summaryOf(answer);
    this.#resumed = resumed;
  }

  open(_status: number, headers: readonly string[]): AnswerHead {
    const type = headerValue(headers, "content-type");
    if (mediaType(type) === "text/event-stream") this.#reader = new SseReader();
    else if (mediaType(type) === "application/json") this.#reader = new JsonArrayReader();
    else throw noStream(type);
    return { status: 200, headers: streamHeaders(this.#style) };
  }

  get finished(): boolean {
    return this.cut || this.#decoder.finished;
  }

  get cut(): boolean {
    return this.#scanner?.found === true;
  }

  get rest(): LaneRequest | undefined {
    return this.cut ? undefined : this.#rounds?.rest;
  }

  goOn(): void {
    this.#rounds?.goOn();
    this.#decoder = this.#newDecoder();
    this.begun = false;
  }

  push(chunk: Buffer): LaneOutput {
    return this.#reader ? this.#frames(this.#reader.push(chunk)) : undefined;
  }

  end(cutOff = false): LaneOutput {
    let out = this.#reader && !cutOff ? this.#frames(this.#reader.end()) : "";
    if (!this.error && !this.cut) out += this.#events(this.#decoder.end());
    if (!this.error && !this.rest) this.error = this.#stream.checkEnd();
    return out;
  }

  /** What was held back to look for stop sequences in it was said all the same. */
  fail(error: GatewayError): string {
    let out = "";
    for (const event of this.#scanner?.push({ type: "error", error }) ?? []) if (event.type !== "error") out += this.#pass(event);
    return out + this.#stream.push({ type: "error", error });
  }

  resume(): ClientStream {
    return this.#stream;
  }

  #frames(frames: readonly Frame[]): string {
    let out = "";
    for (const frame of frames) {
      out += this.#events(this.#decoder.push(frame));
      if (this.error || this.cut) break;
    }
    return out;
  }

  #events(decoded: readonly ChatEvent[]): string {
    const scanner = this.#scanner;
    const joined = this.#rounds ? this.#rounds.push(decoded) : decoded;
    // An error is not told here: the answer may go on elsewhere.
    const scanned = scanner ? joined.flatMap((event) => (event.type === "error" ? event : scanner.push(event))) : joined;
    const summary = this.#summary;
    return this.#tell(summary ? scanned.flatMap((event) => summary.push(event)) : scanned);
  }

  #tell(events: readonly ChatEvent[]): string {
    let out = "";
    for (const event of events) {
      if (event.type === "error") this.error = event.error;
      else if (event.type === "finish" && event.finish.reason === "malformed-call") this.error = malformedCall();
      if (this.error) break;
      if (event.type === "usage") this.usage = mergeUsage(this.usage, event.usage);
      else if (event.type !== "start" && event.type !== "ping") this.begun = true;
      out += this.#pass(event);
    }
    return out;
  }

  #pass(event: ChatEvent): string {
    return this.#resumed ? this.#join(event, this.#resumed) : this.#write(event);
  }

  #write(event: ChatEvent): string {
    this.error = this.#stream.check(event);
    return this.error ? "" : this.#stream.push(event);
  }

  /** What an event adds to what the client has; its attempt is not the only one to be paid for. */
  #join(event: ChatEvent, { continuation, recovery }: ResumedAnswer): string {
    if (event.type === "usage") return this.#write({ type: "usage", usage: addUsage(recovery.spent, this.usage ?? {}) });
    let out = "";
    for (const next of continuation.push(event)) {
      out += this.#write(next);
      if (this.error) return out;
      if (next.type === "finish") recovery.succeeded();
    }
    if (continuation.diverged) this.error = recovery.diverged();
    return out;
  }
}

/** A translated whole answer: the fold of its events. */
export class TranslateWholeLane extends WholeLane {
  readonly name = "translate";
  readonly #translation: Translation;
  readonly #collector = new Collector();
  readonly #scanner: StopScanner | undefined;
  readonly #summary: SummaryAnswer | undefined;
  #streamed = false;

  constructor(translation: Translation) {
    super();
    this.#translation = translation;
    this.#scanner = translation.scanStops && new StopScanner(translation.scanStops);
    this.#summary = summaryOf(translation.answer);
  }

  open(_status: number, headers: readonly string[]): AnswerHead {
    this.#streamed = (headerValue(headers, "content-type") ?? "").startsWith("text/event-stream");
    return JSON_HEAD;
  }

  get rest(): LaneRequest | undefined {
    return this.#scanner?.found ? undefined : this.#translation.rounds?.rest;
  }

  override goOn(): void {
    super.goOn();
    this.#translation.rounds?.goOn();
  }

  protected convert(body: WholeBody): LaneOutput {
    const { client, upstream, answer, decode, rounds, keeper } = this.#translation;
    const decoded = this.#streamed ? decodeStream(upstream, decode, body.bytes) : upstream.decodeResponse(body.object(), decode);
    const joined = rounds ? rounds.push(decoded) : decoded;
    for (const event of joined
      .flatMap((each) => this.#scanner?.push(each) ?? [each])
      .flatMap((each) => this.#summary?.push(each) ?? [each])) {
      keeper?.push(event);
      this.#collector.push(event);
    }
    if (this.rest) return undefined;
    const response = this.#collector.response();
    this.usage = response.usage;
    if (response.finish.reason === "malformed-call") throw malformedCall();
    return writeJson(client.encodeResponse(response, answer));
  }
}

/** What makes a summary of an answer that is to be one. */
function summaryOf({ request, losses }: AnswerContext): SummaryAnswer | undefined {
  return request.compaction && new SummaryAnswer(losses);
}

/** The events of a stream that came where a whole answer was asked for: some servers do nothing else (rule 301). */
function decodeStream(upstream: UpstreamSide, context: DecodeContext, bytes: Buffer): readonly ChatEvent[] {
  const decoder = upstream.streamDecoder(context);
  const reader = new SseReader();
  const events = [...reader.push(bytes), ...reader.end()].flatMap((frame) => decoder.push(frame));
  return [...events, ...decoder.end()];
}

/** A translated token count. */
export class TranslateCountLane extends WholeLane {
  readonly name = "translate";
  readonly #client: ClientSide;
  readonly #upstream: UpstreamSide;

  constructor(client: ClientSide, upstream: UpstreamSide) {
    super();
    this.#client = client;
    this.#upstream = upstream;
  }

  open(): AnswerHead {
    return JSON_HEAD;
  }

  protected convert(body: WholeBody): LaneOutput {
    return writeJson(this.#client.encodeTokenCount(this.#upstream.decodeTokenCount?.(body.object()) ?? 0));
  }
}

function malformedCall(): GatewayError {
  return new GatewayError("upstream", "The model wrote a tool call that the provider could not read.", { modelSlipped: true });
}
