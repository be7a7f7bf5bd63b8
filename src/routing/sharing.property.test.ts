/** How requests are shared over time: fairly among those who can serve, and with everybody who has recovered. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { hastyCooldownPolicy as policy } from "../../test/support/cooldown-policy.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { leaseId, stepOf } from "../../test/support/leases.ts";
import { credential, provider } from "../../test/support/providers.ts";
import { GatewayError, type ErrorKind } from "../chat/error.ts";
import { STRATEGIES, type Credential, type StrategyName } from "../providers/provider.ts";
import type { CooldownPolicy } from "./cooldown.ts";
import type { Lease } from "./lease.ts";
import { Pool } from "./pool.ts";
import type { Step } from "./target.ts";

const HOUR_MS = 3_600_000;

/** One step over two providers, with so many credentials each. */
class Shared {
  readonly clock = new ManualClock();
  readonly step: Step;
  readonly pool: Pool;
  readonly credentials: readonly Credential[];

  constructor(strategy: StrategyName, settings: readonly Partial<Credential>[], options: Partial<CooldownPolicy> = {}) {
    const atP = Math.ceil(settings.length / 2);
    this.credentials = settings.map((settings, index) => credential(`${index < atP ? "p" : "q"}${index}`, settings));
    this.step = { ...stepOf({ provider: "p", model: "m" }, { provider: "q", model: "n" }), strategy };
    const providers = [
      provider("p", { credentials: this.credentials.slice(0, atP) }),
      provider("q", { credentials: this.credentials.slice(atP) }),
    ];
    this.pool = new Pool(providers, { clock: this.clock, random: () => 0.99, cooldown: { ...policy, ...options } });
  }

  take(exclude: ReadonlySet<string> = new Set(), session?: string): Lease | undefined {
    return this.pool.tryLease({ step: this.step, exclude, ...(session !== undefined && { session }) });
  }

  /** A request of this credential alone. */
  takeOnly(name: string): Lease {
    const others = this.credentials.filter((other) => other.name !== name);
    const lease = this.take(new Set(this.step.targets.flatMap((target) => others.map((other) => leaseId(target, other.name)))));
    if (lease === undefined) throw new Error(`${name} was not free.`);
    return lease;
  }

  /** Sets these aside, and gives the others. */
  setAside(sick: readonly boolean[]): readonly Credential[] {
    const well = this.credentials.filter((_, index) => index === 0 || sick[index] !== true);
    for (const one of this.credentials)
      if (!well.includes(one)) this.takeOnly(one.name).release({ error: new GatewayError("unauthenticated", "no") });
    return well;
  }
}

const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 6 });
const sick = fc.array(fc.boolean(), { minLength: 6, maxLength: 6 });

test("round-robin: within one of ideal at every moment, among the well of all providers", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 6 }), sick, fc.integer({ min: 1, max: 60 }), fc.nat(5), (count, sick, requests, keepEvery) => {
      const shared = new Shared(
        "round-robin",
        Array.from({ length: count }, () => ({})),
        { probeIntervalMs: HOUR_MS },
      );
      const well = shared.setAside(sick);
      const served = new Map<string, number>(well.map(({ name }) => [name, 0]));
      for (let i = 1; i <= requests; i += 1) {
        const lease = shared.take() as Lease;
        served.set(lease.credential.name, (served.get(lease.credential.name) ?? 0) + 1);
        if (keepEvery === 0 || i % keepEvery > 0) lease.release({ ok: true });
        for (const count of served.values()) expect(Math.abs(count - i / well.length)).toBeLessThan(1);
      }
      expect(served.size).toBe(well.length);
    }),
  );
});

test("weighted: within rounding of the weights at every moment, among the well of all providers", () => {
  fc.assert(
    fc.property(weights, sick, fc.integer({ min: 1, max: 100 }), (weights, sick, requests) => {
      const shared = new Shared(
        "weighted",
        weights.map((weight) => ({ weight })),
        { probeIntervalMs: HOUR_MS },
      );
      const well = shared.setAside(sick);
      const total = well.reduce((sum, { weight = 1 }) => sum + weight, 0);
      const served = new Map<string, number>();
      for (let i = 1; i <= requests; i += 1) {
        const lease = shared.take() as Lease;
        served.set(lease.credential.name, (served.get(lease.credential.name) ?? 0) + 1);
        lease.release({ ok: true });
        const tolerance = i % total === 0 ? 1e-9 : Math.max(1, well.length - 1);
        for (const { name, weight = 1 } of well) expect(Math.abs((served.get(name) ?? 0) - (i * weight) / total)).toBeLessThan(tolerance);
      }
      expect([...served.keys()].filter((name) => !well.some((one) => one.name === name))).toEqual([]);
    }),
  );
});

