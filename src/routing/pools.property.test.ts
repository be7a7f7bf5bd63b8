/** What always holds of several providers' credentials under steps that share them, by any strategy. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { hastyCooldownPolicy as policy } from "../../test/support/cooldown-policy.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { leaseId, stepOf } from "../../test/support/leases.ts";
import { credential, provider } from "../../test/support/providers.ts";
import { GatewayError, type ErrorKind } from "../chat/error.ts";
import { STRATEGIES, type Credential, type StrategyName } from "../providers/provider.ts";
import type { CooldownView } from "./cooldown.ts";
import type { CredentialView } from "./describe.ts";
import type { Lease, LeaseRequest, Outcome } from "./lease.ts";
import { Pool } from "./pool.ts";
import type { Step, Target } from "./target.ts";

const FAILURES: readonly ErrorKind[] = [
  ...(["rate-limited", "unauthenticated", "billing", "permission", "model-not-found"] as const),
  ...(["overloaded", "upstream", "upstream", "transport", "timeout", "invalid-request"] as const),
];
/** Steps by their providers and the model there. */
const STEPS: readonly Step[] = [
  stepOf({ provider: "p", model: "m" }),
  stepOf({ provider: "q", model: "m" }),
  stepOf({ provider: "p", model: "m" }, { provider: "q", model: "m" }),
  stepOf({ provider: "q", model: "m" }, { provider: "p", model: "n" }),
  stepOf({ provider: "p", model: "m" }, { provider: "p", model: "n" }),
];
const PROVIDERS = ["p", "q"] as const;

const settings = fc
  .record({
    priority: fc.constantFrom(0, 0, 1),
    limit: fc.constantFrom(1, 2, undefined),
    weight: fc.constantFrom(1, 1, 3),
    shared: fc.constantFrom(false, false, true),
    rpm: fc.constantFrom(undefined, undefined, 600),
  })
  .map(({ priority, limit, weight, shared, rpm }): Partial<Credential> => ({
    priority,
    weight,
    ...(limit !== undefined && { maxConcurrency: limit }),
    ...(shared && { account: "shared" }),
    ...(rpm !== undefined && { limits: { rpm } }),
  }));
const members = fc.record({
  p: fc.array(settings, { minLength: 1, maxLength: 4 }),
  q: fc.array(settings, { minLength: 1, maxLength: 2 }),
  strategy: fc.constantFrom(...STRATEGIES),
});
type Members = typeof members extends fc.Arbitrary<infer T> ? T : never;

const failure = fc
  .record(
    { kind: fc.constantFrom(...FAILURES), retryAfterMs: fc.integer({ min: 0, max: 9_000 }), scope: fc.constant("account" as const) },
    { requiredKeys: ["kind"] },
  )
  .map(({ kind, ...detail }) => ({ error: new GatewayError(kind, "failed", detail) }));
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.nat(5).map((tokens) => ({ ok: true as const, tokens })),
  fc.constant({ cancelled: true as const }),
  { arbitrary: failure, weight: 2 },
);
const ask = fc.record({
  type: fc.constant("ask" as const),
  step: fc.nat({ max: STEPS.length - 1 }),
  session: fc.constantFrom(undefined, "s1", "s2"),
  account: fc.constantFrom(undefined, undefined, "shared"),
  exclude: fc.subarray(["p0", "p1", "q0"], { maxLength: 2 }),
  othersFollow: fc.boolean(),
});
type Ask = typeof ask extends fc.Arbitrary<infer T> ? T : never;
const rate = fc.record({
  unit: fc.constantFrom("requests" as const, "tokens" as const),
  remaining: fc.nat(2),
  resetMs: fc.constantFrom(5, 50),
});
const action = fc.oneof(
  { arbitrary: ask, weight: 5 },
  { arbitrary: fc.record({ type: fc.constant("release" as const), which: fc.nat(), outcome }), weight: 5 },
  { arbitrary: fc.record({ type: fc.constant("confirm" as const), which: fc.nat() }), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant("rates" as const), which: fc.nat(), rate }), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant("leave" as const), which: fc.nat() }), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant("advance" as const), ms: fc.constantFrom(0, 1, 9, 10, 50, 100, 200) }), weight: 3 },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;
