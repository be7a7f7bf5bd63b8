/**
 * The credentials of all providers: who serves the next request, who rests, who waits. Choosing takes no await while a
 * credential is free; the numbers of requests under way return to zero whatever happens to the requests.
 */
import { GatewayError } from "../chat/error.ts";
import type { Provider } from "../providers/provider.ts";
import { Affinity, defaultAffinityLimits, type AffinityLimits } from "./affinity.ts";
import { likeness, placeOf, sessionKey, targetsOf, type Asked } from "./asked.ts";
import { Candidate } from "./candidate.ts";
import { choose, whyPassedOver, type Ties } from "./choice.ts";
import { systemClock, type CancelTimer, type Clock } from "./clock.ts";
import { defaultCooldownPolicy, type CooldownPolicy, type KeptRest, type Row } from "./cooldown.ts";
import { restsOf, type CredentialState } from "./credential-state.ts";
import { describeProviders, type PoolView } from "./describe.ts";
import type { AffinityMet, Choice, Lease, LeaseRequest, Passed } from "./lease.ts";
import { PoolMembers, type PoolJournal } from "./members.ts";
import { refuse, restingReason, type Reason } from "./refusal.ts";
import { Strategies } from "./strategy.ts";
import type { Target } from "./target.ts";
import { verdict } from "./verdict.ts";
import { defaultWaitingLimits, WaitingLine, type WaitingLimits } from "./waiting-line.ts";

/** What may change while a pool is in use; the defaults suit production. */
export interface PoolSettings {
  readonly cooldown?: CooldownPolicy;
  readonly waiting?: WaitingLimits;
  readonly affinity?: AffinityLimits;
}

/** What a pool can be given. Tests inject the clock and the jitter. */
export interface PoolOptions extends PoolSettings {
  readonly clock?: Clock;
  /** A number from 0 to below 1, for jitter. */
  readonly random?: () => number;
  /** USD for a million tokens of a target, for comparison only; absent: nobody knows any price. */
  readonly priceOf?: (target: Target) => number | undefined;
  /** Hears of what should outlive the process. */
  readonly journal?: PoolJournal;
}

/** What would happen to a request now. */
export interface Look extends Choice {
  /** Who would get it; absent: nobody could serve it at once. */
  readonly chosen?: { readonly target: Target; readonly credential: string };
  /** What it would be told; absent: it is served, or may wait for a credential to become free. */
  readonly refusal?: GatewayError;
}

export class Pool {
  readonly #clock: Clock;
  readonly #line: WaitingLine<Asked, Lease>;
  readonly #members: PoolMembers;
  readonly #affinity: Affinity;
  readonly #priceOf: (target: Target) => number | undefined;
  readonly #strategies = new Strategies();
  #wake: CancelTimer | undefined;

