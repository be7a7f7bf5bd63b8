import { beforeEach, describe, expect, test } from "vitest";
import { testCooldownPolicy as policy } from "../../test/support/cooldown-policy.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { askFor, stepOf, type AskSettings } from "../../test/support/leases.ts";
import { credential, provider } from "../../test/support/providers.ts";
import { GatewayError, type ErrorDetail, type ErrorKind } from "../chat/error.ts";
import type { Credential } from "../providers/provider.ts";
import type { Lease, LeaseRequest } from "./lease.ts";
import { Pool, type PoolOptions } from "./pool.ts";
import { PoolRefusal } from "./refusal.ts";

type Asked = AskSettings & { readonly model?: string };

let clock: ManualClock;

beforeEach(() => {
  clock = new ManualClock();
});

function poolOf(credentials: readonly Credential[], options: PoolOptions = {}): Pool {
  return new Pool([provider("p", { credentials })], { clock, random: () => 0, cooldown: policy, ...options });
}

function ask({ model = "m", excluded, preferredAccount, ...rest }: Asked = {}): LeaseRequest {
  return askFor(stepOf({ provider: "p", model }), { excluded, preferredAccount, ...rest });
}

function failure(kind: ErrorKind, detail: ErrorDetail = {}): { error: GatewayError } {
  return { error: new GatewayError(kind, "failed", detail) };
}

function take(pool: Pool, settings: Asked = {}): Lease {
  const lease = pool.tryLease(ask(settings));
  if (lease === undefined) throw new Error("No credential was free.");
  return lease;
}

/** Serves one request well and says who did. */
function serve(pool: Pool, settings: Asked = {}): string {
  const lease = take(pool, settings);
  lease.release({ ok: true });
  return lease.credential.name;
}

function inUse(pool: Pool): number {
  return (pool.describe()[0]?.credentials ?? []).reduce((sum, { inUse }) => sum + inUse, 0);
}

async function refusalOf(promise: Promise<unknown>): Promise<PoolRefusal> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PoolRefusal)) throw new Error("It was not refused.", { cause: error });
  return error;
}

describe("acceptance cases of resilience §1", () => {
  test("[2] two keys both answer 429; when their cooldown ends both serve again; permits in use return to zero", async () => {
    const pool = poolOf([credential("a"), credential("b")]);
    for (let round = 0; round < 3; round += 1) {
      const first = take(pool);
      first.release(failure("rate-limited"));
      const second = take(pool, { excluded: [first.credential.name] });
      second.release(failure("rate-limited"));
      expect(second.credential.name).not.toBe(first.credential.name);
      const refusal = await refusalOf(pool.lease(ask({ excluded: ["a", "b"] })));
      expect(refusal).toMatchObject({ kind: "rate-limited", detail: { retryAfterMs: 1_000 * 2 ** round } });
      expect(inUse(pool)).toBe(0);
      clock.advance(1_000 * 2 ** round);
    }
    expect([serve(pool), serve(pool)].sort()).toEqual(["a", "b"]);
    expect([serve(pool), serve(pool)].sort()).toEqual(["a", "b"]);
    expect(pool.describe()[0]?.credentials.flatMap(({ cooldowns }) => cooldowns)).toEqual([]);
    expect(inUse(pool)).toBe(0);
  });

  test("[3] permits per credential, a bounded fair queue with a deadline, and a client that leaves causes no call", async () => {
    const pool = poolOf([credential("a", { maxConcurrency: 1 }), credential("b", { maxConcurrency: 1 })], {
      waiting: { maxWaiting: 3, maxWaitMs: 500 },
    });
    const running = [take(pool), take(pool)];
    expect(pool.tryLease(ask())).toBeUndefined();

    const client = new AbortController();
    const served: string[] = [];
    const first = pool.lease(ask({ signal: client.signal }));
    const second = pool.lease(ask()).then((lease) => {
      served.push("second");
      return lease;
    });
    const third = pool.lease(ask()).then((lease) => {
      served.push("third");
      return lease;
    });
    await expect(pool.lease(ask())).rejects.toMatchObject({ kind: "unavailable" });
    client.abort();
    await expect(first).rejects.toMatchObject({ kind: "cancelled" });
    expect(inUse(pool)).toBe(2);

    running[1]?.release({ ok: true });
    const lease = await second;
    expect(lease.credential.name).toBe("b");
    expect(served).toEqual(["second"]);
    lease.release({ ok: true });
    (await third).release({ ok: true });

    const late = pool.lease(ask({ excluded: ["b"] }));
    clock.advance(500);
    await expect(late).rejects.toMatchObject({ kind: "unavailable" });
    running[0]?.release({ ok: true });
    expect(pool.describe()).toMatchObject([{ waiting: 0, credentials: [{ inUse: 0 }, { inUse: 0 }] }]);
    expect(clock.pending).toBe(0);
  });

  test("[9] a credential that answers 401 is set aside, visibly, and another serves", async () => {
    const pool = poolOf([credential("dead"), credential("alive")]);
    const lease = take(pool);
    expect(lease.credential.name).toBe("dead");
    lease.release(failure("unauthenticated"));
    for (let i = 0; i < 10; i += 1) expect(serve(pool, { model: `model ${i}` })).toBe("alive");
    expect(pool.describe()[0]?.credentials[0]).toEqual({
      name: "dead",
      priority: 0,
      inUse: 0,
      rates: [],
      cooldowns: [{ why: "unauthenticated", class: "down", failures: 1, sinceMs: 0, nextProbeMs: 10_000, probing: false }],
    });

    clock.advance(10_000);
    const probe = take(pool);
    expect([probe.credential.name, probe.probe]).toEqual(["dead", true]);
    probe.release(failure("unauthenticated"));
    expect(serve(pool)).toBe("alive");

    take(pool).release(failure("billing"));
    const refusal = await refusalOf(pool.lease(ask()));
    expect(refusal).toMatchObject({
      kind: "bad-credential",
      message: 'Every credential of provider "p" was refused for the model "m": dead (unauthenticated), alive (billing).',
      detail: { shouldRetry: false },
    });
  });
});

