/**
 * The relay lane: the client's protocol is the upstream's, so bytes pass untouched in both directions. Only the model's
 * name changes on the way up; on the way down a read-only tap watches usage, errors and the end.
 */
import type { JsonObject, JsonValue } from "../chat/json.ts";
import type { Usage } from "../chat/chat.ts";
import { GatewayError } from "../chat/error.ts";
import type { Operation, RelayTap, StreamPlace, StreamStyle, UpstreamSide } from "../protocols/protocol.ts";
import { filterHeaders, headerValue } from "../wire/headers.ts";
import { WholeElements } from "../wire/whole-elements.ts";
import { WholeFrames } from "../wire/whole-frames.ts";
import type { AnswerHead } from "./answer.ts";
import type { ClientStream } from "./client-stream.ts";
import type { Lane, LaneOutput } from "./lane.ts";
import { mediaType, noStream } from "./unreadable-answer.ts";
import { WholeBody } from "./whole-body.ts";
import { WholeLane } from "./whole-lane.ts";

/** Answer headers that speak of one connection or one host, not of the answer (rule 12). */
const NOT_RELAYED: ReadonlySet<string> = new Set(
  (
    "connection keep-alive transfer-encoding te trailer upgrade proxy-authenticate proxy-connection via " +
    "content-length content-encoding cache-control date server set-cookie alt-svc location www-authenticate strict-transport-security nel report-to"
  ).split(" "),
);

/** Families of the same, and what another gateway says of itself. */
const NOT_RELAYED_FAMILIES = ["cf-", "access-control-", "x-accel-", "x-dragoman-"];

/** The upstream's answer headers that the client gets. */
export function relayedAnswerHeaders(headers: readonly string[]): string[] {
  const hops = (headerValue(headers, "connection") ?? "").toLowerCase().split(/[ ,]+/);
  return filterHeaders(
    headers,
    (name) => !NOT_RELAYED.has(name) && !NOT_RELAYED_FAMILIES.some((family) => name.startsWith(family)) && !hops.includes(name),
  );
}

/** Hears what a relayed answer tells of itself, before its client has it. */
export interface RelayWatch {
  /** State that the upstream minted. */
  minted(state: string): void;
  /** The whole answer, once it is complete; only where the protocol has it whole, and somebody keeps it. */
  answered?(answer: JsonObject): void;
}

/**
 * Makes of what was relayed a stream of the client's that another attempt can go on with; `undefined` where what follows
 * could not be made to fit.
 */
export type ResumeRelayed = (passed: Buffer) => ClientStream | undefined;

/** Bytes that are kept for this; a longer answer is not gone on with. */
const MAX_KEPT_BYTES = 8_388_608;

const SSE = "text/event-stream";
const JSON_TYPE = "application/json";

/**
 * A relayed stream. Events, or the elements of an array, reach the client whole, so that whatever follows a broken one
 * stays readable.
 */
export class RelayStreamLane implements Lane {
  readonly name = "relay";
  readonly #upstream: UpstreamSide;
  readonly #tap: RelayTap;
  /** The media type that the client asked for. */
  readonly #type: string;
  readonly #frames: WholeFrames | WholeElements;
  readonly #watch: RelayWatch;
  /** How much of the state that was minted so far has been told. */
  #mintedTold = 0;
  #answerTold = false;
  /** What came where a stream was asked for: it may tell of an error. */
  #body: WholeBody | undefined;
  #error: GatewayError | undefined;
  readonly #resume: ResumeRelayed | undefined;
  /** What the client has; `undefined`: too much to be kept. */
  #passed: Buffer[] | undefined = [];
  #passedBytes = 0;
  /** What the upstream itself ended with, while the answer may go on elsewhere. */
  #lastWords: Buffer | undefined;

  /**
   * @param style how the client's protocol writes the stream that was asked for.
   * @param resume absent: nothing is gone on with elsewhere that breaks off here.
   */
  constructor(upstream: UpstreamSide, style: StreamStyle, watch: RelayWatch, resume?: ResumeRelayed) {
    this.#upstream = upstream;
    this.#tap = upstream.relayTap();
    this.#resume = resume;
    this.#watch = watch;
    this.#type = mediaType(style.contentType);
    this.#frames = this.#type === SSE ? new WholeFrames() : new WholeElements();
  }