const actions = fc.array(action, { maxLength: 80, size: "max" });

interface Waiting {
  readonly request: LeaseRequest;
  readonly client: AbortController;
}

interface Held {
  readonly lease: Lease;
  /** Whether it is still the probe of something. */
  probing: boolean;
}

/** How a credential stands, as the pool shows it. */
interface Shown extends CredentialView {
  /** What holds it for a model, its provider's rest included. */
  readonly holding: (model: string) => readonly CooldownView[];
  readonly circuit: (model: string) => readonly CooldownView[];
}

/** Clients of one pool, and all that happened to them. */
class World {
  readonly clock = new ManualClock();
  readonly pool: Pool;
  readonly trace: string[] = [];
  held: Held[] = [];
  waiting: Waiting[] = [];
  readonly #strategy: StrategyName;
  readonly #credentials: ReadonlyMap<string, Credential>;
  readonly #faults: unknown[] = [];

  constructor({ strategy, ...members }: Members) {
    this.#strategy = strategy;
    const providers = PROVIDERS.map((name) =>
      provider(name, { credentials: members[name].map((settings, index) => credential(`${name}${index}`, settings)) }),
    );
    this.#credentials = new Map(providers.flatMap(({ credentials }) => credentials.map((credential) => [credential.name, credential])));
    this.pool = new Pool(providers, {
      clock: this.clock,
      random: () => 0.5,
      cooldown: policy,
      waiting: { maxWaiting: 4, maxWaitMs: 150 },
      affinity: { maxBindings: 3, ttlMs: 150 },
      priceOf: ({ provider: { name }, model }) => (name === "q" ? undefined : model.length),
    });
  }

  request({ step: index, session, account, exclude, othersFollow }: Ask, signal?: AbortSignal): LeaseRequest {
    const step = { ...(STEPS[index] as Step), strategy: this.#strategy };
    const ids = step.targets.flatMap((target) => exclude.map((name) => leaseId(target, name)));
    return {
      step,
      exclude: new Set(ids),
      othersFollow,
      ...(session !== undefined && { session }),
      ...(account !== undefined && { preferredAccounts: new Map(step.targets.map((target) => [target, account])) }),
      ...(signal && { signal }),
    };
  }

  async perform(action: Action): Promise<void> {
    if (action.type === "ask") await this.#ask(action);
    else if (action.type === "release") this.release(action.which, action.outcome);
    else if (action.type === "confirm") this.#confirm(action.which);
    else if (action.type === "rates") this.held[action.which % this.held.length]?.lease.noteRates([action.rate]);
    else if (action.type === "leave") this.waiting[action.which % this.waiting.length]?.client.abort();
    else this.clock.advance(action.ms);
    await settled();
  }

  release(which: number, outcome: Outcome): void {
    const held = this.held[which % this.held.length];
    if (held === undefined) return;
    this.held = this.held.filter((other) => other !== held);
    if ("ok" in outcome) this.#succeeded(held);
    held.lease.release(outcome);
  }

  #confirm(which: number): void {
    const held = this.held[which % this.held.length];
    if (held === undefined) return;
    this.#succeeded(held);
    held.lease.confirm();
  }