describe("choosing", () => {
  test("goes round, highest tier first, the next tier while that one rests or is busy", () => {
    const pool = poolOf([
      credential("low"),
      credential("a", { priority: 5, maxConcurrency: 1 }),
      credential("b", { priority: 5, maxConcurrency: 1 }),
    ]);
    expect([serve(pool), serve(pool), serve(pool)]).toEqual(["a", "b", "a"]);
    const busy = [take(pool), take(pool)];
    expect(serve(pool)).toBe("low");
    for (const lease of busy) lease.release(failure("rate-limited"));
    expect(serve(pool)).toBe("low");
    clock.advance(1_000);
    expect([serve(pool), serve(pool)].sort()).toEqual(["a", "b"]);
  });

  test("rests hold one model: others go on with the same credential", () => {
    const pool = poolOf([credential("a")]);
    take(pool).release(failure("rate-limited"));
    expect(pool.tryLease(ask())).toBeUndefined();
    expect(serve(pool, { model: "other" })).toBe("a");
  });

  test("a probe is one request; its cancellation tells nothing, its success ends the rest", () => {
    const pool = poolOf([credential("a")]);
    take(pool).release(failure("rate-limited"));
    clock.advance(1_000);
    const probe = take(pool);
    expect(probe.probe).toBe(true);
    expect(pool.tryLease(ask())).toBeUndefined();
    probe.release({ cancelled: true });
    expect(pool.describe()[0]?.credentials[0]?.cooldowns).toMatchObject([{ failures: 1, probing: false }]);
    take(pool).release({ ok: true });
    expect(take(pool).probe).toBe(false);
    expect(take(pool).probe).toBe(false);
  });

  test("a probe that has begun to answer lets the others in before it ends", () => {
    const pool = poolOf([credential("a")]);
    take(pool).release(failure("rate-limited"));
    clock.advance(1_000);
    const probe = take(pool);
    probe.confirm();
    const other = take(pool);
    expect(other.probe).toBe(false);
    probe.release(failure("transport"));
    other.release({ ok: true });
    expect(inUse(pool)).toBe(0);
  });

  test("a probe that reports twice does not end the probe after it", () => {
    const pool = poolOf([credential("a"), credential("b")]);
    take(pool).release(failure("upstream"));
    take(pool).release(failure("rate-limited"));
    clock.advance(100);
    const probe = take(pool);
    const lastResort = take(pool);
    expect([probe, lastResort].map((lease) => [lease.credential.name, lease.probe])).toEqual([
      ["a", true],
      ["a", false],
    ]);
    clock.advance(900);
    take(pool, { excluded: ["a"] }).release({ ok: true });
    lastResort.release(failure("upstream"));
    probe.confirm();
    clock.advance(200);
    const second = take(pool, { excluded: ["b"] });
    expect(second.probe).toBe(true);
    probe.release({ ok: true });
    expect(pool.tryLease(ask({ excluded: ["b"] }))).toBeUndefined();
    second.release({ ok: true });
    expect(inUse(pool)).toBe(0);
  });

  test("a lease is given back once, whatever is said twice", () => {
    const pool = poolOf([credential("a", { maxConcurrency: 1 })]);
    const lease = take(pool);
    lease.release({ ok: true });
    lease.release(failure("rate-limited"));
    lease.confirm();
    expect(inUse(pool)).toBe(0);
    const next = take(pool);
    lease.release({ ok: true });
    expect(inUse(pool)).toBe(1);
    next.release({ ok: true });
  });

  test("a fault of the request leaves the credential as it was", () => {
    const pool = poolOf([credential("a")]);
    for (const kind of ["invalid-request", "context-too-long", "content-policy", "cancelled", "internal"] as const) {
      take(pool).release(failure(kind));
      expect(pool.describe()[0]?.credentials[0]?.cooldowns).toEqual([]);
    }
  });
});

