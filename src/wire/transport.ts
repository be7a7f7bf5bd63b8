/**
 * How bytes reach an upstream. Push-based and callback-only: the relayed path copies no bytes and awaits nothing per
 * chunk. The implementation behind it can be replaced (today undici, `undici-transport.ts`).
 */
import type { GatewayError } from "../chat/error.ts";

/** One HTTP request to an upstream. */
export interface UpstreamRequest {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** Path and query. */
  readonly path: string;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly body?: Buffer;
  /** Time allowed to connect, in ms. */
  readonly connectTimeoutMs: number;
}

/** Hears an answer as it comes. After `onEnd` or `onError` nothing more is called. */
export interface UpstreamListener {
  /** @param headers name, value, name, value, as they came. */
  onHead(status: number, headers: readonly string[]): void;
  /** All bytes of one network read that belong to this answer, at once where the implementation can. */
  onData(chunk: Buffer): void;
  onEnd(): void;
  /**
   * There will be no answer, or no more of it: `transport` (with `resetBeforeHead` when the connection was cut before a
   * status line came), `timeout` of connecting, `upstream` for what is not HTTP, `unavailable` after {@link Transport.close}.
   */
  onError(error: GatewayError): void;
}

/** A request under way. */
export interface UpstreamCall {
  /** Stops reading until {@link resume}; the upstream feels it. */
  pause(): void;
  resume(): void;
  /** Closes the connection. `onError` may follow. */
  abort(): void;
}

export interface Transport {
  send(request: UpstreamRequest, listener: UpstreamListener): UpstreamCall;
  /** Closes idle connections at once and busy ones when they are done. */
  close(): Promise<void>;
}
