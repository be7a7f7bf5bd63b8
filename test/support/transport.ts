/** Servers on loopback and a listener, for tests of the transport. Everything is closed after each test. */
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach } from "vitest";
import type { GatewayError } from "../../src/chat/error.ts";
import type { Transport, UpstreamListener, UpstreamRequest } from "../../src/wire/transport.ts";
import { createUndiciTransport } from "../../src/wire/undici-transport.ts";

/** The head of an answer in chunks, and its end. */
export const CHUNKED = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
export const LAST_CHUNK = "0\r\n\r\n";

let cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
  cleanups = [];
});

export function transport(): Transport {
  const created = createUndiciTransport();
  cleanups.push(() => created.close());
  return created;
}

export async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server of plain sockets. */
export async function socketServer(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    onSocket(socket);
  });
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return listen(server);
}

/** A server that says this once a request has come. */
export function answering(...writes: (string | Buffer)[]): Promise<string> {
  return socketServer((socket) => {
    socket.once("data", () => {
      for (const bytes of writes) socket.write(bytes);
    });
  });
}

export async function httpServer(answer: (incoming: IncomingMessage, response: ServerResponse) => void | Promise<void>): Promise<string> {
  const server = createHttpServer((incoming, response) => {
    void answer(incoming, response);
  });
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return listen(server);
}

/** What a listener heard, in order. */
export class Heard implements UpstreamListener {
  readonly calls: string[] = [];
  readonly chunks: Buffer[] = [];
  status = 0;
  headers: readonly string[] = [];
  error: GatewayError | undefined;
  readonly finished: Promise<void>;
  #finish: () => void = () => {};

  constructor() {
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  onHead(status: number, headers: readonly string[]): void {
    this.calls.push("head");
    this.status = status;
    this.headers = headers;
  }

  onData(chunk: Buffer): void {
    this.calls.push("data");
    this.chunks.push(chunk);
  }

  onEnd(): void {
    this.calls.push("end");
    this.#finish();
  }

  onError(error: GatewayError): void {
    this.calls.push("error");
    this.error = error;
    this.#finish();
  }

  get body(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

export function request(origin: string, settings: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return { origin, method: "POST", path: "/v1/messages", headers: [], body: Buffer.from("{}"), connectTimeoutMs: 5_000, ...settings };
}

/** Text as one HTTP chunk. */
export function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Waits for something that only a timeout of the test would end. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(1);
}
