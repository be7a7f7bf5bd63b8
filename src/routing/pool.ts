/**
 * The credentials of one provider: who serves the next request, who rests, who waits. Choosing takes no await while a
 * credential is free; the numbers of requests under way return to zero whatever happens to the requests.
 */
import { GatewayError } from "../chat/error.ts";
import type { Credential, Provider } from "../providers/provider.ts";
import { Affinity } from "./affinity.ts";
import { systemClock, type CancelTimer, type Clock } from "./clock.ts";
import { Cooldowns, defaultCooldownPolicy, type CooldownPolicy, type CooldownView, type Row } from "./cooldown.ts";
import type { Lease, LeaseRequest } from "./lease.ts";
import { refuse, restingReason, type Reason } from "./refusal.ts";
import { roundRobin } from "./strategy.ts";
import { verdict } from "./verdict.ts";
import { defaultWaitingLimits, WaitingLine, type WaitingLimits } from "./waiting-line.ts";

/** What a pool can be given; the defaults suit production. Tests inject the clock and the jitter. */
export interface PoolOptions {
  readonly clock?: Clock;
  /** A number from 0 to below 1, for jitter. */
  readonly random?: () => number;
  readonly cooldown?: CooldownPolicy;
  readonly waiting?: WaitingLimits;
}

/** One credential, for people. */
export interface CredentialView {
  readonly name: string;
  readonly priority: number;
  readonly inUse: number;
  readonly maxConcurrency?: number;
  readonly cooldowns: readonly CooldownView[];
}

/** A pool's state, for readiness, logs and later the admin API. */
export interface PoolView {
  readonly provider: string;
  /** Requests waiting for a credential. */
  readonly waiting: number;
  readonly credentials: readonly CredentialView[];
}

/** A credential and what is known of it. */
interface Slot {
  readonly credential: Credential;
  readonly cooldowns: Cooldowns;
  readonly limit: number;
  inUse: number;
}

export class Pool {
  readonly #provider: string;
  readonly #clock: Clock;
  readonly #strategy = roundRobin();
  readonly #affinity = new Affinity();
  readonly #line: WaitingLine<LeaseRequest, Lease>;
  /** Highest priority first. */
  readonly #tiers: readonly (readonly Slot[])[];
  readonly #slots: readonly Slot[];
  readonly #byName: ReadonlyMap<string, Slot>;
  /** Filled anew for each choice. */
  readonly #candidates: Slot[] = [];
  #wake: CancelTimer | undefined;

