/** Listens, and ends well: a shutdown stops accepting, lets running answers finish within a grace period, then ends them. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { GatewayError } from "../chat/error.ts";
import { Shutdown } from "../pipeline/shutdown.ts";
import { Running } from "./running.ts";

/** Handles one request; must not reject. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse, shutdown: Shutdown) => Promise<void>;

/** What is under way, and when it must end. */
export interface Work {
  readonly shutdown: Shutdown;
  readonly running: Running;
}

/** Takes connections over whose clients would rather speak something else than HTTP. */
export interface UpgradeHandler {
  /** Whether this is such a client; any other is served as if it had not asked. */
  wants(request: IncomingMessage): boolean;
  /** @param head what has come after the request. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, work: Work): void;
  /** A shutdown begins: each connection is closed when all that runs on it has ended. */
  close(): void;
  /** Cuts the connections that are left. */
  cut(): void;
}

/** Agents send long header values; Node's own limit is 16 KiB. */
const MAX_HEADER_BYTES = 65_536;
/** Time for the last bytes to leave once everything has been said, in ms. */
const LAST_WORDS_MS = 1_000;
/** How often connections are closed that have fallen idle, once all must end, in ms. */
const IDLE_CLOSED_MS = 20;

export class HttpServer {
  readonly #handle: RequestListener;
  readonly #upgrades: UpgradeHandler;
  readonly #server: Server;
  readonly #work: Work = { shutdown: new Shutdown(), running: new Running() };
  readonly #answering = new WeakMap<Duplex, ServerResponse>();
  #closing = false;

  constructor(handle: RequestListener, upgrades: UpgradeHandler) {
    this.#handle = handle;
    this.#upgrades = upgrades;
    this.#server = createServer({
      shouldUpgradeCallback: (request) => upgrades.wants(request),
      maxHeaderSize: MAX_HEADER_BYTES,
      keepAliveTimeout: 75_000,
      headersTimeout: 60_000,
      requestTimeout: 300_000,
      noDelay: true,
    });
    this.#server.on("request", (request, response) => this.#serve(request, response));
    this.#server.on("upgrade", (request, socket, head) => upgrades.upgrade(request, socket, head, this.#work));
    this.#server.on("clientError", (error, socket) => this.#refuse(error, socket));
  }

  /** Whether a shutdown has begun. */
  get closing(): boolean {
    return this.#closing;
  }

  /** @throws Error with a `code` such as `EADDRINUSE`. */
  listen(host: string, port: number): Promise<{ host: string; port: number }> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port, backlog: 4096 }, () => {
        server.off("error", reject);
        const address = server.address() as AddressInfo;
        resolve({ host: address.address, port: address.port });
      });
    });
  }

  /** Resolves when the last answer has ended and every connection is closed. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    this.#upgrades.close();
    const grace = setTimeout(() => {
      this.#work.shutdown.begin(shuttingDown());
      // Whoever is still sending a request then, or does not read its answer, has had all the time there is.
      setTimeout(() => this.#cut(), LAST_WORDS_MS).unref();
    }, graceMs);
    await this.#work.running.none();
    clearTimeout(grace);
    // A connection whose answer has just ended counts as busy for a moment more.
    const idle = setInterval(() => this.#server.closeIdleConnections(), IDLE_CLOSED_MS);
    const lingering = setTimeout(() => this.#cut(), LAST_WORDS_MS);
    await closed;
    clearInterval(idle);
    clearTimeout(lingering);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { shutdown, running } = this.#work;
    this.#answering.set(request.socket, response);
    response.once("finish", () => this.#answering.delete(request.socket));
    if (this.#closing) response.setHeader("connection", "close");
    running.begin();
    void this.#handle(request, response, shutdown)
      // Nothing should come here; if something does, one connection ends and not the process.
      .catch(() => response.destroy())
      .finally(() => running.end());
  }

  /** Tells what Node's parser found wrong. */
  #refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    // A second head inside a running answer would break that answer.
    if (!socket.writable || error.code === "ECONNRESET" || this.#answering.get(socket)?.headersSent) return void socket.destroy();
    const [status, message] = protocolFault(error.code);
    const body = JSON.stringify({ type: "error", error: { type: "invalid_request_error", message } });
    socket.end(
      `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  }

  #cut(): void {
    this.#server.closeAllConnections();
    this.#upgrades.cut();
  }
}

/** What a request is told that comes, or still runs, when all must end. */
export function shuttingDown(): GatewayError {
  return new GatewayError("unavailable", "Dragoman is shutting down; send the request again.");
}

/** What node's parser found wrong with a request that never became one. */
function protocolFault(code: string | undefined): readonly [status: string, message: string] {
  if (code === "HPE_HEADER_OVERFLOW")
    return ["431 Request Header Fields Too Large", `The request headers are larger than ${MAX_HEADER_BYTES} bytes.`];
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return ["408 Request Timeout", "The request took too long to arrive."];
  return ["400 Bad Request", "The request is not valid HTTP."];
}
