/**
 * The failover loop: steps in order, in each its credentials, until one has answered. Order of questions after a
 * failure: did the client leave? has the answer begun? whose fault is it? is there an attempt, time, money and a target left?
 */
import { costUsd } from "../catalog/prices.ts";
import { GatewayError, toGatewayError, type ErrorKind } from "../chat/error.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { Credential } from "../providers/provider.ts";
import type { Clock } from "../routing/clock.ts";
import type { AffinityMet, Lease, LeaseRequest } from "../routing/lease.ts";
import type { Pool } from "../routing/pool.ts";
import { targetName, type Step, type Target } from "../routing/target.ts";
import { verdict, type Next } from "../routing/verdict.ts";
import type { AttemptRecord } from "../storage/request-log.ts";
import type { Transport } from "../wire/transport.ts";
import type { Answer, HeadSource } from "./answer.ts";
import { runAttempt, type AttemptOutcome } from "./attempt.ts";
import { Course, type RetryBudget, type Stage } from "./course.ts";
import type { WantedMedia } from "./media.ts";
import type { Prepared } from "./lane.ts";
import { ownHeaders } from "./own-headers.ts";
import type { Preparation } from "./prepare.ts";
import type { RecoveryOutcome } from "./recovery.ts";
import type { Shutdown } from "./shutdown.ts";
import { finalError } from "./told.ts";

/** What the loop needs from the program. */
export interface FailoverContext {
  readonly protocols: ReadonlyMap<string, Protocol>;
  readonly pool: Pool;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly retry: RetryBudget;
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

const MAX_PASSED_OVER = 20;
const CANCELLED: CourseEnd = { type: "cancelled" };

/** One request's way through its candidates. */
export class Failover implements HeadSource {
  /** Every try so far and every pool passed over, in order. */
  readonly notes: AttemptRecord[] = [];
  /** The try under way, or the last one. */
  current: Current | undefined;
  /** How the conversation's binding was met by the tries so far. */
  affinity: AffinityMet | undefined;

  readonly #context: FailoverContext;
  readonly #answer: Answer;
  readonly #preparation: Preparation;
  readonly #session: string | undefined;
  readonly #shutdown: Shutdown;
  readonly #course: Course;

  constructor(context: FailoverContext, answer: Answer, preparation: Preparation, session: string | undefined, shutdown: Shutdown) {
    this.#context = context;
    this.#answer = answer;
    this.#preparation = preparation;
    this.#session = session;
    this.#shutdown = shutdown;
    this.#course = new Course(context.retry, context.clock);
  }

  /** Tries until the client has an answer, has left, or nothing is left to try. Never rejects; tells the client nothing itself. */
  async run(steps: readonly Step[]): Promise<CourseEnd> {
    try {
      for (const stage of this.#course.stages(steps)) {
        const end = await this.#tryStage(stage);
        if (end) return end;
      }
      return this.#failed(this.#course.last ?? new GatewayError("unavailable", "No provider could be tried in the time this request had."));
    } catch (thrown) {
      return failed(toGatewayError(thrown));
    }
  }

  /** The failure that led away from the first step, once another is tried. */
  get fallback(): ErrorKind | undefined {
    return this.#course.fallback;
  }

  /** How the answer went on, if it broke off after its client had begun to read it. */
  get recovery(): RecoveryOutcome | undefined {
    return this.#preparation.recovery?.outcome;
  }

  ownHeaders(requestId: string): readonly string[] {
    return ownHeaders(requestId, this.current, this.notes, this.fallback);
  }