  constructor(provider: Pick<Provider, "name" | "credentials">, options: PoolOptions = {}) {
    this.#provider = provider.name;
    this.#clock = options.clock ?? systemClock;
    this.#line = new WaitingLine(this.#clock, options.waiting ?? defaultWaitingLimits);
    const policy = options.cooldown ?? defaultCooldownPolicy;
    const random = options.random ?? Math.random;
    this.#slots = provider.credentials.map((credential) => ({
      credential,
      cooldowns: new Cooldowns(policy, random),
      limit: credential.maxConcurrency ?? Infinity,
      inUse: 0,
    }));
    this.#byName = new Map(this.#slots.map((slot) => [slot.credential.name, slot]));
    const priorities = [...new Set(this.#slots.map(({ credential }) => credential.priority))].sort((a, b) => b - a);
    this.#tiers = priorities.map((priority) => this.#slots.filter(({ credential }) => credential.priority === priority));
  }

  /** A credential at once, or none: busy, resting, excluded, or owed to those who wait already. */
  tryLease(request: LeaseRequest): Lease | undefined {
    this.#serveWaiting();
    return this.#grant(request, this.#clock.now());
  }

  /**
   * A credential, at once or when one that is busy or being probed becomes free.
   * @throws PoolRefusal when none can serve, GatewayError `unavailable` when the wait is too long, `cancelled` when the signal aborts.
   */
  lease(request: LeaseRequest): Promise<Lease> {
    if (request.signal?.aborted) return Promise.reject(new GatewayError("cancelled", "The client left."));
    const lease = this.tryLease(request);
    if (lease !== undefined) return Promise.resolve(lease);
    const now = this.#clock.now();
    if (!this.#mayWait(request, now)) return Promise.reject(this.#refusal(request, now));
    const granted = this.#line.join(request, request.deadlineMs, request.signal);
    this.#arrangeWake(now);
    return granted.catch((error: unknown) => {
      throw this.#waitedInVain(request, error);
    });
  }

  describe(): PoolView {
    const now = this.#clock.now();
    return {
      provider: this.#provider,
      waiting: this.#line.size,
      credentials: this.#slots.map(({ credential: { name, priority, maxConcurrency }, inUse, cooldowns }) => ({
        name,
        priority,
        inUse,
        ...(maxConcurrency !== undefined && { maxConcurrency }),
        cooldowns: cooldowns.describe(now),
      })),
    };
  }

  #grant(request: LeaseRequest, now: number): Lease | undefined {
    const { model, session } = request;
    const bound = session === undefined ? undefined : this.#bound(session, model, now);
    const preferred = this.#preferred(request, now);
    const affine = preferred ?? (bound !== undefined && isUsable(bound, request, now) ? bound : undefined);
    const slot = affine ?? this.#next(request, now) ?? this.#lastResort(request, now);
    if (slot === undefined) return undefined;
    // A bound credential that is merely busy, or stumbled, gets its conversation back.
    if (session !== undefined && slot !== bound && (slot === preferred || bound === undefined)) {
      this.#affinity.bind(session, model, slot.credential.name, now);
    }
    return this.#issue(slot, request, now);
  }

  #issue(slot: Slot, request: LeaseRequest, now: number): Lease {
    const { credential, cooldowns } = slot;
    const { model } = request;
    const { mark } = cooldowns;
    let probed = cooldowns.standing(model, now) === "probe" ? cooldowns.beginProbe(model) : NOTHING_PROBED;
    let released = false;
    const endProbe = (): void => {
      cooldowns.endProbe(probed);
      probed = NOTHING_PROBED;
    };
    slot.inUse += 1;
    this.#strategy.used(slot);
    return {
      credential,
      probe: probed.length > 0,
      confirm: () => {
        if (released) return;
        endProbe();
        cooldowns.clear(model, mark);
        this.#serveWaiting();
      },
      release: (outcome) => {
        if (released) return;
        released = true;
        slot.inUse -= 1;
        endProbe();
        if ("ok" in outcome) cooldowns.clear(model, mark);
        else if ("error" in outcome) this.#failed(slot, request, outcome.error, mark);
        this.#serveWaiting();
      },
    };
  }

  #failed(slot: Slot, { model, session }: LeaseRequest, error: GatewayError, mark: number): void {
    const { rest } = verdict(error, true);
    if (rest === undefined) return;
    const now = this.#clock.now();
    // The only credential left has nobody to hand over to while the upstream stumbles.
    if (rest.class === "transient" && !this.#slots.some((other) => other !== slot && isReady(other, model, now))) return;
    slot.cooldowns.add(model, rest, error.kind, mark, now);
    if (rest.class !== "transient" && session !== undefined) this.#affinity.release(session, model, slot.credential.name);
  }

  /** The credential of that account, when it can serve. */
  #preferred(request: LeaseRequest, now: number): Slot | undefined {
    if (request.preferredAccount === undefined) return undefined;
    return this.#slots.find((slot) => slot.credential.account === request.preferredAccount && isUsable(slot, request, now));
  }

  /** The credential this conversation stays with, unless it is gone or has more than stumbled. */
  #bound(session: string, model: string, now: number): Slot | undefined {
    const name = this.#affinity.get(session, model, now);
    const slot = name === undefined ? undefined : this.#byName.get(name);
    if (slot === undefined) return undefined;
    const standing = slot.cooldowns.standing(model, now);
    return standing === "ready" || standing === "probe" || restsTransiently(slot, model) ? slot : undefined;
  }

  /** The one whose turn it is, in the highest tier where one can serve. */
  #next(request: LeaseRequest, now: number): Slot | undefined {
    for (const tier of this.#tiers) {
      this.#candidates.length = 0;
      for (const slot of tier) {
        if (isUsable(slot, request, now)) this.#candidates.push(slot);
      }
      if (this.#candidates.length > 0) return this.#strategy.pick(this.#candidates);
    }
    return undefined;
  }

  /** When none is well, the one that only stumbled and whose rest ends first: a stumble alone never closes a pool. */
  #lastResort(request: LeaseRequest, now: number): Slot | undefined {
    if (this.#slots.some((slot) => isReady(slot, request.model, now))) return undefined;
    let best: Slot | undefined;
    let earliest = Infinity;
    for (const slot of this.#slots) {
      if (slot.inUse >= slot.limit || request.exclude.has(slot.credential.name) || !restsTransiently(slot, request.model)) continue;
      const until = Math.max(...slot.cooldowns.rowsFor(request.model).map((row) => row.until));
      if (until < earliest) {
        best = slot;
        earliest = until;
      }
    }
    return best;
  }

  /** Whether a credential may become free for this request without any rest having to end. */
  #mayWait({ model, exclude }: LeaseRequest, now: number): boolean {
    const noneReady = !this.#slots.some((slot) => isReady(slot, model, now));
    return this.#slots.some((slot) => {
      if (exclude.has(slot.credential.name)) return false;
      return slot.cooldowns.standing(model, now) !== "resting" || (noneReady && restsTransiently(slot, model));
    });
  }

  #refusal({ model, exclude }: LeaseRequest, now: number): GatewayError {
    const reasons = this.#slots.map(({ credential: { name }, cooldowns }): Reason => {
      const rows = cooldowns.rowsFor(model);
      if (rows.length > 0) return restingReason(name, rows, now);
      return { credential: name, state: exclude.has(name) ? "excluded" : "busy" };
    });
    return refuse(this.#provider, model, reasons);
  }

  /** Who waited too long beside credentials that rest is told when they recover. */
  #waitedInVain(request: LeaseRequest, error: unknown): unknown {
    const tooLong = error instanceof GatewayError && error.kind === "unavailable";
    const resting = this.#slots.some(({ cooldowns }) => cooldowns.rowsFor(request.model).length > 0);
    return tooLong && resting ? this.#refusal(request, this.#clock.now()) : error;
  }

  #serveWaiting(): void {
    if (this.#line.size === 0) return;
    const now = this.#clock.now();
    this.#line.serve((request) => this.#grant(request, now) ?? (this.#mayWait(request, now) ? undefined : this.#refusal(request, now)));
    this.#arrangeWake(now);
  }

  /** Looks again when a rest ends, since nothing else may happen then. */
  #arrangeWake(now: number): void {
    this.#wake?.();
    this.#wake = undefined;
    if (this.#line.size === 0) return;
    const next = Math.min(...this.#slots.map(({ cooldowns }) => cooldowns.nextChange(now)));
    if (next !== Infinity) this.#wake = this.#clock.after(next - now, () => this.#serveWaiting());
  }
}

const NOTHING_PROBED: readonly Row[] = [];

function isReady({ cooldowns }: Slot, model: string, now: number): boolean {
  return cooldowns.standing(model, now) === "ready";
}

function isUsable({ credential, cooldowns, limit, inUse }: Slot, { model, exclude }: LeaseRequest, now: number): boolean {
  if (inUse >= limit || exclude.has(credential.name)) return false;
  const standing = cooldowns.standing(model, now);
  return standing === "ready" || standing === "probe";
}

/** Whether nothing but stumbles of the upstream holds it. */
function restsTransiently({ cooldowns }: Slot, model: string): boolean {
  const rows = cooldowns.rowsFor(model);
  return rows.length > 0 && rows.every((row) => row.class === "transient");
}
