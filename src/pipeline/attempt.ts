/**
 * One try with one credential on one target, from the first byte sent to the last byte received. Drives a lane, watches
 * the clock of each phase, keeps both ends in step, and says how it ended. It never retries: that is `failover.ts`.
 */
import { GatewayError } from "../chat/error.ts";
import type { UpstreamSide } from "../protocols/protocol.ts";
import type { PhaseTimeouts } from "../providers/provider.ts";
import { headerValue } from "../wire/headers.ts";
import type { Transport, UpstreamCall, UpstreamListener, UpstreamRequest } from "../wire/transport.ts";
import type { Answer, AnswerHead } from "./answer.ts";
import type { Lane, LaneOutput, LaneRequest } from "./lane.ts";
import { Refusal } from "./refusal.ts";
import type { Shutdown } from "./shutdown.ts";

export type AttemptOutcome =
  /** The client has a whole answer. */
  | { readonly type: "answered" }
  /** It failed; `answer.begun` tells whether another may follow. `told`: the client's stream has ended with this error. */
  | { readonly type: "failed"; readonly error: GatewayError; readonly told: boolean }
  /** The client left. */
  | { readonly type: "cancelled" };

/** How long a complete answer waits in silence for its connection to end, in ms. Some providers go on after a reason to finish. */
const MAX_LINGER_MS = 5_000;
/** A longer delay makes `setTimeout` fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** What one attempt works with. */
export interface AttemptOptions {
  readonly transport: Transport;
  /** What goes out first; the lane may have more to ask. */
  readonly request: LaneRequest;
  readonly lane: Lane;
  readonly upstream: UpstreamSide;
  readonly answer: Answer;
  readonly timeouts: PhaseTimeouts;
  /** Whether the answer is a stream. */
  readonly streams: boolean;
  readonly shutdown: Shutdown;
  /** Where requests go, and what authorises them. */
  address(request: LaneRequest): UpstreamRequest;
  /** Called with the head of every answer: name, value, name, value. */
  onHead(headers: readonly string[]): void;
  /** Called when the upstream has accepted a request for a whole answer, which shows its content at its end only. */
  onAccepted(): void;
  /** Called once, when content has begun. */
  onContent(): void;
}

/** Runs one attempt. Never rejects: what went wrong is the outcome. */
export function runAttempt(options: AttemptOptions): Promise<AttemptOutcome> {
  return new Promise((resolve) => {
    new Attempt(options, resolve).start();
  });
}

class Attempt implements UpstreamListener {
  readonly #options: AttemptOptions;
  readonly #lane: Lane;
  readonly #answer: Answer;
  readonly #resolve: (outcome: AttemptOutcome) => void;
  #forgetLeaving: () => void = () => undefined;
  #forgetShutdown: () => void = () => undefined;
  #call: UpstreamCall | undefined;
  #timer: NodeJS.Timeout | undefined;
  #settled = false;
  /** Set when the upstream refused. */
  #refusal: Refusal | undefined;
  #head: AnswerHead | undefined;
  /** Output that came before content. */
  #held: (Buffer | string)[] = [];
  /** Whether the answer to the latest request has content. */
  #flowing = false;
  #lingering = false;
  #hasContent = false;
  /** Whether the upstream is kept waiting, because the client reads slowly. */
  #paused = false;

  constructor(options: AttemptOptions, resolve: (outcome: AttemptOutcome) => void) {
    this.#options = options;
    this.#lane = options.lane;
    this.#answer = options.answer;
    this.#resolve = resolve;
  }