  /** A success may end whatever is being probed at its provider. */
  #succeeded({ lease }: Held): void {
    for (const held of this.held) if (held.lease.target.provider.name === lease.target.provider.name) held.probing = false;
  }

  check(): void {
    if (this.#faults.length > 0) throw this.#faults[0];
    const shown = this.#shown();
    for (const { name, inUse, maxConcurrency = Infinity } of shown) {
      const held = this.held.filter(({ lease }) => lease.credential.name === name);
      expect(inUse).toBe(held.length);
      expect(inUse).toBeLessThanOrEqual(maxConcurrency);
      for (const model of ["m", "n"])
        expect(held.filter(({ lease, probing }) => probing && lease.target.model === model).length).toBeLessThan(2);
    }
    for (const { request } of this.waiting.filter(({ request }) => request.othersFollow)) {
      // Who has somewhere else to go does not wait for a provider that is down.
      expect(candidatesOf(request, shown).some(({ shown, target }) => shown.circuit(target.model).length === 0)).toBe(true);
    }
    const waiting = this.#waitingShown;
    expect(waiting).toBe(this.waiting.length);
    // Asking for nothing serves whoever could have been served before: there must be nobody.
    this.pool.tryLease({ step: STEPS[0] as Step, exclude: new Set([...this.#credentials.keys()].map((name) => leaseId(M, name))) });
    expect(this.#waitingShown).toBe(waiting);
  }

  async end(): Promise<void> {
    while (this.held.length > 0 || this.waiting.length > 0) {
      this.release(0, { cancelled: true });
      this.clock.advance(50);
      await settled();
    }
    this.check();
    this.clock.advance(policy.probeIntervalMs);
    expect(this.clock.pending).toBe(0);
    for (const { inUse, cooldowns, circuit } of this.#shown()) {
      expect(inUse).toBe(0);
      for (const row of [...cooldowns, ...circuit("m")]) expect(row).toMatchObject({ nextProbeMs: 0, probing: false });
    }
  }

  async #ask(asked: Ask): Promise<void> {
    const client = new AbortController();
    const waiting = { request: this.request(asked, client.signal), client };
    this.waiting.push(waiting);
    const before = this.#shown();
    let atOnce = true;
    this.pool.lease(waiting.request).then(
      (lease) => {
        try {
          this.#granted(waiting, lease, atOnce ? before : undefined);
        } catch (fault) {
          this.#faults.push(fault);
        }
      },
      (error: GatewayError) => {
        this.trace.push(`${error.kind}: ${error.message} ${error.detail.retryAfterMs ?? ""}`);
        this.waiting = this.waiting.filter((other) => other !== waiting);
      },
    );
    await settled();
    atOnce = false;
  }

  #granted(waiting: Waiting, lease: Lease, before: readonly Shown[] | undefined): void {
    const { choice, id, target, probe } = lease;
    const { exclude, othersFollow = false } = waiting.request;
    this.trace.push(`${id} ${probe} ${choice.affinity ?? ""} ${choice.passedOver.map(({ reason }) => reason).join(" ")}`);
    const earlier = this.waiting.slice(0, this.waiting.indexOf(waiting));
    this.waiting = this.waiting.filter((other) => other !== waiting);
    this.held.push({ lease, probing: probe });
    expect(exclude).not.toContain(id);
    const now = this.#shown().find(({ name }) => name === lease.credential.name);
    if (probe || now?.holding(target.model).length === 0) {
      // Whoever came before could have had what nothing holds, wherever else it may go.
      const wanted = earlier.filter(({ request }) => request.step.targets.some((its) => leaseId(its, lease.credential.name) === id));
      expect(wanted.filter(({ request }) => !request.exclude.has(id))).toEqual([]);
    }
    if (before === undefined) return;

    const shown = before.find(({ name }) => name === lease.credential.name);
    const holding = shown?.holding(target.model) ?? [];
    const due = holding.every((row) => row.nextProbeMs === 0 && !row.probing);
    expect(probe).toBe(holding.length > 0 && due);
    const candidates = candidatesOf(waiting.request, before);
    if (holding.length > 0 && !due) {
      // Only where nobody is well may a credential serve that rests, only from a stumble, and no provider that is down while others follow.
      expect(holding.every((row) => row.class === "transient")).toBe(true);
      expect(candidates.every(({ shown, target }) => shown.holding(target.model).length > 0)).toBe(true);
      if (othersFollow) expect(shown?.circuit(target.model)).toEqual([]);
      return;
    }
    this.#checkReasons(lease, candidates, waiting.request);
  }

  /** What is said of those who did not get it is true. */
  #checkReasons(lease: Lease, candidates: readonly Candidate[], request: LeaseRequest): void {
    const { choice, credential } = lease;
    expect(choice.passedOver).toHaveLength(candidates.length - 1);
    expect(choice.affinity !== undefined).toBe(request.session !== undefined);
    for (const { reason, credential: name, target } of choice.passedOver) {
      const shown = candidates.find((one) => one.shown.name === name)?.shown as Shown;
      const holding = shown.holding(target.model);
      const resting = holding.some(({ nextProbeMs }) => nextProbeMs > 0);
      expect([name, reason === "excluded"]).toEqual([name, request.exclude.has(leaseId(target, name))]);
      if (reason === "cooling" || reason === "down" || reason === "circuit") expect(resting).toBe(true);
      if (reason === "circuit") expect(shown.circuit(target.model)).not.toEqual([]);
      if (reason === "probing") expect(holding.some(({ probing }) => probing)).toBe(true);
      if (reason === "busy") expect(shown.inUse).toBe(shown.maxConcurrency);
      if (reason === "priority") expect(shown.priority).toBeLessThan(credential.priority);
      // Not one that could serve and is of a higher priority than who does.
      if (reason === "turn") expect(shown.priority).toBe(credential.priority);
      if (["priority", "turn", "affinity", "used-up"].includes(reason)) {
        expect(resting).toBe(false);
        expect(shown.inUse).toBeLessThan(shown.maxConcurrency ?? Infinity);
      }
    }
  }

  #shown(): readonly Shown[] {
    return this.pool.describe().flatMap(({ circuit, credentials }) =>
      credentials.map((shown): Shown => {
        const holds =
          (model: string) =>
          (row: CooldownView): boolean =>
            row.model === undefined || row.model === model;
        return {
          ...shown,
          circuit: (model) => circuit.filter(holds(model)),
          holding: (model) => [...circuit, ...shown.cooldowns].filter(holds(model)),
        };
      }),
    );
  }

  get #waitingShown(): number {
    return this.pool.describe().reduce((sum, { waiting }) => sum + waiting, 0);
  }
}

