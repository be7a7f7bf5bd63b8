/**
 * The client's side of one request: what has been said to it, and what may still be said. Holds the head back until an
 * attempt has content, keeps a silent stream alive with heartbeats, and ends a failure the one way every client
 * recognises: an HTTP error before the head, the protocol's own error event after it (resilience §4).
 */
import type { ServerResponse } from "node:http";
import type { GatewayError } from "../chat/error.ts";
import type { ClientRoute, ClientSide, StreamStyle } from "../protocols/protocol.ts";
import { filterHeaders, headerValue } from "../wire/headers.ts";

/** Status and headers (name, value, name, value) of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: readonly string[];
}

/** Knows what the gateway adds to a head. */
export interface HeadSource {
  /** Name, value, name, value. */
  ownHeaders(requestId: string): readonly string[];
}

/** More than this, once everything has been said, is memory that the client's reading frees; in bytes. */
const MUCH_UNREAD = 262_144;
/** So long may nothing of it be read, in ms. */
const MAX_UNREAD_MS = 120_000;

export class Answer {
  readonly requestId: string;
  readonly #response: ServerResponse;
  readonly #protocol: ClientSide;
  readonly #route: ClientRoute | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #heartbeatMs = Infinity;
  /** When something was last written; the timer looks here when it fires, which is cheaper than moving it with each event. */
  #spokeAt = 0;
  #streaming = false;
  #begun = false;

  /** @param route absent when the path is nobody's. */
  constructor(response: ServerResponse, protocol: ClientSide, route: ClientRoute | undefined, requestId: string) {
    this.#response = response;
    this.#protocol = protocol;
    this.#route = route;
    this.requestId = requestId;
  }

  /** Whether content has gone to the client: from here on nothing is tried elsewhere. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Whether a head has gone out: a failure is then told inside the stream. */
  get started(): boolean {
    return this.#response.headersSent;
  }

  /** Whether the client has closed its connection. */
  get left(): boolean {
    return this.#response.destroyed && !this.#response.writableFinished;
  }

  /** Whether the last byte has been handed over, or nobody is there to take it. */
  get ended(): boolean {
    return this.#response.writableEnded || this.#response.destroyed;
  }

  /** Calls back once if the client closes its connection before the answer is complete; the function it returns takes that back. */
  onLeave(listener: () => void): () => void {
    const closed = (): void => {
      if (!this.#response.writableFinished) listener();
    };
    if (this.left) listener();
    else this.#response.once("close", closed);
    return () => void this.#response.off("close", closed);
  }

  /**
   * Asked when a head goes out. An object rather than a closure: one made in an async function kept whole finished
   * requests alive until the next full collection, and every scavenge copied them.
   */
  source: HeadSource | undefined;

  /** Makes this a stream, in which a heartbeat breaks every silence of `heartbeatMs`. */
  expectStream(heartbeatMs: number): void {
    this.#streaming = true;
    this.#heartbeatMs = heartbeatMs;
    this.#spokeAt = performance.now();
    this.#heartbeat = setTimeout(() => this.#beat(), heartbeatMs);
  }

  /** The first content: sends the head, unless a heartbeat already had to. */
  begin(head: AnswerHead, bytes: Buffer | string): boolean {
    this.#begun = true;
    if (!this.#response.headersSent) this.#writeHead(head);
    return this.write(bytes);
  }

  /** More of the answer. `false`: the client reads slower than this; wait for {@link onDrain}. */
  write(bytes: Buffer | string): boolean {
    this.#spokeAt = performance.now();
    return this.#response.write(bytes);
  }

  onDrain(listener: () => void): void {
    this.#response.once("drain", listener);
  }

  /** Closes a connection whose client does not read. */
  giveUp(): void {
    this.#stopHeartbeat();
    this.#response.destroy();
  }

  end(): void {
    this.#stopHeartbeat();
    this.#finish();
  }

  /** A whole answer at once. */
  whole(head: AnswerHead, body: Buffer | string): void {
    this.#begun = true;
    this.#stopHeartbeat();
    if (!this.#response.headersSent) {
      this.#writeHead({ status: head.status, headers: [...head.headers, "content-length", String(Buffer.byteLength(body))] });
    }
    this.#finish(body);
  }

  /** The failure that ends this request. */
  fail(error: GatewayError): void {
    this.#stopHeartbeat();
    if (this.ended) return;
    if (this.#response.headersSent) {
      this.#response.end(this.#style.error(error, this.requestId, this.#begun));
      return;
    }
    const { status, headers, body } = this.#protocol.encodeError(error, this.requestId, this.#route);
    this.whole({ status, headers: Object.entries(headers).flat() }, body);
  }

  /** The last bytes. From here on nobody watches whether the client reads. */
  #finish(bytes: Buffer | string = ""): void {
    this.#response.end(bytes);
    if (this.#response.writableLength > MUCH_UNREAD) this.#response.setTimeout(MAX_UNREAD_MS, () => this.#response.destroy());
  }

  #beat(): void {
    if (this.ended) return;
    const silentFor = performance.now() - this.#spokeAt;
    if (silentFor < this.#heartbeatMs) {
      this.#heartbeat = setTimeout(() => this.#beat(), this.#heartbeatMs - silentFor);
      return;
    }
    if (!this.#response.headersSent) this.#writeHead({ status: 200, headers: streamHeaders(this.#style) });
    if (!this.#response.writableNeedDrain) this.#response.write(this.#style.heartbeat);
    this.#spokeAt = performance.now();
    this.#heartbeat = setTimeout(() => this.#beat(), this.#heartbeatMs);
  }

  get #style(): StreamStyle {
    return this.#protocol.streamStyle(this.#route ?? { operation: "generate" });
  }

  #writeHead({ status, headers }: AnswerHead): void {
    // Proxies in front of us must not collect a stream before they pass it on (rule 325).
    const streaming = this.#streaming && status === 200 ? ["cache-control", "no-cache", "x-accel-buffering", "no"] : [];
    const own = this.source?.ownHeaders(this.requestId) ?? [];
    // An error brings its protocol's request id with it.
    const missing = status < 400 ? own : filterHeaders(own, (name) => headerValue(headers, name) === undefined);
    this.#response.writeHead(status, [...headers, ...streaming, ...missing]);
  }

  #stopHeartbeat(): void {
    clearTimeout(this.#heartbeat);
    this.#heartbeat = undefined;
  }
}

/** The head's headers of a stream that we write. */
export function streamHeaders(style: StreamStyle): string[] {
  return ["content-type", style.contentType];
}
