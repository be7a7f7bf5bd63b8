/**
 * The requests of one WebSocket connection: in each lane one after the other, in different lanes at once, a few more
 * waiting. Each goes through the pipeline as one that was posted.
 */
import { GatewayError, toGatewayError } from "../chat/error.ts";
import { handle, type Caller } from "../pipeline/handle.ts";
import type { Shutdown } from "../pipeline/shutdown.ts";
import type { ClientRequest, ClientRoute, ClientSide, SocketMessage, SocketSide } from "../protocols/protocol.ts";
import type { MemoryRecords } from "../storage/memory-records.ts";
import type { ConnectionMemories } from "./connection-memories.ts";
import { newRequestId, type RequestsContext } from "./requests.ts";
import type { Running } from "./running.ts";
import { WebSocketAnswer } from "./websocket-answer.ts";
import type { WebSocketLine } from "./websocket-line.ts";

/** Requests answered at once on one connection, and names of lanes it may use: OpenAI's own limits. */
const MAX_ANSWERING = 16;
const MAX_NAMED_LANES = 32;
/** Requests that wait for their turn; OpenAI tells no limit, but memory has one. */
const MAX_WAITING = 32;

/** RFC 6455 §7.4.1: the server, or this connection, is at its end; clients open another. */
const GOING_AWAY = 1001;

/** What a connection was opened with. */
export interface Opened {
  readonly client: ClientSide;
  readonly side: SocketSide;
  readonly route: ClientRoute;
  /** Who opened it. */
  readonly caller: Caller;
  /**
   * Who that is to the program as it is now: keys come and go while a connection is open.
   * @throws GatewayError when it is nobody who may call any more.
   */
  callerNow(context: RequestsContext): Caller;
  readonly query: URLSearchParams;
  readonly headers: ClientRequest["headers"];
  readonly rawHeaders: readonly string[];
  /** How long it may be open, in ms. */
  readonly maxAgeMs: number;
}

/** What serving its requests needs from the program. */
export interface SessionContext {
  /** What serves a request that begins now; it serves that request to its end. */
  readonly current: () => RequestsContext;
  /** The largest request, in bytes; all that wait are no larger together. */
  readonly maxBodyBytes: number;
  readonly shutdown: Shutdown;
  readonly running: Running;
  readonly memories: ConnectionMemories;
}

/** A request, or the refusal of one, which has its place among the answers too: clients tell them apart by their order only. */
type Turn = Exclude<SocketMessage, { readonly type: "reply" }>;

export class WebSocketSession {
  readonly #context: SessionContext;
  readonly #opened: Opened;
  readonly #rawHeaders: readonly string[];
  readonly #line: WebSocketLine;
  /** Every answer, also those that are kept nowhere else: clients go on from them (rule 365). */
  readonly #memory: MemoryRecords;
  readonly #waiting: Turn[] = [];
  #waitingBytes = 0;
  /** Lanes that have an answer under way. */
  readonly #answering = new Set<string | undefined>();
  readonly #named = new Set<string>();
  #ending: { readonly refusal: GatewayError; readonly reason: string } | undefined;
  #requests = 0;

