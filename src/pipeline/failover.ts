/**
 * The failover loop: targets in order, in each its credentials, until one has answered. Order of questions after a
 * failure: did the client leave? has the answer begun? whose fault is it? is there an attempt, time and a target left?
 */
import { GatewayError, toGatewayError } from "../chat/error.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { Credential } from "../providers/provider.ts";
import type { Clock } from "../routing/clock.ts";
import type { Lease } from "../routing/lease.ts";
import type { Pool } from "../routing/pool.ts";
import type { Target } from "../routing/router.ts";
import { verdict, type Next } from "../routing/verdict.ts";
import type { Transport } from "../wire/transport.ts";
import type { Answer, HeadSource } from "./answer.ts";
import { runAttempt, type AttemptOutcome } from "./attempt.ts";
import type { WantedMedia } from "./media.ts";
import type { Prepared } from "./lane.ts";
import { ownHeaders } from "./own-headers.ts";
import type { Preparation } from "./prepare.ts";
import type { Shutdown } from "./shutdown.ts";
import { finalError, withSoonerRecovery, type AttemptNote } from "./told.ts";

/** What the loop needs from the program. */
export interface FailoverContext {
  readonly protocols: ReadonlyMap<string, Protocol>;
  /** By provider name. */
  readonly pools: ReadonlyMap<string, Pool>;
  readonly transport: Transport;
  readonly clock: Clock;
  /** Attempts per request, and the time from its arrival after which no attempt begins, in ms. */
  readonly retry: { readonly attempts: number; readonly totalMs: number };
}

/** How a request ended. */
export type CourseEnd =
  | { readonly type: "answered" }
  | { readonly type: "cancelled" }
  | { readonly type: "failed"; readonly error: GatewayError };

/** One try: where, with what, and how. */
export interface Current {
  readonly target: Target;
  readonly credential: Credential;
  readonly prepared: Prepared;
}

const NOBODY: ReadonlySet<string> = new Set();
const CANCELLED: CourseEnd = { type: "cancelled" };

/** One request's way through its candidates. */
export class Failover implements HeadSource {
  /** Every try so far and every pool passed over, in order. */
  readonly notes: AttemptNote[] = [];
  /** The try under way, or the last one. */
  current: Current | undefined;

  readonly #context: FailoverContext;
  readonly #answer: Answer;
  readonly #preparation: Preparation;
  readonly #session: string | undefined;
  readonly #shutdown: Shutdown;
  readonly #deadline: number;
  #attempts = 0;
  /** The failure that the caller is told of, if no later one replaces it. */
  #last: GatewayError | undefined;

  constructor(context: FailoverContext, answer: Answer, preparation: Preparation, session: string | undefined, shutdown: Shutdown) {
    this.#context = context;
    this.#answer = answer;
    this.#preparation = preparation;
    this.#session = session;
    this.#shutdown = shutdown;
    this.#deadline = context.clock.now() + context.retry.totalMs;
  }

