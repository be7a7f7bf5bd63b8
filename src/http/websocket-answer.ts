/** An answer that goes out as frames of a WebSocket: one for each event, or one that tells why there is none. */
import type { GatewayError } from "../chat/error.ts";
import { Answer, type AnswerHead } from "../pipeline/answer.ts";
import type { ClientRoute, ClientSide, SocketSide } from "../protocols/protocol.ts";
import { SseReader } from "../wire/sse.ts";
import type { WebSocketLine } from "./websocket-line.ts";

export class WebSocketAnswer extends Answer {
  readonly #line: WebSocketLine;
  readonly #side: SocketSide;
  readonly #lane: string | undefined;
  /** Lanes of the pipeline write streams of bytes. */
  readonly #events = new SseReader();
  #started = false;
  #ended = false;

  constructor(
    line: WebSocketLine,
    { client, side, route }: { readonly client: ClientSide; readonly side: SocketSide; readonly route: ClientRoute },
    lane: string | undefined,
    requestId: string,
  ) {
    super(client, route, requestId);
    this.#line = line;
    this.#side = side;
    this.#lane = lane;
  }

  /** Whether an event has gone out. Nothing else commits the answer to being one: there is no head, and heartbeats promise nothing. */
  get started(): boolean {
    return this.#started;
  }

  get left(): boolean {
    return this.#line.closed && !this.#ended;
  }

  get ended(): boolean {
    return this.#ended || this.#line.closed;
  }

  onLeave(listener: () => void): () => void {
    if (this.left) {
      listener();
      return () => undefined;
    }
    return this.#line.onClose(() => {
      if (!this.#ended) listener();
    });
  }

  onDrain(listener: () => void): void {
    this.#line.onDrain(listener);
  }

  protected sendHead(): void {
    // Frames have no head: what it would tell stands in the log.
  }

  protected send(bytes: Buffer | string): boolean {
    for (const event of this.#events.push(typeof bytes === "string" ? Buffer.from(bytes) : bytes)) this.#tell(event.data);
    return !this.#line.congested;
  }

  protected sendWhole(head: AnswerHead, body: Buffer | string): void {
    if (head.status < 400) return this.finish(body);
    const headers: Record<string, string> = {};
    const all = [...head.headers, ...this.ownHeaders(head)];
    for (let i = 0; i + 1 < all.length; i += 2) headers[(all[i] as string).toLowerCase()] = all[i + 1] as string;
    this.#line.send(this.#side.errorFrame({ status: head.status, headers, body: body.toString() }, this.#lane));
    this.#ended = true;
  }

  protected sendHeartbeat(): void {
    // An answer that has not begun may still fail as one that never did.
    if (!this.#line.congested) this.#frame(this.#side.heartbeat);
  }

  protected finish(bytes: Buffer | string): void {
    this.send(bytes);
    for (const event of this.#events.end()) this.#tell(event.data);
    this.#ended = true;
  }

  protected finishBroken(error: GatewayError): void {
    this.#tell(this.#side.failureEvent(error, this.requestId));
    this.#ended = true;
  }

  protected cut(): void {
    this.#line.cut();
  }

  #tell(data: string): void {
    if (this.#frame(data)) this.#started = true;
  }

  /** Sends an event, unless it is none for a socket. */
  #frame(data: string): boolean {
    const frame = this.#side.eventFrame(data, this.#lane);
    if (frame !== undefined) this.#line.send(frame);
    return frame !== undefined;
  }
}
