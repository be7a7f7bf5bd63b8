/** An answer that goes out as frames of a WebSocket: one for each event, or one that tells why there is none. */
import type { GatewayError } from "../chat/error.ts";
import { Answer, type AnswerHead } from "../pipeline/answer.ts";
import type { ClientRoute, ClientSide, SocketSide } from "../protocols/protocol.ts";
import type { Frame } from "../wire/frames.ts";
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
    this.#tell(this.#events.push(typeof bytes === "string" ? Buffer.from(bytes) : bytes));
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
    if (!this.#line.congested) this.#line.sendAll(this.#frames([this.#side.heartbeat]));
  }

  protected finish(bytes: Buffer | string): void {
    this.send(bytes);
    this.#tell(this.#events.end());
    this.#ended = true;
  }

  protected finishBroken(error: GatewayError): void {
    this.#tell([{ data: this.#side.failureEvent(error, this.requestId, this.lane?.place) }]);
    this.#ended = true;
  }

  protected cut(): void {
    this.#line.cut();
  }

  #tell(events: readonly Pick<Frame, "data">[]): void {
    const frames = this.#frames(events.map(({ data }) => data));
    this.#started ||= frames.length > 0;
    this.#line.sendAll(frames);
  }

  /** Events as frames, without those that are none for a socket. */
  #frames(events: readonly string[]): readonly string[] {
    return events.flatMap((data) => this.#side.eventFrame(data, this.#lane) ?? []);
  }
}
