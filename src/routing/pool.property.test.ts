import fc from "fast-check";
import { expect, test } from "vitest";
import { hastyCooldownPolicy as policy } from "../../test/support/cooldown-policy.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { askFor, stepOf } from "../../test/support/leases.ts";
import { credential, provider } from "../../test/support/providers.ts";
import { GatewayError, type ErrorKind } from "../chat/error.ts";
import type { Credential } from "../providers/provider.ts";
import type { CooldownView } from "./cooldown.ts";
import type { Lease, LeaseRequest, Outcome } from "./lease.ts";
import type { PoolView } from "./describe.ts";
import { Pool } from "./pool.ts";

const M = stepOf({ provider: "p", model: "m" });
const MODELS = ["m1", "m2"] as const;
const FAILURES: readonly ErrorKind[] = [
  "rate-limited",
  "unauthenticated",
  "billing",
  "permission",
  "model-not-found",
  "overloaded",
  "upstream",
  "transport",
  "invalid-request",
];

const credentials = fc
  .array(fc.record({ priority: fc.constantFrom(0, 0, 1), limit: fc.constantFrom(1, 2, 3, undefined) }), { minLength: 1, maxLength: 4 })
  .map((settings) =>
    settings.map(({ priority, limit }, index) =>
      credential(`c${index}`, { priority, ...(limit !== undefined && { maxConcurrency: limit }) }),
    ),
  );

const failure = fc.record(
  { kind: fc.constantFrom(...FAILURES), retryAfterMs: fc.integer({ min: 0, max: 9_000 }) },
  { requiredKeys: ["kind"] },
);
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant({ ok: true as const }),
  fc.constant({ cancelled: true as const }),
  failure.map(({ kind, ...detail }) => ({ error: new GatewayError(kind, "failed", detail) })),
);

const ask = fc.record({
  type: fc.constant("ask" as const),
  model: fc.constantFrom(...MODELS),
  session: fc.constantFrom(undefined, "s1", "s2"),
  account: fc.constantFrom(undefined, undefined, "account of c1"),
  exclude: fc.subarray(["c0", "c1", "c2"], { maxLength: 2 }),
});
const step = fc.oneof(
  { arbitrary: ask, weight: 4 },
  { arbitrary: fc.record({ type: fc.constant("release" as const), which: fc.nat(), outcome }), weight: 4 },
  { arbitrary: fc.record({ type: fc.constant("confirm" as const), which: fc.nat() }), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant("leave" as const), which: fc.nat() }), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant("advance" as const), ms: fc.constantFrom(0, 1, 9, 10, 50, 100, 200) }), weight: 3 },
);

interface Waiting {
  readonly request: LeaseRequest;
  readonly model: string;
  readonly exclude: readonly string[];
  readonly client: AbortController;
}

interface Held {
  readonly lease: Lease;
  readonly model: string;
  /** Whether it is still the probe of something. */
  probing: boolean;
}

/** Clients of one pool, who check after each step what must always hold. */
class World {
  readonly clock = new ManualClock();
  readonly pool: Pool;
  held: Held[] = [];
  waiting: Waiting[] = [];
  readonly #credentials: readonly Credential[];
  readonly #faults: unknown[] = [];

  constructor(credentials: readonly Credential[]) {
    this.#credentials = credentials;
    this.pool = new Pool([provider("p", { credentials })], {
      clock: this.clock,
      random: () => 0.5,
      cooldown: policy,
      waiting: { maxWaiting: 4, maxWaitMs: 150 },
    });
  }

