/**
 * Connections that become WebSockets, for protocols that are spoken over them too. A handshake passes the same checks as
 * a request; where there is no such connection to be had it is told 426, at which clients post instead (rule 364).
 */
import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { GatewayError, toGatewayError } from "../chat/error.ts";
import { refuseLoops } from "../pipeline/hops.ts";
import type { ClientAnswer, ClientSide } from "../protocols/protocol.ts";
import { ConnectionMemories } from "./connection-memories.ts";
import { claimRoute, identify, newRequestId, readTarget, type RequestsContext } from "./requests.ts";
import { shuttingDown, type UpgradeHandler, type Work } from "./server.ts";
import { WebSocketLine } from "./websocket-line.ts";
import { WebSocketSession, type Opened } from "./websocket-session.ts";

/** RFC 6455 §7.4.1. */
const UNSUPPORTED_DATA = 1003;

export class WebSockets implements UpgradeHandler {
  readonly #current: () => RequestsContext;
  #server: WebSocketServer;
  readonly #open = new Map<WebSocketLine, WebSocketSession>();
  readonly #memories = new ConnectionMemories();
  #closing = false;

  /** @param current what serves a handshake or a request that begins now. */
  constructor(current: () => RequestsContext) {
    this.#current = current;
    this.#server = this.#createServer(current().maxBodyBytes);
  }

  wants({ headers }: IncomingMessage): boolean {
    return headers.upgrade?.trim().toLowerCase() === "websocket";
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, work: Work): void {
    socket.on("error", () => socket.destroy());
    const requestId = newRequestId();
    const { pathname, query } = readTarget(request.url ?? "/");
    const context = this.#current();
    try {
      const opened = this.#admit(context, request, pathname, query);
      if (this.#server.options.maxPayload !== context.maxBodyBytes) this.#server = this.#createServer(context.maxBodyBytes);
      this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#begin(webSocket, socket, opened, work));
    } catch (thrown) {
      const error = toGatewayError(thrown);
      context.handling.log.info({ requestId, method: request.method, path: pathname, err: error }, "refused");
      const answer = this.#dialect(request).encodeError(error, requestId, undefined);
      refuse(socket, thrown instanceof NoWebSocket ? { ...answer, status: UPGRADE_REQUIRED } : answer);
    }
  }

  close(): void {
    this.#closing = true;
    for (const session of this.#open.values()) session.endSoon(shuttingDown(), "Dragoman is shutting down.");
  }

  cut(): void {
    for (const line of this.#open.keys()) line.cut();
  }

  /** @throws GatewayError what a request would be told, {@link NoWebSocket} where posting is the way. */
  #admit(context: RequestsContext, request: IncomingMessage, pathname: string, query: URLSearchParams): Opened {
    const { headers, rawHeaders } = request;
    const { clients, webSockets: limits } = context;
    refuseLoops(headers, context.handling.instanceId);
    const presented = new URLSearchParams(query);
    const callerNow: Opened["callerNow"] = (now) => identify(now, request, presented);
    const caller = callerNow(context);
    // The gateway's own key is consumed here and goes no further (rule 432).
    query.delete("key");
    if (!limits) throw new NoWebSocket("This Dragoman takes no WebSockets; send POST requests.");
    for (const client of clients) {
      const route = client.socket?.route(pathname);
      if (!client.socket || !route) continue;
      if (this.#closing) throw shuttingDown();
      if (this.#open.size >= limits.maxConnections) {
        throw new GatewayError("unavailable", `This Dragoman has ${this.#open.size} WebSockets open, which is as many as it takes.`);
      }
      const { maxAgeMs } = limits;
      return { client, side: client.socket, route, caller, callerNow, query, headers, rawHeaders, maxAgeMs };
    }
    throw new NoWebSocket("There is no WebSocket at this path; send POST requests.");
  }

  /** @param maxBytes of a frame, and of a message. */
  #createServer(maxBytes: number): WebSocketServer {
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: maxBytes,
      // Compression would cost more time and memory than it saves on the way to a gateway.
      perMessageDeflate: false,
    });
    server.on("wsClientError", ({ message }, socket, request) => {
      const error = new GatewayError("invalid-request", `This is no WebSocket handshake: ${message}.`);
      refuse(socket, this.#dialect(request).encodeError(error, newRequestId(), undefined));
    });
    return server;
  }

  /** In whose words a handshake is refused. */
  #dialect(request: IncomingMessage): ClientSide {
    const { pathname, query } = readTarget(request.url ?? "/");
    const { clients } = this.#current();
    return clients.find(({ socket }) => socket?.route(pathname)) ?? claimRoute(clients, request, pathname, query).client;
  }

  #begin(webSocket: WebSocket, socket: Duplex, opened: Opened, { shutdown, running }: Work): void {
    const { handling, maxBodyBytes } = this.#current();
    const began = handling.clock.now();
    const line = new WebSocketLine(webSocket, socket);
    const context = { current: this.#current, maxBodyBytes, shutdown, running, memories: this.#memories };
    const session = new WebSocketSession(context, opened, line);
    this.#open.set(line, session);
    webSocket.on("message", (data, isBinary) => {
      if (isBinary) line.close(UNSUPPORTED_DATA, "Only text frames are understood here.");
      else session.receive(data as Buffer);
    });
    webSocket.once("close", (code) => {
      this.#open.delete(line);
      const ms = Math.round(handling.clock.now() - began);
      handling.log.info({ key: opened.caller.name, requests: session.requests, code, ms }, "websocket closed");
    });
  }
}

/** A handshake where no WebSocket is to be had, and a posted request may well be. */
class NoWebSocket extends GatewayError {
  constructor(message: string) {
    super("unsupported", message, { code: "websocket_not_supported" });
  }
}

const UPGRADE_REQUIRED = 426;

/** Answers a handshake as if it had been a request. */
function refuse(socket: Duplex, { status, headers, body }: ClientAnswer): void {
  const all = { ...headers, "content-length": String(Buffer.byteLength(body)), connection: "close" };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}\r\n${lines.join("")}\r\n${body}`);
}