  open(status: number, headers: readonly string[]): AnswerHead {
    const type = headerValue(headers, "content-type");
    if (mediaType(type) !== this.#type) {
      if (mediaType(type) !== JSON_TYPE) throw noStream(type);
      this.#body = new WholeBody();
    }
    return { status, headers: relayedAnswerHeaders(headers) };
  }

  push(chunk: Buffer): LaneOutput {
    if (this.#body) {
      this.#error = this.#body.push(chunk);
      return undefined;
    }
    const whole = this.#frames.push(chunk);
    if (whole) this.#tap.push(whole);
    this.#tell();
    // The stream ends with its own error, so nothing else will close the array around it.
    return this.#pass(whole && this.#tap.error && this.#type !== SSE ? Buffer.concat([whole, Buffer.from("]")]) : whole);
  }

  end(cutOff = false): LaneOutput {
    if (this.#body) {
      this.#error = this.#upstream.inspectWhole(this.#body.object(JSON.parse as (text: string) => JsonValue)).error ?? noStream(JSON_TYPE);
      return undefined;
    }
    const rest = cutOff && this.#type === SSE ? Buffer.alloc(0) : this.#frames.rest();
    this.#tap.push(rest);
    this.#tap.end();
    this.#tell();
    if (this.#tap.finished || this.#tap.error) return this.#pass(rest);
    this.#error = new GatewayError("transport", "The upstream's stream ended before the answer was complete.");
    return undefined;
  }

  fail(): string | undefined {
    return this.#lastWords?.toString();
  }

  resume(): ClientStream | undefined {
    return this.#passed && this.#resume?.(Buffer.concat(this.#passed));
  }

  /** The client is not told of an error before it is known that nobody can go on. */
  #pass(whole: Buffer | undefined): Buffer | undefined {
    if (!this.#resume || !whole) return whole;
    if (this.#tap.error) {
      this.#lastWords = whole;
      return undefined;
    }
    this.#passedBytes += whole.length;
    if (this.#passedBytes > MAX_KEPT_BYTES) this.#passed = undefined;
    this.#passed?.push(whole);
    return whole;
  }

  #tell(): void {
    const { minted = [], answer } = this.#tap;
    for (; this.#mintedTold < minted.length; this.#mintedTold += 1) this.#watch.minted(minted[this.#mintedTold] as string);
    if (!answer || this.#answerTold) return;
    this.#answerTold = true;
    this.#watch.answered?.(answer);
  }

  get begun(): boolean {
    return this.#tap.begun;
  }
  get finished(): boolean {
    return this.#tap.finished;
  }
  get error(): GatewayError | undefined {
    return this.#tap.error ?? this.#error;
  }
  get errorTold(): boolean {
    return this.#tap.error !== undefined && this.#lastWords === undefined;
  }
  get place(): StreamPlace | undefined {
    return this.#tap.place;
  }
  get usage(): Usage | undefined {
    return this.#tap.usage;
  }
}

/** A relayed whole answer. */
export class RelayWholeLane extends WholeLane {
  readonly name = "relay";
  readonly #upstream: UpstreamSide;
  readonly #operation: Operation;
  readonly #watch: RelayWatch;

  constructor(upstream: UpstreamSide, operation: Operation, watch: RelayWatch) {
    super();
    this.#upstream = upstream;
    this.#operation = operation;
    this.#watch = watch;
  }

  /** What does not turn out to be JSON is never sent, and SDKs take what is not called so for text. */
  open(status: number, headers: readonly string[]): AnswerHead {
    const relayed = relayedAnswerHeaders(headers);
    if (mediaType(headerValue(headers, "content-type")) === JSON_TYPE) return { status, headers: relayed };
    return { status, headers: [...filterHeaders(relayed, (name) => name !== "content-type"), "content-type", JSON_TYPE] };
  }

  protected convert(body: WholeBody): LaneOutput {
    // What is kept must keep its numbers.
    const answer = body.object(this.#watch.answered ? undefined : (JSON.parse as (text: string) => JsonValue));
    if (this.#operation === "generate") {
      const { usage, error, minted = [] } = this.#upstream.inspectWhole(answer);
      this.usage = usage;
      if (error) throw error;
      for (const state of minted) this.#watch.minted(state);
      this.#watch.answered?.(answer);
    }
    return body.bytes;
  }
}