test.each(["round-robin", "weighted", "least-busy"] as const)(
  "%s: whoever can serve is served before long, whoever fails and recovers beside it",
  (strategy) => {
    const turn = fc.record({
      ms: fc.constantFrom(0, 1, 20, 100),
      failure: fc.constantFrom<ErrorKind | undefined>(undefined, undefined, undefined, "rate-limited", "overloaded", "unauthenticated"),
      session: fc.constantFrom(undefined, undefined, undefined, "s"),
    });
    fc.assert(
      fc.property(weights, fc.array(turn, { maxLength: 200, size: "max" }), (weights, turns) => {
        const shared = new Shared(
          strategy,
          weights.map((weight) => ({ weight })),
        );
        const bound = strategy === "weighted" ? weights.reduce((sum, weight) => sum + weight) * weights.length : weights.length;
        const passedOver = new Map<string, number>();
        for (const { ms, failure, session } of turns) {
          shared.clock.advance(ms);
          const lease = shared.take(undefined, session);
          if (!lease) continue;
          const { name } = lease.credential;
          // Neither a probe nor a conversation's request takes anybody's turn.
          const counts = !lease.probe && lease.choice.affinity !== "kept";
          for (const { credential, reason } of lease.choice.passedOver) {
            if (reason !== "turn") passedOver.set(credential, 0);
            else if (counts) passedOver.set(credential, (passedOver.get(credential) ?? 0) + 1);
          }
          passedOver.set(name, 0);
          for (const times of passedOver.values()) expect(times).toBeLessThan(bound);
          lease.release(failure === undefined ? { ok: true } : { error: new GatewayError(failure, "failed") });
        }
      }),
      { numRuns: 200 },
    );
  },
);

test.each(STRATEGIES)(
  "%s: whatever failed and for how long, all rests have ended a probe interval after the last failure",
  (strategy) => {
    const SPACING_MS = 2;
    const kinds = [
      "rate-limited",
      "unauthenticated",
      "billing",
      "permission",
      "model-not-found",
      "overloaded",
      "transport",
      "timeout",
    ] as const;
    const outage = fc.record({
      /** Those that fail: one, or all of a provider. */
      who: fc.constantFrom("p0", "p1", "q2", "q3", "p", "q"),
      from: fc.nat({ max: 1_000 }),
      lasts: fc.integer({ min: 1, max: 800 }),
      failure: fc.record(
        { kind: fc.constantFrom(...kinds), retryAfterMs: fc.integer({ min: 0, max: 9_000 }), scope: fc.constant("account" as const) },
        { requiredKeys: ["kind"] },
      ),
    });
    const settings = fc.array(fc.record({ weight: fc.constantFrom(1, 1, 5), account: fc.constantFrom("one", "two", "three") }), {
      minLength: 2,
      maxLength: 4,
    });
    fc.assert(
      fc.property(settings, fc.array(outage, { maxLength: 6, size: "max" }), (settings, outages) => {
        const shared = new Shared(strategy, settings);
        const { clock, pool } = shared;
        const wellFrom = Math.max(0, ...outages.map(({ from, lasts }) => from + lasts));
        const request = (session: string | undefined): void => {
          const exclude = new Set<string>();
          for (let lease = shared.take(exclude, session); lease !== undefined; lease = shared.take(exclude, session)) {
            const { name } = lease.credential;
            const now = clock.now();
            const fault = outages.find(({ who, from, lasts }) => name.startsWith(who) && now >= from && now < from + lasts)?.failure;
            if (fault === undefined) return lease.release({ ok: true });
            const { kind, ...detail } = fault;
            lease.release({ error: new GatewayError(kind, "failed", detail) });
            exclude.add(lease.id);
          }
        };
        // A conversation's requests beside those of none.
        for (let turn = 0; clock.now() <= wellFrom + policy.probeIntervalMs + 2 * SPACING_MS * (settings.length + 2); turn += 1) {
          request(turn % 2 === 0 ? "s" : undefined);
          clock.advance(SPACING_MS);
        }
        const resting = pool
          .describe()
          .flatMap(({ circuit, credentials }) => [circuit, ...credentials.map(({ cooldowns }) => cooldowns)].flat());
        expect(resting).toEqual([]);
      }),
      { numRuns: 100 },
    );
  },
  30_000,
);