  constructor(providers: readonly Provider[], options: PoolOptions = {}) {
    const { clock = systemClock, journal } = options;
    this.#clock = clock;
    this.#line = new WaitingLine(clock, options.waiting ?? defaultWaitingLimits, ({ request }) => placeOf(request));
    this.#members = new PoolMembers({
      policy: options.cooldown ?? defaultCooldownPolicy,
      random: options.random ?? Math.random,
      ...(journal && { journal }),
    });
    this.#affinity = new Affinity(options.affinity ?? defaultAffinityLimits, journal && ((...told) => journal.binding(...told)));
    this.#priceOf = options.priceOf ?? (() => undefined);
    this.#members.configure(providers);
  }

  /**
   * Other providers and credentials from now on. What is unchanged keeps its state; what is gone serves nobody any more.
   * @param settings those that are absent stay as they are.
   */
  configure(providers: readonly Provider[], { cooldown, waiting, affinity }: PoolSettings = {}): void {
    this.#members.configure(providers, cooldown);
    if (waiting) this.#line.configure(waiting);
    if (affinity) this.#affinity.configure(affinity);
    this.#strategies.forgetIdle();
    this.#serveWaiting();
  }

  /**
   * A rest that an earlier process knew of, or another one does, goes on here, `agoMs` after it was told; nothing happens when
   * its owner is gone. The journal does not hear of it.
   */
  restoreRest(owner: string, model: string | undefined, rest: KeptRest, agoMs: number): void {
    this.#members.restore(owner, model, rest, agoMs, this.#clock.now());
    this.#serveWaiting();
  }

  /** A rest has ended for another process. The journal does not hear of it. */
  endRest(owner: string, model: string | undefined): void {
    this.#members.end(owner, model);
    this.#serveWaiting();
  }

  /** A binding that an earlier process made, or another one. @param leftMs what is left of its life without use. */
  restoreBinding(key: string, candidate: string, leftMs: number): void {
    this.#affinity.restore(key, candidate, leftMs, this.#clock.now());
  }

  /** A binding has ended for another process. The journal does not hear of it. */
  endBinding(key: string): void {
    this.#affinity.end(key);
  }

  /** Ends every rest of a provider, or of one of its credentials. @returns whether there is such a one. */
  reset(provider: string, credential?: string): boolean {
    const found = this.#members.reset(provider, credential);
    if (found) this.#serveWaiting();
    return found;
  }

  /** A credential at once, or none: busy, resting, excluded, or owed to those who wait already. */
  tryLease(request: LeaseRequest): Lease | undefined {
    return this.#try({ request, session: sessionKey(request) });
  }

  /**
   * A credential, at once or when one that is busy or being probed becomes free.
   * @throws PoolRefusal when none can serve, GatewayError `unavailable` when the wait is too long, `cancelled` when the signal aborts.
   */
  lease(request: LeaseRequest): Promise<Lease> {
    if (request.signal?.aborted) return Promise.reject(new GatewayError("cancelled", "The client left."));
    const asked = { request, session: sessionKey(request) };
    const lease = this.#try(asked);
    if (lease !== undefined) return Promise.resolve(lease);
    const now = this.#clock.now();
    const candidates = this.#candidates(request, now);
    if (!mayWait(candidates, request)) return Promise.reject(refusalOf(candidates, request, now));
    const granted = this.#line.join(asked, request.deadlineMs, request.signal);
    this.#arrangeWake(now);
    return granted.catch((error: unknown) => {
      throw this.#waitedInVain(request, error);
    });
  }

  /** Who would get such a request now, and why the others would not. Changes nothing. */
  look(request: LeaseRequest): Look {
    const now = this.#clock.now();
    const candidates = this.#candidates(request, now);
    const key = sessionKey(request);
    const binding = key === undefined ? undefined : this.#affinity.look(key, now);
    const bound = boundTo(candidates, binding);
    const ties = tiesOf(candidates, request, bound);
    const chosen = choose(candidates, ties, this.#strategies.of(request.step.id, request.step.strategy), now)?.candidate;
    if (!chosen) {
      const passedOver = candidates.map((candidate) => this.#passed(candidate, candidate.obstacle ?? "busy", now));
      return mayWait(candidates, request) ? { passedOver } : { passedOver, refusal: refusalOf(candidates, request, now) };
    }
    return {
      chosen: { target: chosen.target, credential: chosen.state.credential.name },
      ...(key !== undefined && { affinity: affinityOf(chosen, bound, binding) }),
      passedOver: this.#others(candidates, chosen, ties, now),
    };
  }

  describe(): readonly PoolView[] {
    return describeProviders(this.#members.all(), this.#line.counts(), this.#clock.now());
  }

  #try(asked: Asked): Lease | undefined {
    this.#serveWaiting();
    const now = this.#clock.now();
    return this.#grant(asked, this.#candidates(asked.request, now), now);
  }

  #grant({ request, session: key }: Asked, candidates: readonly Candidate[], now: number): Lease | undefined {
    const binding = key === undefined ? undefined : this.#affinity.get(key, now);
    const bound = boundTo(candidates, binding);
    const ties = tiesOf(candidates, request, bound);
    const strategy = this.#strategies.of(request.step.id, request.step.strategy);
    const choice = choose(candidates, ties, strategy, now);
    if (choice === undefined) return undefined;
    const { candidate: chosen, among } = choice;
    let affinity: AffinityMet | undefined;
    if (key !== undefined) {
      affinity = affinityOf(chosen, bound, binding);
      // A bound credential that is merely busy, or stumbled, gets its conversation back.
      if (chosen !== bound && (chosen === ties.preferred || bound === undefined)) this.#affinity.bind(key, chosen.key, now);
    }
    strategy.used(chosen, among, now);
    return this.#issue(
      chosen,
      { request, session: key },
      { ...(affinity && { affinity }), passedOver: this.#others(candidates, chosen, ties, now) },
      now,
    );
  }

  #issue({ key: id, state, target, standing }: Candidate, { request, session }: Asked, choice: Choice, now: number): Lease {
    const { credential, cooldowns, owner } = state;
    const { circuit } = owner;
    const { model } = target;
    const { mark } = this.#members;
    const probes = standing === "probe";
    let probed = probes ? cooldowns.beginProbe(model) : NOTHING_PROBED;
    let providerProbed = probes ? circuit.cooldowns.beginProbe(model) : NOTHING_PROBED;
    let confirmed = false;
    let released = false;
    const endProbe = (): void => {
      cooldowns.endProbe(probed);
      circuit.cooldowns.endProbe(providerProbed);
      probed = providerProbed = NOTHING_PROBED;
    };
    const succeed = (): void => {
      endProbe();
      this.#members.succeeded(state, model, mark);
    };
    state.inUse += 1;
    this.#members.spend(state, model, now);
    return {
      id,
      target,
      credential,
      probe: probed.length + providerProbed.length > 0,
      choice,
      noteRates: (rates) => this.#members.noteRates(state, model, rates, this.#clock.now()),
      accept: () => {
        if (released) return;
        const at = this.#clock.now();
        state.latencies.note(model, at - now, at);
        endProbe();
        this.#members.accepted(state, model, mark);
        this.#serveWaiting();
      },
      confirm: () => {
        if (released) return;
        const at = this.#clock.now();
        if (!confirmed) state.latencies.note(model, at - now, at);
        confirmed = true;
        succeed();
        this.#serveWaiting();
      },
      release: (outcome) => {
        if (released) return;
        released = true;
        state.inUse -= 1;
        if (outcome.tokens !== undefined) this.#members.spendTokens(state, outcome.tokens, this.#clock.now());
        if ("ok" in outcome) {
          // An answer's end tells of nothing that its beginning has not told: meanwhile the provider may have gone down.
          if (!confirmed) succeed();
        } else {
          endProbe();
          if ("error" in outcome) this.#failed({ id, state, model, request, session, mark }, outcome.error);
        }
        this.#serveWaiting();
      },
    };
  }

  #failed({ id, state, model, request, session, mark }: Issued, error: GatewayError): void {
    const { rest } = verdict(error, true);
    if (rest === undefined) return;
    const now = this.#clock.now();
    const { owner } = state;
    if (rest.class === "transient") {
      const alike = owner.provider.credentials.length;
      owner.circuit.failed(state.id, alike, model, rest, error.kind, mark, now);
      // The only credential left has nobody to hand over to while the upstream stumbles.
      if (!request.othersFollow && !this.#candidates(request, now).some((other) => other.state !== state && other.standing === "ready"))
        return;
    }
    this.#members.rest(state, model, rest, error.kind, mark, now);
    if (rest.class !== "transient" && session !== undefined) this.#affinity.release(session, id);
  }

  #candidates({ step, without, exclude }: LeaseRequest, now: number): readonly Candidate[] {
    const context = { now, exclude, priceOf: this.#priceOf };
    const candidates: Candidate[] = [];
    for (const [index, target] of step.targets.entries()) {
      if (without?.has(target)) continue;
      for (const state of this.#members.of(target.provider)) candidates.push(new Candidate(target, index, state, context));
    }
    return candidates;
  }

  #others(candidates: readonly Candidate[], chosen: Candidate, ties: Ties, now: number): readonly Passed[] {
    if (candidates.length < 2) return [];
    return candidates.flatMap((candidate) =>
      candidate === chosen ? [] : [this.#passed(candidate, whyPassedOver(candidate, chosen, ties), now)],
    );
  }

  #passed({ target, state }: Candidate, reason: Passed["reason"], now: number): Passed {
    const rows = restsOf(state, target.model);
    const passed = { target, credential: state.credential.name, reason };
    if (rows.length === 0) return passed;
    const { why, recoversMs } = restingReason(state.credential.name, rows, now);
    return { ...passed, ...(why !== undefined && { why }), ...(recoversMs !== undefined && { recoversMs }) };
  }

  /** Who waited too long beside credentials that rest is told when they recover. */
  #waitedInVain(request: LeaseRequest, error: unknown): unknown {
    const now = this.#clock.now();
    const tooLong = error instanceof GatewayError && error.kind === "unavailable";
    const candidates = this.#candidates(request, now);
    const resting = candidates.some(({ state, target }) => restsOf(state, target.model).length > 0);
    return tooLong && resting ? refusalOf(candidates, request, now) : error;
  }

  #serveWaiting(): void {
    if (this.#line.size === 0) return;
    const now = this.#clock.now();
    // What is free only becomes less while it is handed out: who asks for the same as one who got nothing gets nothing either.
    const inVain = new Set<string>();
    this.#line.serve((asked) => {
      const { request } = asked;
      const alike = likeness(request);
      if (alike !== undefined && inVain.has(alike)) return undefined;
      const candidates = this.#candidates(request, now);
      const lease = this.#grant(asked, candidates, now);
      if (lease) return lease;
      if (!mayWait(candidates, request)) return refusalOf(candidates, request, now);
      if (alike !== undefined) inVain.add(alike);
      return undefined;
    });
    this.#arrangeWake(now);
  }

  /** Looks again when a rest ends, since nothing else may happen then. */
  #arrangeWake(now: number): void {
    this.#wake?.();
    this.#wake = undefined;
    if (this.#line.size === 0) return;
    const next = this.#members.nextChange(now);
    if (next !== Infinity) this.#wake = this.#clock.after(next - now, () => this.#serveWaiting());
  }
}