  /** Tries until the client has an answer, has left, or nothing is left to try. Never rejects; tells the client nothing itself. */
  async run(targets: readonly Target[]): Promise<CourseEnd> {
    try {
      for (const target of targets) {
        if (!this.#budgetLeft()) break;
        const end = await this.#tryTarget(this.#preparation.spoken(target));
        if (end) return end;
      }
      return this.#failed(this.#last ?? new GatewayError("unavailable", "No provider could be tried in the time this request had."));
    } catch (thrown) {
      return failed(toGatewayError(thrown));
    }
  }

  ownHeaders(requestId: string): readonly string[] {
    return ownHeaders(requestId, this.current, this.notes);
  }

  #failed(last: GatewayError): CourseEnd {
    const target = this.current?.target;
    return failed(finalError(last, this.#preparation.model, target && `${target.provider.name}/${target.model}`));
  }

  /** One target's pool, credential by credential. `undefined`: on to the next target. */
  async #tryTarget(target: Target): Promise<CourseEnd | undefined> {
    const pool = this.#context.pools.get(target.provider.name);
    if (!pool) throw new GatewayError("internal", `No pool for provider ${target.provider.name}.`);
    const missing = this.#preparation.missingMedia(target);
    if (missing.length > 0 && !(await this.#fetchMedia(target, missing))) return this.#answer.left ? CANCELLED : undefined;
    const preferredAccount = this.#preparation.preferredAccount(target);
    let excluded = NOBODY;
    while (this.#budgetLeft()) {
      const lease = await this.#lease(pool, target, preferredAccount, excluded);
      if (!lease) return this.#answer.left ? CANCELLED : undefined;
      // Whatever breaks in between, the permit comes back: only the first release counts.
      const result = await this.#useLease(target, lease).finally(() => lease.release({ cancelled: true }));
      if (typeof result !== "string") return result;
      if (result === "next-target") return undefined;
      excluded = new Set([...excluded, lease.credential.name]);
    }
    return undefined;
  }

  /** Fetches what the target does not fetch itself. `false`: it could not be had, or the client has left; another target may do without. */
  async #fetchMedia(target: Target, missing: readonly WantedMedia[]): Promise<boolean> {
    const began = this.#context.clock.now();
    const stop = this.#stopSignal();
    try {
      await this.#preparation.fetchMedia(missing, stop.signal);
      return true;
    } catch (thrown) {
      this.#last = this.#shutdown.reason ?? toGatewayError(thrown);
      this.#note(target, undefined, this.#last.kind, began);
      return false;
    } finally {
      stop.forget();
    }
  }

  /** Aborted when the client leaves or the time of all requests is up. */
  #stopSignal(): { readonly signal: AbortSignal; forget(): void } {
    const stop = new AbortController();
    const forget = [this.#answer.onLeave(() => stop.abort()), this.#shutdown.onBegin(() => stop.abort())];
    return { signal: stop.signal, forget: () => forget.forEach((one) => one()) };
  }

  async #lease(pool: Pool, target: Target, preferredAccount: string | undefined, exclude: ReadonlySet<string>): Promise<Lease | undefined> {
    const request = {
      model: target.model,
      exclude,
      ...(this.#session !== undefined && { session: this.#session }),
      ...(preferredAccount !== undefined && { preferredAccount }),
    };
    if (this.#answer.left) return undefined;
    const free = pool.tryLease(request);
    if (free) return free;
    const began = this.#context.clock.now();
    const stop = this.#stopSignal();
    try {
      return await pool.lease({ ...request, signal: stop.signal, deadlineMs: this.#deadline - began });
    } catch (thrown) {
      const error = this.#shutdown.reason ?? toGatewayError(thrown);
      this.#note(target, undefined, error.kind, began);
      // What an upstream said says more than that its pool is used up, but not when somebody recovers sooner.
      if (this.#last === undefined || this.#shutdown.reason) this.#last = error;
      else this.#last = withSoonerRecovery(this.#last, error);
      return undefined;
    } finally {
      stop.forget();
    }
  }

  /** Tries this credential, again only when it was not at fault, and says what that tells of it. Returns how the request ended, or who is next. */
  async #useLease(routed: Target, lease: Lease): Promise<CourseEnd | Exclude<Next, "retry-same">> {
    let target = routed;
    for (let retried = false; ; retried = true) {
      let outcome: AttemptOutcome;
      try {
        outcome = await this.#attempt(target, lease);
      } catch (thrown) {
        // The request could not even be prepared: no fault of the credential, but another target may take it.
        const error = toGatewayError(thrown);
        if (verdict(error).next !== "next-target") throw error;
        this.#last = error;
        this.#note(target, undefined, error.kind, this.#context.clock.now());
        return "next-target";
      }
      if (outcome.type === "answered") {
        lease.release({ ok: true });
        if (target !== routed) this.#preparation.rememberProtocol(routed, target);
        return outcome;
      }
      if (outcome.type === "cancelled") return CANCELLED;
      if (this.#shutdown.reason) return failed(this.#shutdown.reason);
      const error = this.#preparation.explain(target, outcome.error);
      const { next } = verdict(error, retried);
      const mayRetry = !this.#answer.begun && this.#budgetLeft();
      if (mayRetry && (next === "retry-same" || this.#preparation.learn(target, error))) continue;
      const other = mayRetry && target === routed ? this.#preparation.inOtherProtocol(target, error) : undefined;
      if (other) {
        target = other;
        continue;
      }
      lease.release({ error });
      this.#last = error;
      if (this.#answer.begun) return failed(error);
      if (next === "give-up") return this.#failed(error);
      return next === "next-target" ? next : "next-credential";
    }
  }

  async #attempt(target: Target, lease: Lease): Promise<AttemptOutcome> {
    const { provider } = target;
    const { credential } = lease;
    const began = this.#context.clock.now();
    const prepared = this.#preparation.prepare(target, credential);
    this.current = { target, credential, prepared };
    this.#attempts += 1;
    const protocol = this.#context.protocols.get(target.protocol);
    if (!protocol) throw new GatewayError("internal", `No protocol ${target.protocol}.`);
    const outcome = await runAttempt({
      transport: this.#context.transport,
      request: prepared,
      address: ({ path, headers, body }) => ({
        origin: provider.origin,
        method: "POST",
        path: provider.basePath + path,
        headers: [...headers, ...provider.authorize(credential)],
        body,
        connectTimeoutMs: provider.timeouts.connectMs,
      }),
      lane: prepared.lane,
      upstream: protocol.upstream,
      answer: this.#answer,
      timeouts: provider.timeouts,
      streams: prepared.streams,
      shutdown: this.#shutdown,
      onAccepted: () => lease.confirm(),
    });
    this.#note(target, credential.name, outcome.type === "failed" ? outcome.error.kind : outcome.type, began);
    return outcome;
  }

  #note({ provider, model }: Target, credential: string | undefined, cause: string, began: number): void {
    this.notes.push({
      target: `${provider.name}/${model}`,
      ...(credential !== undefined && { credential }),
      cause,
      ms: Math.round(this.#context.clock.now() - began),
    });
  }

  #budgetLeft(): boolean {
    return this.#attempts < this.#context.retry.attempts && this.#context.clock.now() < this.#deadline;
  }
}

function failed(error: GatewayError): CourseEnd {
  return { type: "failed", error };
}