interface Candidate {
  readonly shown: Shown;
  readonly target: Target;
}

function candidatesOf({ step }: LeaseRequest, shown: readonly Shown[]): readonly Candidate[] {
  return step.targets.flatMap((target) =>
    shown.filter(({ name }) => name.startsWith(target.provider.name)).map((shown) => ({ shown, target })),
  );
}

const [M] = (STEPS[2] as Step).targets as [Target];

/** Lets everything happen that a promise has set off. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

test("under any interleaving: permits, rests, priorities, reasons and the order of those who wait are right, and all ends at zero", async () => {
  await fc.assert(
    fc.asyncProperty(members, actions, async (members, actions) => {
      const world = new World(members);
      for (const action of actions) {
        await world.perform(action);
        world.check();
      }
      await world.end();
    }),
    { numRuns: 400 },
  );
}, 60_000);

test("the same history gives the same choices, and looking changes none of them", async () => {
  await fc.assert(
    fc.asyncProperty(members, actions, fc.array(ask, { minLength: 1, maxLength: 5 }), async (members, actions, looks) => {
      const run = async (looks: readonly Ask[]): Promise<unknown> => {
        const world = new World(members);
        for (const action of actions) {
          for (const look of looks) world.pool.look(world.request(look));
          await world.perform(action);
        }
        return [world.trace, world.pool.describe()];
      };
      const expected = await run([]);
      expect(await run([])).toEqual(expected);
      expect(await run(looks)).toEqual(expected);
    }),
    { numRuns: 150 },
  );
}, 60_000);
