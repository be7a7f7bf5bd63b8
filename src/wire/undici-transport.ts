/**
 * The transport over undici: one pool of HTTP/1.1 connections per origin, one request on a connection at a time.
 * undici tells of each HTTP chunk on its own, all those of one socket read in one turn; here they become one call.
 */
import { errors, Pool, type Dispatcher } from "undici";
import { GatewayError, toGatewayError } from "../chat/error.ts";
import type { Transport, UpstreamCall, UpstreamListener, UpstreamRequest } from "./transport.ts";

/** How long an idle connection is kept when the upstream does not say: longer than an agent's pause between two turns, mostly. */
const KEEP_ALIVE_MS = 30_000;

/** A transport with its own connections. Nothing is called before `send` has returned, and nothing after `abort`. */
export function createUndiciTransport(): Transport {
  const pools = new Map<string, Pool>();
  const poolFor = ({ origin, connectTimeoutMs }: UpstreamRequest): Pool => {
    const key = `${origin} ${connectTimeoutMs}`;
    let pool = pools.get(key);
    if (pool === undefined) {
      pool = new Pool(origin, {
        connectTimeout: connectTimeoutMs,
        keepAliveTimeout: KEEP_ALIVE_MS,
        pipelining: 1,
        // Each stream has its own connection: closing one cannot disturb another.
        allowH2: false,
        // The pipeline times each phase itself.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      pools.set(key, pool);
    }
    return pool;
  };
  return {
    send(request, listener) {
      const exchange = new Exchange(listener);
      const { method, path, body } = request;
      poolFor(request).dispatch({ method, path, headers: [...request.headers], body: body ?? null }, exchange);
      return exchange;
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

/** One request and its answer: what undici calls, and what the caller holds. */
class Exchange implements Dispatcher.DispatchHandler, UpstreamCall {
  readonly #listener: UpstreamListener;
  /** Absent until the request goes out on a connection. */
  #controller: Dispatcher.DispatchController | undefined;
  /** Chunks of the current turn. */
  #chunks: Buffer[] = [];
  #headSeen = false;
  #paused = false;
  #done = false;
  readonly #flush = (): void => {
    if (this.#done || this.#chunks.length === 0) return;
    const data = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#tell(() => this.#listener.onData(data));
  };

  constructor(listener: UpstreamListener) {
    this.#listener = listener;
  }

  pause(): void {
    this.#paused = true;
    // The connection may serve another request by now.
    if (!this.#done) this.#controller?.pause();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#done) this.#controller?.resume();
  }

  abort(): void {
    if (this.#done) return;
    this.#done = true;
    this.#chunks = [];
    this.#controller?.abort(new Error("The request was aborted."));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Throwing, unlike aborting, leaves the connection to other requests: nothing has been sent on it.
    if (this.#done) throw new Error("The request was aborted before it was sent.");
    this.#controller = controller;
    if (this.#paused) controller.pause();
  }

  onResponseStart(controller: Dispatcher.DispatchController, statusCode: number): void {
    if (this.#done || statusCode < 200) return;
    this.#headSeen = true;
    const headers = (controller.rawHeaders as Buffer[]).map((text) => text.toString("latin1"));
    this.#tell(() => this.#listener.onHead(statusCode, headers));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#done) return;
    // Microtasks run when the socket's whole read has been parsed.
    if (this.#chunks.push(chunk) === 1) queueMicrotask(this.#flush);
  }

  onResponseEnd(): void {
    this.#flush();
    if (this.#done) return;
    this.#tell(() => this.#listener.onEnd());
    this.#done = true;
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    // undici may fail a request before `send` has returned; and what was received is told first, in its own microtask.
    queueMicrotask(() => this.#fail(failureOf(error, this.#headSeen)));
  }

  /** What a listener throws ends its own request, not the process: nobody stands above these calls. */
  #tell(step: () => void): void {
    try {
      step();
    } catch (thrown) {
      this.#controller?.abort(new Error("The listener failed."));
      this.#fail(toGatewayError(thrown));
    }
  }

  #fail(error: GatewayError): void {
    if (this.#done) return;
    this.#done = true;
    this.#chunks = [];
    this.#listener.onError(error);
  }
}

/** The connection was closed under the request. */
const CUT = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

/** What a failure of undici means. Its own messages name addresses, so they stay in the cause. */
function failureOf(error: Error, headSeen: boolean): GatewayError {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const suffix = code === "" ? "" : ` (${code})`;
  const detail = { cause: error };
  switch (code) {
    case "UND_ERR_CONNECT_TIMEOUT":
      return new GatewayError("timeout", "Connecting to the upstream took too long.", detail);
    case "UND_ERR_CLOSED":
    case "UND_ERR_DESTROYED":
      return new GatewayError("unavailable", "Dragoman is shutting down.", detail);
    case "UND_ERR_HEADERS_OVERFLOW":
      return new GatewayError("upstream", "The upstream's answer has too many headers.", detail);
    case "UND_ERR_INVALID_ARG":
    case "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH":
      return toGatewayError(error);
  }
  // The parser also complains when the connection ends too early, which is no fault of the bytes.
  if (error instanceof errors.HTTPParserError && !error.message.includes("EOF")) {
    return new GatewayError("upstream", "The upstream's answer is not HTTP.", detail);
  }
  if (headSeen) return new GatewayError("transport", `The connection to the upstream broke in the middle of its answer${suffix}.`, detail);
  return new GatewayError("transport", `The connection to the upstream failed${suffix}.`, {
    ...detail,
    ...(CUT.has(code) && { resetBeforeHead: true }),
  });
}