  start(): void {
    const { request, shutdown } = this.#options;
    const stop = (error: GatewayError): void => this.#settle({ type: "failed", error, told: false });
    if (shutdown.reason) return stop(shutdown.reason);
    this.#forgetLeaving = this.#answer.onLeave(() => this.#settle({ type: "cancelled" }));
    if (this.#settled) return;
    this.#forgetShutdown = shutdown.onBegin(stop);
    this.#send(request);
  }

  #send(request: LaneRequest): void {
    const { transport, timeouts, streams } = this.#options;
    // Connecting has its own limit in the transport; until the head comes both may use up their time. The head of a whole
    // answer may come when all of it has been made.
    const headMs = streams ? timeouts.headersMs : Math.max(timeouts.headersMs, timeouts.firstContentMs);
    this.#wait(timeouts.connectMs + headMs, "the upstream sent no response headers");
    this.#call = transport.send(this.#options.address(request), this);
    if (this.#settled) this.#call.abort();
  }

  onHead(status: number, headers: readonly string[]): void {
    if (this.#settled) return;
    this.#options.onHead(headers);
    if (status < 200 || status >= 300) {
      this.#refusal = new Refusal(status, headers);
      // An error answer has one time limit for all of it: what has come by then is what is told.
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#refusal && this.#refused(this.#refusal), this.#options.timeouts.idleMs);
      return;
    }
    const encoding = headerValue(headers, "content-encoding") ?? "identity";
    if (encoding !== "identity") {
      this.#fail(new GatewayError("upstream", `The upstream answered in ${encoding} though it was asked not to compress.`));
      return;
    }
    this.#guard(() => {
      this.#head = this.#lane.open(status, headers);
      if (!this.#options.streams) this.#options.onAccepted();
      this.#wait(this.#options.timeouts.firstContentMs, "the upstream sent no content");
    });
  }

  onData(chunk: Buffer): void {
    if (this.#settled) return;
    if (this.#refusal) return this.#refusal.push(chunk);
    try {
      const output = this.#lane.push(chunk);
      // After the end only what the client gets is a reason to wait on: some upstreams keep a connection busy for ever.
      if (this.#flowing && (!this.#lingering || (output !== undefined && output.length > 0))) this.#timer?.refresh();
      this.#deliver(output);
    } catch (thrown) {
      this.#failUnexpectedly(thrown);
    }
  }

  onEnd(): void {
    if (this.#settled) return;
    if (this.#refusal) return this.#refused(this.#refusal);
    this.#end(false);
  }

  #end(cutOff: boolean): void {
    // Nothing is left to be paused or given up.
    this.#call = undefined;
    this.#paused = false;
    this.#guard(() => {
      const last = this.#lane.end(cutOff);
      const { rest } = this.#lane;
      if (this.#answer.begun || this.#lane.error || rest) {
        this.#deliver(last);
        if (this.#settled) return;
        if (rest) return this.#goOn(rest);
        this.#answer.end();
      } else {
        if (last !== undefined) this.#held.push(last);
        this.#answer.whole(this.#head as AnswerHead, joined(this.#held));
      }
      this.#settle({ type: "answered" });
    });
  }

  onError(error: GatewayError): void {
    if (this.#settled) return;
    if (this.#refusal) return this.#refused(this.#refusal);
    // What becomes of the connection after the last word takes nothing from the answer.
    if (this.#lane.finished) return this.#end(true);
    this.#fail(error);
  }

  /** The answer broke off, and this gets the rest of it: for the client nothing has ended. */
  #goOn(rest: LaneRequest): void {
    this.#flowing = false;
    this.#lingering = false;
    this.#lane.goOn?.();
    this.#send(rest);
  }

  /** Passes the lane's output on, or holds it while the answer may still come from elsewhere. */
  #deliver(output: LaneOutput): void {
    const { error, begun } = this.#lane;
    if (output !== undefined && output.length > 0) {
      if (this.#answer.begun) {
        this.#answer.lane = this.#lane;
        this.#flow(this.#answer.write(output));
      } else this.#held.push(output);
    }
    // An error before content is never shown: another attempt may do better.
    if (error) return this.#fail(error);
    if (begun && !this.#flowing) {
      this.#flowing = true;
      this.#wait(this.#options.timeouts.idleMs, "the upstream fell silent in the middle of its answer");
      if (this.#options.streams) this.#contentBegan();
      if (!this.#answer.begun) this.#begin();
    }
    // What is still to come, and is wanted, cannot come while the upstream is paused.
    if (this.#lane.finished && !this.#lingering && (!this.#paused || this.#lane.cut)) this.#linger();
  }

  /** The answer is complete, and only the connection's end is missing: it gets a moment, unless more would come than is wanted. */
  #linger(): void {
    this.#lingering = true;
    clearTimeout(this.#timer);
    const leave = (): void => {
      const call = this.#call;
      this.#end(true);
      call?.abort();
    };
    if (this.#lane.cut) leave();
    else this.#timer = setTimeout(leave, Math.min(MAX_LINGER_MS, this.#options.timeouts.idleMs));
  }

  /** Of an answer that comes in several rounds the first counts. */
  #contentBegan(): void {
    if (this.#hasContent) return;
    this.#hasContent = true;
    this.#options.onContent();
  }

  #begin(): void {
    this.#answer.lane = this.#lane;
    this.#flow(this.#answer.begin(this.#head as AnswerHead, joined(this.#held)));
    this.#held = [];
  }

  /** A client that stops reading stops the upstream's reading; one that stops for good is given up. */
  #flow(keepsUp: boolean): void {
    if (keepsUp || !this.#call) return;
    const call = this.#call;
    call.pause();
    this.#paused = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#answer.giveUp(), this.#options.timeouts.firstContentMs);
    this.#answer.onDrain(() => {
      if (this.#settled || this.#call !== call) return;
      this.#paused = false;
      if (this.#lane.finished) this.#linger();
      else this.#wait(this.#options.timeouts.idleMs, "the upstream fell silent in the middle of its answer");
      call.resume();
    });
  }

  #refused(refusal: Refusal): void {
    const { upstream, lane } = this.#options;
    this.#settle({ type: "failed", error: refusal.error(upstream, lane.name === "relay"), told: false });
  }

  #wait(ms: number, what: string): void {
    clearTimeout(this.#timer);
    const limit = Math.min(ms, MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.#fail(new GatewayError("timeout", `Gave up after ${limit / 1000} s: ${what}.`)), limit);
  }

  /** Whatever a lane throws ends this attempt, not the process. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (thrown) {
      this.#failUnexpectedly(thrown);
    }
  }

  #failUnexpectedly(thrown: unknown): void {
    this.#fail(
      thrown instanceof GatewayError
        ? thrown
        : new GatewayError("internal", "Dragoman could not handle the upstream's answer.", { cause: thrown }),
    );
  }

  #fail(error: GatewayError): void {
    const told = this.#answer.begun && this.#lane.error === error && this.#lane.errorTold;
    if (told) this.#answer.end();
    this.#settle({ type: "failed", error, told });
  }

  #settle(outcome: AttemptOutcome): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#forgetLeaving();
    this.#forgetShutdown();
    if (outcome.type !== "answered") this.#call?.abort();
    this.#resolve(outcome);
  }
}

function joined(pieces: readonly (Buffer | string)[]): Buffer | string {
  if (pieces.length === 1) return pieces[0] as Buffer | string;
  if (pieces.every((piece) => typeof piece === "string")) return pieces.join("");
  return Buffer.concat(pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece) : piece)));
}