  async ask({ model, session, account, exclude }: typeof ask extends fc.Arbitrary<infer T> ? T : never): Promise<void> {
    const client = new AbortController();
    const request = askFor(stepOf({ provider: "p", model }), {
      excluded: exclude,
      preferredAccount: account,
      signal: client.signal,
      ...(session !== undefined && { session }),
    });
    const waiting = { request, model, exclude, client };
    this.waiting.push(waiting);
    const before = this.#view;
    let atOnce = true;
    this.pool.lease(request).then(
      (lease) => {
        try {
          this.#granted(waiting, lease, atOnce ? before : undefined);
        } catch (fault) {
          this.#faults.push(fault);
        }
      },
      () => {
        this.waiting = this.waiting.filter((other) => other !== waiting);
      },
    );
    await settled();
    atOnce = false;
  }

  release(which: number, outcome: Outcome): void {
    const held = this.held[which % this.held.length];
    if (held === undefined) return;
    this.held = this.held.filter((other) => other !== held);
    if ("ok" in outcome) this.#succeeded(held);
    held.lease.release(outcome);
  }

  confirm(which: number): void {
    const held = this.held[which % this.held.length];
    if (held === undefined) return;
    this.#succeeded(held);
    held.lease.confirm();
  }

  leave(which: number): void {
    this.waiting[which % this.waiting.length]?.client.abort();
  }

  check(): void {
    if (this.#faults.length > 0) throw this.#faults[0];
    const { credentials, waiting } = this.#view;
    expect(waiting).toBe(this.waiting.length);
    for (const { name, inUse } of credentials) {
      const limit = this.#credentials.find((credential) => credential.name === name)?.maxConcurrency ?? Infinity;
      expect(inUse).toBe(this.held.filter(({ lease }) => lease.credential.name === name).length);
      expect(inUse).toBeLessThanOrEqual(limit);
      for (const model of MODELS) {
        expect(this.held.filter((held) => held.probing && held.lease.credential.name === name && held.model === model).length).toBeLessThan(
          2,
        );
      }
    }
    // Asking for nothing serves whoever could have been served before: there must be nobody.
    this.pool.tryLease(askFor(stepOf({ provider: "p", model: "none" }), { excluded: credentials.map(({ name }) => name) }));
    expect(this.#view.waiting).toBe(waiting);
  }

  get #view(): PoolView {
    return this.pool.describe()[0] as PoolView;
  }

  #granted(waiting: Waiting, lease: Lease, before: PoolView | undefined): void {
    const { model, exclude } = waiting;
    const plain = (other: Waiting): boolean => other.exclude.length === 0 && other.model === model;
    if (plain(waiting)) expect(this.waiting.find(plain)).toBe(waiting);
    this.waiting = this.waiting.filter((other) => other !== waiting);
    this.held.push({ lease, model, probing: lease.probe });
    expect(exclude).not.toContain(lease.credential.name);
    if (before === undefined) return;
    const holds = (row: CooldownView): boolean => row.model === undefined || row.model === model;
    const circuit = before.circuit.filter(holds);
    const own = before.credentials.find(({ name }) => name === lease.credential.name)?.cooldowns.filter(holds) ?? [];
    const holding = [...circuit, ...own];
    expect(lease.probe).toBe(holding.length > 0 && holding.every((row) => row.nextProbeMs === 0 && !row.probing));
    if (lease.probe || holding.length === 0) return;
    // Only where nobody is well may a credential serve that rests, and only from a stumble.
    expect(holding.every((row) => row.class === "transient")).toBe(true);
    expect(circuit.length > 0 || before.credentials.every(({ cooldowns }) => cooldowns.some(holds))).toBe(true);
  }

  /** A success is the last word on whatever was being probed. */
  #succeeded({ lease }: Held): void {
    for (const held of this.held) {
      if (held.lease.credential === lease.credential) held.probing = false;
    }
  }
}