/** What is known of a lease when it ends. */
interface Issued extends Asked {
  readonly id: string;
  readonly state: CredentialState;
  readonly model: string;
  readonly mark: number;
}

const NOTHING_PROBED: readonly Row[] = [];

/** The candidate that a conversation stays with, unless it is gone or has more than stumbled. */
function boundTo(candidates: readonly Candidate[], key: string | undefined): Candidate | undefined {
  const bound = key === undefined ? undefined : candidates.find((candidate) => candidate.key === key);
  if (bound === undefined) return undefined;
  return bound.standing === "ready" || bound.standing === "probe" || bound.restsTransiently ? bound : undefined;
}

function affinityOf(chosen: Candidate, bound: Candidate | undefined, binding: string | undefined): AffinityMet {
  if (chosen === bound) return "kept";
  return binding === undefined ? "new" : "moved";
}

function tiesOf(candidates: readonly Candidate[], { preferredAccounts, othersFollow }: LeaseRequest, bound: Candidate | undefined): Ties {
  const minted = ({ target, state, usable }: Candidate): boolean => usable && preferredAccounts?.get(target) === state.credential.account;
  // Of the account's keys the one that the conversation has.
  const preferred = preferredAccounts && (bound && minted(bound) ? bound : candidates.find(minted));
  return { bound, preferred, lastResort: !othersFollow };
}

/** Whether a credential may become free for this request without any rest having to end. */
function mayWait(candidates: readonly Candidate[], { othersFollow }: LeaseRequest): boolean {
  const lastResort = !othersFollow && !candidates.some(({ standing }) => standing === "ready");
  return candidates.some((candidate) => {
    if (candidate.excluded || (othersFollow && candidate.circuitOpen)) return false;
    return candidate.standing !== "resting" || (lastResort && candidate.restsTransiently);
  });
}

function refusalOf(candidates: readonly Candidate[], request: LeaseRequest, now: number): GatewayError {
  const reasons = candidates.map(({ state, target, excluded }): Reason => {
    const { name } = state.credential;
    const rows = restsOf(state, target.model);
    return rows.length > 0 ? restingReason(name, rows, now) : { credential: name, state: excluded ? "excluded" : "busy" };
  });
  return refuse(targetsOf(request), reasons);
}