  constructor(context: SessionContext, opened: Opened, line: WebSocketLine) {
    this.#context = context;
    this.#opened = opened;
    this.#rawHeaders = opened.side.requestHeaders(opened.rawHeaders);
    this.#line = line;
    // A conversation that is longer than a request may be cannot be gone on with.
    this.#memory = context.memories.open(context.maxBodyBytes);
    const { side, maxAgeMs } = opened;
    const age = setTimeout(() => this.endSoon(side.tooOld(maxAgeMs), "This connection has been open for as long as it may be."), maxAgeMs);
    line.onClose(() => {
      clearTimeout(age);
      this.#forgetWaiting();
      context.memories.close(this.#memory);
    });
  }

  /** Requests so far. */
  get requests(): number {
    return this.#requests;
  }

  /** Takes a text frame. */
  receive(frame: Buffer): void {
    this.#take(frame);
    this.#line.waitForReader();
  }

  #take(frame: Buffer): void {
    const message = this.#opened.side.read(frame);
    if (message.type === "reply") {
      for (const reply of message.frames) this.#line.send(reply);
      return;
    }
    if (message.type === "request") this.#requests += 1;
    const turn = this.#admitted(message);
    if (!this.#hasRoomFor(turn)) return this.#refuse(tooManyWaiting(), turn.lane);
    this.#waiting.push(turn);
    this.#waitingBytes += bytesOf(turn);
    this.#context.running.begin();
    this.#advance();
  }

  /**
   * Takes no request any more, and closes the connection when those it has are answered.
   * @param refusal what further requests are told. @param reason at most 123 bytes.
   */
  endSoon(refusal: GatewayError, reason: string): void {
    this.#ending ??= { refusal, reason };
    this.#closeIfDone();
  }

  #admitted(turn: Turn): Turn {
    const { lane } = turn;
    if (turn.type === "refusal") return turn;
    const refused = (error: GatewayError): Turn => ({ type: "refusal", error, ...(lane !== undefined && { lane }) });
    if (this.#ending) return refused(this.#ending.refusal);
    if (lane === undefined || this.#named.has(lane)) return turn;
    if (this.#named.size >= MAX_NAMED_LANES) return refused(this.#opened.side.tooManyLanes(MAX_NAMED_LANES));
    this.#named.add(lane);
    return turn;
  }

  #hasRoomFor(turn: Turn): boolean {
    return this.#waiting.length < MAX_WAITING && this.#waitingBytes + bytesOf(turn) <= this.#context.maxBodyBytes;
  }

  /** A refusal of one request; the connection goes on. */
  #refuse(error: GatewayError, lane: string | undefined): void {
    const answer = this.#answer(lane);
    this.#context.current().handling.log.info({ requestId: answer.requestId, key: this.#opened.caller.name, err: error }, "refused");
    answer.fail(error);
  }

  #answer(lane: string | undefined): WebSocketAnswer {
    return new WebSocketAnswer(this.#line, this.#opened, lane, newRequestId());
  }

  /** Begins whatever may begin, the longest waiting first. */
  #advance(): void {
    while (this.#answering.size < MAX_ANSWERING) {
      const next = this.#waiting.findIndex(({ lane }) => !this.#answering.has(lane));
      if (next < 0) break;
      const [turn] = this.#waiting.splice(next, 1) as [Turn];
      this.#waitingBytes -= bytesOf(turn);
      this.#answering.add(turn.lane);
      void this.#serve(turn)
        // Nothing should come here; if something does, one connection ends and not the process.
        .catch(() => this.#line.cut())
        .finally(() => this.#done(turn.lane));
    }
  }

  async #serve(turn: Turn): Promise<void> {
    if (turn.type === "refusal") return this.#refuse(turn.error, turn.lane);
    const { client, route, query, headers } = this.#opened;
    const context = this.#context.current();
    const caller = this.#callerNow(context);
    if (caller instanceof GatewayError) {
      this.endSoon(caller, "Whoever opened this connection may not call any more.");
      return this.#refuse(caller, turn.lane);
    }
    const request = { route, query, headers, body: turn.body };
    const call = { client, request, rawHeaders: this.#rawHeaders, caller, memory: this.#memory };
    await handle(context.handling, call, this.#answer(turn.lane), this.#context.shutdown);
  }

  #callerNow(context: RequestsContext): Caller | GatewayError {
    try {
      return this.#opened.callerNow(context);
    } catch (thrown) {
      return toGatewayError(thrown);
    }
  }

  #done(lane: string | undefined): void {
    this.#answering.delete(lane);
    this.#context.memories.used(this.#memory);
    this.#context.running.end();
    this.#advance();
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (this.#ending && this.#answering.size === 0 && this.#waiting.length === 0) this.#line.close(GOING_AWAY, this.#ending.reason);
  }

  /** The client has left; what it is being answered ends by itself. */
  #forgetWaiting(): void {
    for (const _ of this.#waiting.splice(0)) this.#context.running.end();
    this.#waitingBytes = 0;
  }
}

function bytesOf(turn: Turn): number {
  return turn.type === "request" ? turn.body.length : 0;
}

/** Told at once, out of turn: there is no room for more that wait. */
function tooManyWaiting(): GatewayError {
  return new GatewayError("rate-limited", "Too many requests wait on this connection; wait for an answer to finish.");
}