  #failed(last: GatewayError): CourseEnd {
    // Whoever has read half an answer is told why it broke off, not why nobody could go on.
    const broken = this.#preparation.recovery;
    if (broken) return failed(broken.cause);
    const target = this.current?.target;
    return failed(finalError(last, this.#preparation.model, target && targetName(target)));
  }

  /** One step's pool, credential by credential. `undefined`: on to the next step. */
  async #tryStage(stage: Stage): Promise<CourseEnd | undefined> {
    stage.speak((target) => this.#preparation.spoken(target));
    await this.#dropWithoutMedia(stage);
    while (stage.open) {
      if (this.#answer.left) return CANCELLED;
      const lease = await this.#lease(stage);
      if (!lease) break;
      this.affinity = metAfter(this.affinity, lease.choice.affinity);
      // Whatever breaks in between, the permit comes back: only the first release counts.
      const result = await this.#useLease(lease, stage).finally(() => lease.release({ cancelled: true }));
      if (typeof result !== "string") return result;
      if (!stage.failed(lease, result)) return undefined;
    }
    return this.#answer.left ? CANCELLED : undefined;
  }

  /** What binds the request to a credential. */
  #ties(targets: readonly Target[]): Pick<LeaseRequest, "session" | "preferredAccounts"> {
    let preferredAccounts: Map<Target, string> | undefined;
    for (const target of targets) {
      const account = this.#preparation.preferredAccount(target, targets.length > 1);
      if (account !== undefined) (preferredAccounts ??= new Map()).set(target, account);
    }
    return { ...(this.#session !== undefined && { session: this.#session }), ...(preferredAccounts && { preferredAccounts }) };
  }

  /** Leaves out the targets for which something could not be fetched that they do not fetch themselves. */
  async #dropWithoutMedia(stage: Stage): Promise<void> {
    for (const target of stage.targets) {
      const missing = this.#preparation.missingMedia(target);
      if (missing.length > 0 && !(await this.#fetchMedia(target, missing))) stage.drop(target);
    }
  }

  /** `false`: it could not be had, or the client has left; another target may do without. */
  async #fetchMedia(target: Target, missing: readonly WantedMedia[]): Promise<boolean> {
    const began = this.#context.clock.now();
    const stop = this.#stopSignal();
    try {
      await this.#preparation.fetchMedia(missing, stop.signal);
      return true;
    } catch (thrown) {
      const error = this.#shutdown.reason ?? toGatewayError(thrown);
      this.#course.passOver(error);
      this.#note(target, undefined, error.kind, began);
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

  async #lease(stage: Stage): Promise<Lease | undefined> {
    const { pool, clock } = this.#context;
    const request = stage.request(this.#ties(stage.targets));
    const free = pool.tryLease(request);
    if (free) return free;
    const began = clock.now();
    const stop = this.#stopSignal();
    try {
      return await pool.lease({ ...request, signal: stop.signal, deadlineMs: this.#course.leftMs });
    } catch (thrown) {
      const error = this.#shutdown.reason ?? toGatewayError(thrown);
      const { passedOver } = pool.look(request);
      for (const target of stage.targets) {
        this.#note(target, undefined, error.kind, began, told(passedOver.filter((other) => other.target === target)));
      }
      if (this.#shutdown.reason) this.#course.last = error;
      else stage.unserved(error);
      return undefined;
    } finally {
      stop.forget();
    }
  }

  /** Tries this credential, again only when it was not at fault, and says what that tells of it. Returns how the request ended, or who is next. */
  async #useLease(lease: Lease, stage: Stage): Promise<CourseEnd | Exclude<Next, "retry-same">> {
    let { target } = lease;
    for (let retried = false; ; retried = true) {
      let outcome: AttemptOutcome;
      try {
        outcome = await this.#attempt(target, lease);
      } catch (thrown) {
        // The request could not even be prepared: no fault of the credential, but another target may take it.
        const error = toGatewayError(thrown);
        if (error.kind === "internal") throw error;
        this.#course.last = error;
        this.#note(target, undefined, error.kind, this.#context.clock.now());
        return verdict(error).next === "give-up" ? "give-up" : "next-target";
      }
      if (outcome.type === "answered") {
        lease.release({ ok: true, ...this.#tokens() });
        if (target !== lease.target) this.#preparation.rememberProtocol(lease.target, target);
        return outcome;
      }
      if (outcome.type === "cancelled") {
        lease.release({ cancelled: true, ...this.#tokens() });
        return CANCELLED;
      }
      if (this.#shutdown.reason) return failed(this.#shutdown.reason);
      const error = this.#preparation.explain(target, outcome.error);
      const { next, rest } = verdict(error, retried);
      const goesOn = !this.#answer.begun || this.#goesOn(error);
      const mayRetry = goesOn && this.#course.budgetLeft;
      // What broke off in the middle goes on with the same credential where there is no other.
      const alone = this.#answer.begun && !retried && rest?.class === "transient" && stage.isOnly(lease);
      if (mayRetry && (next === "retry-same" || alone || this.#preparation.learn(target, error))) continue;
      const other = mayRetry && target === lease.target ? this.#preparation.inOtherProtocol(target, error) : undefined;
      if (other) {
        target = other;
        continue;
      }
      lease.release({ error, ...this.#tokens() });
      this.#course.last = error;
      if (!goesOn) return failed(this.#preparation.recovery?.cause ?? error);
      return next === "retry-same" ? "next-credential" : next;
    }
  }

  /** Whether an answer that has begun may go on with another attempt. */
  #goesOn(error: GatewayError): boolean {
    return this.current !== undefined && this.#preparation.goesOn(this.current.prepared.lane, error);
  }

  async #attempt(target: Target, lease: Lease): Promise<AttemptOutcome> {
    const { provider } = target;
    const { credential } = lease;
    const { clock } = this.#context;
    const began = clock.now();
    const prepared = this.#preparation.prepare(target, credential);
    this.current = { target, credential, prepared };
    this.#course.attempted();
    const protocol = this.#context.protocols.get(target.protocol);
    if (!protocol) throw new GatewayError("internal", `No protocol ${target.protocol}.`);
    const { upstream } = protocol;
    let headMs: number | undefined;
    let ttftMs: number | undefined;
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
      upstream,
      answer: this.#answer,
      timeouts: provider.timeouts,
      streams: prepared.streams,
      shutdown: this.#shutdown,
      onHead: (headers) => {
        const rates = upstream.rates?.(headers);
        if (rates && rates.length > 0) lease.noteRates(rates);
      },
      onAccepted: () => {
        headMs = Math.round(clock.now() - began);
        lease.accept();
      },
      onContent: () => {
        ttftMs = Math.round(clock.now() - began);
        lease.confirm();
      },
    });
    const failure = outcome.type === "failed" ? outcome.error : undefined;
    // Of a whole answer all content comes at once; its head tells when it was begun.
    if (outcome.type === "answered") ttftMs ??= headMs;
    if (failure) this.#course.charge(this.#costOf(target, prepared));
    this.#note(target, lease, failure ? failure.kind : outcome.type, began, {
      ...(ttftMs !== undefined && { ttftMs }),
      ...charged(target, prepared),
    });
    return outcome;
  }

  /** What a failed attempt was charged for, as far as it said so. */
  #costOf({ provider, model }: Target, { lane }: Prepared): number {
    return this.#context.retry.usd === undefined || !lane.usage ? 0 : (costUsd(provider.platform, model, lane.usage) ?? 0);
  }

  /** What the try under way has taken, as far as its answer told. */
  #tokens(): { readonly tokens?: number } {
    const { input, output } = this.current?.prepared.lane.usage ?? {};
    return input === undefined && output === undefined ? {} : { tokens: (input ?? 0) + (output ?? 0) };
  }

  #note(target: Target, lease: Lease | undefined, cause: string, began: number, more?: Partial<AttemptRecord>): void {
    const now = this.#context.clock.now();
    this.notes.push({
      target: targetName(target),
      ...(lease && { credential: lease.credential.name }),
      cause,
      atMs: Math.round(began - this.#course.began),
      ms: Math.round(now - began),
      ...more,
      ...(lease?.probe && { probe: true as const }),
      ...(lease && told(lease.choice.passedOver)),
    });
  }
}

/** A conversation that had to leave its credential in this very request has moved, though its new one is its first now. */
function metAfter(before: AffinityMet | undefined, now: AffinityMet | undefined): AffinityMet | undefined {
  return before === "moved" || (before === "kept" && now === "new") ? "moved" : now;
}

/** What an attempt was charged for, and by whom. */
function charged({ provider: { platform } }: Target, { lane }: Prepared): Pick<AttemptRecord, "usage" | "platform"> {
  if (!lane.usage) return {};
  const { raw: _raw, ...usage } = lane.usage;
  return { usage, platform };
}

/** Who else could have had it; of a large pool the first ones, for a record has an end. */
function told(passedOver: Lease["choice"]["passedOver"]): Pick<AttemptRecord, "passedOver"> {
  if (passedOver.length === 0) return {};
  return { passedOver: passedOver.slice(0, MAX_PASSED_OVER).map(({ target, ...passed }) => ({ target: targetName(target), ...passed })) };
}

function failed(error: GatewayError): CourseEnd {
  return { type: "failed", error };
}
