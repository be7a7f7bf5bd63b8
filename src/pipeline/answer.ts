/**
 * The client's side of one request: what has been said to it, and what may still be said. Holds the head back until an
 * attempt has content, keeps a silent stream alive with heartbeats, and ends a failure the one way every client
 * recognises: as an error of its own before an answer has begun, by the protocol's own error event after (resilience §4).
 * Where the bytes go, `http/` says: to an HTTP response, or into frames of a WebSocket.
 */
import type { GatewayError } from "../chat/error.ts";
import type { ClientRoute, ClientSide, StreamPlace, StreamStyle } from "../protocols/protocol.ts";
import { filterHeaders, headerValue } from "../wire/headers.ts";

/** Status and headers (name, value, name, value) of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: readonly string[];
}

/** Writes what the client gets, and knows how that ends when it breaks off. */
export interface BreakableLane {
  /** `undefined`: the protocol's error event will do. */
  fail?(error: GatewayError): string | undefined;
  /** Where what was relayed so far stands, for that event to go on from. */
  readonly place?: StreamPlace | undefined;
}

/** Knows what the gateway adds to a head. */
export interface HeadSource {
  /** Name, value, name, value. */
  ownHeaders(requestId: string): readonly string[];
}

export abstract class Answer {
  readonly requestId: string;
  protected readonly client: ClientSide;
  readonly #route: ClientRoute | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #heartbeatMs = Infinity;
  /** When something was last written; the timer looks here when it fires, which is cheaper than moving it with each event. */
  #spokeAt = 0;
  #streaming = false;
  #begun = false;

  /**
   * Asked when a head goes out. An object rather than a closure: one made in an async function kept whole finished
   * requests alive until the next full collection, and every scavenge copied them.
   */
  source: HeadSource | undefined;
  /** Where the content comes from, once there is some. */
  lane: BreakableLane | undefined;

  /** @param route absent when the path is nobody's. */
  constructor(client: ClientSide, route: ClientRoute | undefined, requestId: string) {
    this.client = client;
    this.#route = route;
    this.requestId = requestId;
  }

  /** Whether content has gone to the client: from here on nothing is tried elsewhere. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Whether a head has gone out: a failure is then told inside the stream. */
  abstract get started(): boolean;

  /** Whether the client has closed its connection. */
  abstract get left(): boolean;

  /** Whether the last byte has been handed over, or nobody is there to take it. */
  abstract get ended(): boolean;

  /** Calls back once if the client closes its connection before the answer is complete; the function it returns takes that back. */
  abstract onLeave(listener: () => void): () => void;

  /** Calls back once, when the client has read so much that more may be written. */
  abstract onDrain(listener: () => void): void;

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
    if (!this.started) this.sendHead(head);
    return this.write(bytes);
  }

  /** More of the answer. `false`: the client reads slower than this; wait for {@link onDrain}. */
  write(bytes: Buffer | string): boolean {
    this.#spokeAt = performance.now();
    return this.send(bytes);
  }

  /** Closes a connection whose client does not read. */
  giveUp(): void {
    this.#stopHeartbeat();
    this.cut();
  }

  end(): void {
    this.#stopHeartbeat();
    this.finish("");
  }

  /** A whole answer at once. */
  whole(head: AnswerHead, body: Buffer | string): void {
    this.#begun = true;
    this.#stopHeartbeat();
    this.sendWhole(head, body);
  }

  /** The failure that ends this request. */
  fail(error: GatewayError): void {
    this.#stopHeartbeat();
    if (this.ended) return;
    if (this.started) {
      const told = this.lane?.fail?.(error);
      return told === undefined ? this.finishBroken(error) : this.finish(told);
    }
    const { status, headers, body } = this.client.encodeError(error, this.requestId, this.#route);
    this.whole({ status, headers: Object.entries(headers).flat() }, body);
  }

  /** Whether this is a stream. */
  protected get streaming(): boolean {
    return this.#streaming;
  }

  /** What the gateway adds to a head; an error brings its protocol's request id with it. */
  protected ownHeaders({ status, headers }: AnswerHead): readonly string[] {
    const own = this.source?.ownHeaders(this.requestId) ?? ["x-dragoman-request-id", this.requestId];
    return status < 400 ? own : filterHeaders(own, (name) => headerValue(headers, name) === undefined);
  }

  protected get style(): StreamStyle {
    return this.client.streamStyle(this.#route ?? { operation: "generate" });
  }

  /** Before the first byte. */
  protected abstract sendHead(head: AnswerHead): void;

  protected abstract send(bytes: Buffer | string): boolean;

  /** All there is, and then the end. */
  protected abstract sendWhole(head: AnswerHead, body: Buffer | string): void;

  /** A sign of life, for a client that has waited long enough. */
  protected abstract sendHeartbeat(): void;

  /** The last bytes. From here on nobody watches whether the client reads. */
  protected abstract finish(bytes: Buffer | string): void;

  /** The end of an answer that will never be whole, though its client has been told to wait for one. */
  protected abstract finishBroken(error: GatewayError): void;

  /** Ends the connection as it stands. */
  protected abstract cut(): void;

  #beat(): void {
    if (this.ended) return;
    const silentFor = performance.now() - this.#spokeAt;
    if (silentFor < this.#heartbeatMs) {
      this.#heartbeat = setTimeout(() => this.#beat(), this.#heartbeatMs - silentFor);
      return;
    }
    this.sendHeartbeat();
    this.#spokeAt = performance.now();
    this.#heartbeat = setTimeout(() => this.#beat(), this.#heartbeatMs);
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