/** Lets everything happen that a promise has set off. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

test("under any interleaving: permits add up, one probe at a time, fair waiting, nobody served by who rests, and all ends at zero", async () => {
  await fc.assert(
    fc.asyncProperty(credentials, fc.array(step, { maxLength: 80, size: "max" }), async (credentials, steps) => {
      const world = new World(credentials);
      for (const step of steps) {
        if (step.type === "ask") await world.ask(step);
        else if (step.type === "release") world.release(step.which, step.outcome);
        else if (step.type === "confirm") world.confirm(step.which);
        else if (step.type === "leave") world.leave(step.which);
        else world.clock.advance(step.ms);
        await settled();
        world.check();
      }
      while (world.held.length > 0 || world.waiting.length > 0) {
        world.release(0, { cancelled: true });
        world.clock.advance(50);
        await settled();
      }
      world.check();
      world.clock.advance(policy.probeIntervalMs);
      expect(world.clock.pending).toBe(0);
      for (const { inUse, cooldowns } of world.pool.describe()[0]?.credentials ?? []) {
        expect(inUse).toBe(0);
        for (const row of cooldowns) expect(row).toMatchObject({ nextProbeMs: 0, probing: false });
      }
    }),
    { numRuns: 500 },
  );
}, 60_000);

test("a credential whose upstream is well again serves within the probe interval", () => {
  const SPACING_MS = 2;
  const outage = fc.record({
    credential: fc.nat({ max: 3 }),
    from: fc.nat({ max: 1_500 }),
    lasts: fc.integer({ min: 1, max: 1_000 }),
    failure,
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(outage, { maxLength: 8, size: "max" }), (count, outages) => {
      const clock = new ManualClock();
      const names = Array.from({ length: count }, (_, index) => `c${index}`);
      const pool = new Pool([provider("p", { credentials: names.map((name) => credential(name)) })], {
        clock,
        random: () => 0.99,
        cooldown: policy,
      });
      const recovered = Math.max(0, ...outages.map(({ from, lasts }) => from + lasts));
      const lastServed = new Map<string, number>();

      const request = (): void => {
        const exclude = new Set<string>();
        for (let lease = pool.tryLease({ step: M, exclude }); lease !== undefined; lease = pool.tryLease({ step: M, exclude })) {
          const { name } = lease.credential;
          const now = clock.now();
          const fault = outages.find(
            ({ credential, from, lasts }) => `c${credential}` === name && now >= from && now < from + lasts,
          )?.failure;
          if (fault === undefined) {
            lease.release({ ok: true });
            lastServed.set(name, now);
            return;
          }
          const { kind, ...detail } = fault;
          lease.release({ error: new GatewayError(kind, "failed", detail) });
          exclude.add(lease.id);
        }
      };

      while (clock.now() <= recovered + policy.probeIntervalMs + SPACING_MS * (count + 1)) {
        request();
        clock.advance(SPACING_MS);
      }
      for (const name of names) expect(lastServed.get(name) ?? -1).toBeGreaterThanOrEqual(recovered);
      expect(pool.describe()[0]?.credentials.flatMap(({ cooldowns }) => cooldowns)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test("requests are shared within one of ideal among the credentials that are well", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 1, max: 60 }),
      (count, resting, requests) => {
        const names = Array.from({ length: count }, (_, index) => `c${index}`);
        const pool = new Pool([provider("p", { credentials: names.map((name) => credential(name)) })], {
          clock: new ManualClock(),
          cooldown: policy,
        });
        const down = Math.min(resting, count - 1);
        for (let i = 0; i < down; i += 1) {
          pool.tryLease({ step: M, exclude: new Set() })?.release({ error: new GatewayError("unauthenticated", "failed") });
        }
        const served = new Map<string, number>();
        for (let i = 0; i < requests; i += 1) {
          const lease = pool.tryLease({ step: M, exclude: new Set() });
          if (lease === undefined) throw new Error("Nobody was free.");
          served.set(lease.credential.name, (served.get(lease.credential.name) ?? 0) + 1);
          if (i % 3 === 0) lease.release({ ok: true });
        }
        const well = names.slice(down);
        expect([...served.keys()].filter((name) => !well.includes(name))).toEqual([]);
        for (const name of well) expect(Math.abs((served.get(name) ?? 0) - requests / well.length)).toBeLessThan(1);
      },
    ),
  );
});