describe("the only credential left", () => {
  test.each(["upstream", "overloaded", "transport", "timeout"] as const)("never rests from %s", (kind) => {
    const pool = poolOf([credential("a"), credential("b")]);
    take(pool).release(failure(kind));
    expect(pool.describe()[0]?.credentials[0]?.cooldowns).toHaveLength(1);
    for (let i = 0; i < 5; i += 1) take(pool).release(failure(kind));
    expect(pool.describe()[0]?.credentials[1]?.cooldowns).toEqual([]);
  });

  test("a 429 always rests it, and the hint is told at once", async () => {
    const pool = poolOf([credential("a")]);
    take(pool).release(failure("rate-limited", { retryAfterMs: 7_000 }));
    const refusal = await refusalOf(pool.lease(ask()));
    expect(refusal).toMatchObject({ kind: "rate-limited", detail: { retryAfterMs: 7_000 } });
    expect(refusal.reasons).toEqual([{ credential: "a", state: "cooling", why: "rate-limited", recoversMs: 7_000 }]);
  });

  test("serves although it stumbled, once the others are limited", async () => {
    const pool = poolOf([credential("a"), credential("b")]);
    take(pool).release(failure("upstream"));
    take(pool).release(failure("rate-limited"));
    const lease = take(pool);
    expect([lease.credential.name, lease.probe]).toEqual(["a", false]);
    expect(serve(pool)).toBe("a");
    expect(pool.describe()[0]?.credentials[0]?.cooldowns).toEqual([]);
    lease.release({ ok: true });
    const refusal = await refusalOf(pool.lease(ask({ excluded: ["a"] })));
    expect(refusal.reasons).toMatchObject([
      { credential: "a", state: "excluded" },
      { credential: "b", state: "cooling" },
    ]);
  });
});

describe("what may follow", () => {
  test("the only credential rests from a stumble where another step follows, and is tried again in time", () => {
    const pool = poolOf([credential("a")]);
    take(pool, { othersFollow: true }).release(failure("timeout"));
    expect(pool.tryLease(ask({ othersFollow: true }))).toBeUndefined();
    expect(take(pool).credential.name).toBe("a");
    clock.advance(100);
    expect(take(pool, { othersFollow: true }).probe).toBe(true);
  });
});

