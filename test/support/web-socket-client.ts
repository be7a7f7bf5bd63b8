/** A bare WebSocket, for what client libraries hide. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach } from "vitest";
import { WebSocket, type ClientOptions } from "ws";
import type { JsonObject } from "../../src/chat/json.ts";
import { until, type TestGateway } from "./gateway.ts";

/** A frame as it came. */
export interface SocketEvent extends JsonObject {
  readonly type: string;
}

/** How a handshake was refused. */
export interface Refusal {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export class TestSocket {
  readonly socket: WebSocket;
  /** Every frame so far. */
  readonly events: SocketEvent[] = [];
  /** How it was closed, once it is. */
  closed: { readonly code: number; readonly reason: string } | undefined;

  /** @param url the gateway's, without a path. */
  constructor(url: string, path = "/v1/responses", options: ClientOptions = {}) {
    this.socket = new WebSocket(url.replace("http", "ws") + path, options);
    this.socket.on("message", (data) => void this.events.push(JSON.parse((data as Buffer).toString()) as SocketEvent));
    this.socket.on("close", (code, reason) => void (this.closed = { code, reason: reason.toString() }));
    this.socket.on("error", () => undefined);
  }

  async open(): Promise<this> {
    await once(this.socket, "open");
    return this;
  }

  /** How the handshake was refused. */
  async refusal(): Promise<Refusal> {
    const [, response] = (await once(this.socket, "unexpected-response")) as [unknown, IncomingMessage];
    return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
  }

  /** Sends a frame: text as it stands, anything else as JSON. */
  send(frame: string | JsonObject): void {
    this.socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /** The frames that are there once so many have come that end an answer, all lanes together. */
  async answers(count: number): Promise<readonly SocketEvent[]> {
    await until(() => this.events.filter(endsAnswer).length >= count || this.closed !== undefined);
    return this.events;
  }

  async ended(): Promise<{ readonly code: number; readonly reason: string }> {
    await until(() => this.closed !== undefined);
    return this.closed as { code: number; reason: string };
  }
}

const ENDS = new Set(["response.completed", "response.incomplete", "response.failed", "error"]);

function endsAnswer({ type }: SocketEvent): boolean {
  return ENDS.has(type);
}

/** Opens connections that end with the test. */
export function socketsForTests(): {
  /** A connection on its way. */
  dial: (url: string, path?: string, options?: ClientOptions) => TestSocket;
  connect: (gateway: TestGateway, options?: ClientOptions) => Promise<TestSocket>;
} {
  const sockets: TestSocket[] = [];
  afterEach(() => {
    for (const { socket } of sockets.splice(0)) socket.terminate();
  });
  const dial = (url: string, path?: string, options?: ClientOptions): TestSocket => {
    const socket = new TestSocket(url, path, options);
    sockets.push(socket);
    return socket;
  };
  return { dial, connect: ({ url }, options) => dial(url, undefined, options).open() };
}

/** A frame that asks for an answer. */
export function create(input: string, more: JsonObject = {}): JsonObject {
  return { type: "response.create", model: "claude-sonnet-5-5", input, store: false, ...more };
}

export function types(events: readonly SocketEvent[]): string[] {
  return events.map(({ type }) => type);
}