describe("a request that was accepted", () => {
  test("shows that its credential is good, and not that its provider will not stumble over it", () => {
    const pool = poolOf([credential("a"), credential("b")]);
    const [first, second] = [take(pool), take(pool)];
    first.release(failure("upstream"));
    second.release(failure("permission"));
    clock.advance(10_000);
    for (const probe of [take(pool), take(pool)]) probe.accept();
    const classes = pool.describe()[0]?.credentials.map(({ cooldowns }) => cooldowns.map((row) => row.class));
    expect(classes).toEqual([["transient"], []]);
  });
});

describe("waiting", () => {
  test("for a probe's verdict: its success serves all", async () => {
    const pool = poolOf([credential("a")]);
    take(pool).release(failure("rate-limited"));
    clock.advance(1_000);
    const probe = take(pool);
    const waiting = [pool.lease(ask()), pool.lease(ask())];
    expect(pool.describe()[0]?.waiting).toBe(2);
    probe.confirm();
    for (const lease of await Promise.all(waiting)) lease.release({ ok: true });
    probe.release({ ok: true });
    expect(inUse(pool)).toBe(0);
  });

  test("for a probe's verdict: its failure is told to all at once", async () => {
    const pool = poolOf([credential("a")]);
    take(pool).release(failure("rate-limited"));
    clock.advance(1_000);
    const probe = take(pool);
    const waiting = [pool.lease(ask()), pool.lease(ask())];
    probe.release(failure("rate-limited"));
    for (const result of await Promise.allSettled(waiting)) {
      expect(result).toMatchObject({ status: "rejected", reason: { kind: "rate-limited", detail: { retryAfterMs: 2_000 } } });
    }
  });

  test("ends when a rest ends, though nobody gives anything back", async () => {
    const pool = poolOf([credential("a", { maxConcurrency: 1 }), credential("b")]);
    const running = take(pool);
    take(pool).release(failure("rate-limited"));
    const waiting = pool.lease(ask());
    clock.advance(1_000);
    const lease = await waiting;
    expect([lease.credential.name, lease.probe]).toEqual(["b", true]);
    lease.release({ ok: true });
    running.release({ ok: true });
    clock.advance(60_000);
    expect(clock.pending).toBe(0);
  });

  test("a newcomer does not overtake, even before a timer has told that a rest is over", async () => {
    let now = 0;
    const pool = poolOf([credential("a", { maxConcurrency: 1 }), credential("b")], { clock: { now: () => now, after: () => () => {} } });
    const running = take(pool);
    take(pool).release(failure("rate-limited"));
    const waiting = pool.lease(ask());
    now = 1_000;
    expect(pool.tryLease(ask())).toBeUndefined();
    (await waiting).release({ ok: true });
    running.release({ ok: true });
    expect(inUse(pool)).toBe(0);
  });

  test("a newcomer does not overtake", async () => {
    const pool = poolOf([credential("a", { maxConcurrency: 1 })]);
    const running = take(pool);
    const waiting = pool.lease(ask());
    running.release({ ok: true });
    expect(pool.tryLease(ask())).toBeUndefined();
    (await waiting).release({ ok: true });
    expect(serve(pool)).toBe("a");
  });

  test("is no use to a client that has left already, or in a pool without credentials", async () => {
    await expect(poolOf([credential("a")]).lease(ask({ signal: AbortSignal.abort() }))).rejects.toMatchObject({ kind: "cancelled" });
    expect(await refusalOf(poolOf([]).lease(ask()))).toMatchObject({ kind: "unavailable", reasons: [] });
  });

  test("every credential cooling is another refusal than every one of them unable to use the model", async () => {
    const pool = poolOf([credential("a"), credential("b")]);
    take(pool).release(failure("model-not-found"));
    take(pool).release(failure("model-not-found"));
    expect(await refusalOf(pool.lease(ask()))).toMatchObject({ kind: "model-not-found" });
    expect(serve(pool, { model: "other" })).toBe("a");
  });
});

test("nothing that is shown holds a secret", async () => {
  const pool = poolOf([credential("a", { apiKey: "sk-secret" })]);
  take(pool).release(failure("unauthenticated"));
  const refusal = await refusalOf(pool.lease(ask()));
  expect(JSON.stringify([pool.describe(), refusal.message, refusal.detail, refusal.reasons])).not.toContain("sk-secret");
});
