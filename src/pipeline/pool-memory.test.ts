/** What a pool knows after a restart. */
import { beforeEach, describe, expect, test } from "vitest";
import { askFor, stepOf, type AskSettings } from "../../test/support/leases.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { credential, provider } from "../../test/support/providers.ts";
import { GatewayError, type ErrorDetail, type ErrorKind } from "../chat/error.ts";
import { defaultCooldownPolicy } from "../routing/cooldown.ts";
import type { Lease } from "../routing/lease.ts";
import { Pool } from "../routing/pool.ts";
import { MemoryStateStore } from "../storage/memory-state-store.ts";
import { PoolMemory } from "./pool-memory.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const STEP = stepOf({ provider: "p", model: "m" });
const THREE = [provider("p", { credentials: ["a", "b", "c"].map((name) => credential(name)) })];

let store: MemoryStateStore;
let clock: ManualClock;
let pool: Pool;

beforeEach(() => {
  store = new MemoryStateStore();
  start();
});

/** A process that begins with what the store has, on a clock that begins anew. */
function start(providers = THREE): void {
  const memory = new PoolMemory(store);
  clock = new ManualClock();
  // A probe every minute, so that what rests for hours can be told from what is due.
  const cooldown = { ...defaultCooldownPolicy, probeIntervalMs: MINUTE_MS };
  pool = new Pool(providers, { clock, random: () => 0, cooldown, journal: memory });
  memory.restoreTo(pool);
}

/** As if everything had been written so long ago; less than nothing: as if the machine's clock had been set back since. */
function age(ms: number): void {
  for (const entry of store.load("rest")) {
    const { at, rest } = JSON.parse(entry.value) as { at: number; rest: unknown };
    store.set("rest", { ...entry, value: JSON.stringify({ at: at - ms, rest }) });
  }
}

function take(name: string, more: AskSettings = {}): Lease {
  const lease = pool.tryLease(askFor(STEP, { excluded: ["a", "b", "c"].filter((other) => other !== name), ...more }));
  if (!lease) throw new Error(`${name} was not free.`);
  return lease;
}

function fail(name: string, kind: ErrorKind, detail: ErrorDetail = {}): void {
  take(name).release({ error: new GatewayError(kind, "failed", detail) });
}

function rests(): Record<string, unknown> {
  const credentials = pool.describe()[0]?.credentials ?? [];
  return Object.fromEntries(credentials.flatMap(({ name, cooldowns: [rest] }) => (rest ? [[name, rest]] : [])));
}

describe("a rest goes on", () => {
  test("with its cause, its failures and what is left of it", () => {
    fail("a", "rate-limited", { retryAfterMs: HOUR_MS });
    clock.advance(MINUTE_MS);
    fail("a", "rate-limited", { retryAfterMs: HOUR_MS });
    fail("b", "unauthenticated");
    age(20_000);
    start();
    const shared = { nextProbeMs: 40_000, probing: false };
    expect(rests()).toEqual({
      a: {
        model: "m",
        why: "rate-limited",
        class: "rate-limit",
        failures: 2,
        sinceMs: expect.closeTo(80_000, -2) as number,
        untilMs: expect.closeTo(HOUR_MS - 20_000, -2) as number,
        ...shared,
        nextProbeMs: expect.closeTo(40_000, -2) as number,
      },
      b: {
        why: "unauthenticated",
        class: "down",
        failures: 1,
        sinceMs: expect.closeTo(20_000, -2) as number,
        ...shared,
        nextProbeMs: expect.closeTo(40_000, -2) as number,
      },
    });
    expect(pool.tryLease(askFor(STEP))?.credential.name).toBe("c");
  });

  test("and doubles when it begins again", () => {
    for (let i = 0; i < 3; i += 1) {
      fail("a", "rate-limited");
      clock.advance(HOUR_MS);
    }
    start();
    clock.advance(HOUR_MS);
    fail("a", "rate-limited");
    expect(rests()["a"]).toMatchObject({ failures: 4, untilMs: 8_000 });
  });

  test("over any number of restarts, and ends with a success", () => {
    fail("a", "rate-limited", { retryAfterMs: HOUR_MS });
    start();
    start();
    expect(rests()).toHaveProperty("a");
    clock.advance(MINUTE_MS);
    const probe = take("a");
    expect(probe.probe).toBe(true);
    probe.release({ ok: true });
    start();
    expect(rests()).toEqual({});
  });

  test("of a provider, too", () => {
    for (const name of ["a", "b", "c"]) fail(name, "overloaded");
    start();
    expect(pool.describe()[0]?.circuit).toMatchObject([{ model: "m", why: "overloaded", class: "transient" }]);
    expect(pool.tryLease(askFor(STEP, { othersFollow: true }))).toBeUndefined();
  });

  test("unless it was ended by hand", () => {
    fail("a", "unauthenticated");
    pool.reset("p", "a");
    start();
    expect(rests()).toEqual({});
  });
});

describe("no rest gets longer by a restart", () => {
  test.each([
    ["it has ended meanwhile", 2 * HOUR_MS],
    ["the machine's clock was set a year ahead", 365 * 24 * HOUR_MS],
    ["the machine's clock was set back, so that nobody knows how long ago it began", -2 * HOUR_MS],
    ["and set back by a year", -365 * 24 * HOUR_MS],
  ])("%s: it is due to be tried by one request", (_why, ms) => {
    fail("a", "rate-limited", { retryAfterMs: HOUR_MS });
    fail("b", "unauthenticated");
    age(ms);
    start();
    for (const name of ["a", "b"]) {
      expect(rests()[name]).toMatchObject({ nextProbeMs: 0 });
      const probe = take(name);
      expect(probe.probe).toBe(true);
      expect(pool.tryLease(askFor(STEP, { excluded: ["a", "b", "c"].filter((other) => other !== name) }))).toBeUndefined();
      probe.release({ ok: true });
    }
    expect(rests()).toEqual({});
  });

  test("a probe is due no later than it was", () => {
    fail("a", "rate-limited", { retryAfterMs: 5 * HOUR_MS });
    age(MINUTE_MS - 1_000);
    start();
    expect((rests()["a"] as { nextProbeMs: number }).nextProbeMs).toBeLessThanOrEqual(1_000);
  });
});

describe("it is about", () => {
  test("the same credential only: neither another key under its name nor one that is gone", () => {
    fail("a", "unauthenticated");
    start([provider("p", { credentials: [credential("a", { account: "another", apiKey: "another" }), credential("b")] })]);
    expect(rests()).toEqual({});
    start([provider("q", { credentials: [credential("a")] })]);
    expect(rests()).toEqual({});
  });

  test("nothing that cannot be read", () => {
    const expiresAt = Date.now() + HOUR_MS;
    for (const [key, value] of [
      ["no JSON", "{}"],
      ["{}", '{"at":1,"rest":{}}'],
      ["[]", '{"at":1,"rest":{}}'],
      ['["p/a/of key of a","m"]', "no JSON"],
      ['["p/a/of key of a","m"]', "null"],
      ['["p/a/of key of a","m"]', '{"at":"1"}'],
    ] as const) {
      store.set("rest", { key, value, expiresAt });
      start();
      expect(rests()).toEqual({});
    }
  });
});

describe("a conversation", () => {
  const serve = (session: string): string | undefined => {
    const lease = pool.tryLease(askFor(STEP, { session }));
    lease?.release({ ok: true });
    return lease?.credential.name;
  };

  test("stays with its credential", () => {
    const sessions = ["s1", "s2", "s3", "s4"];
    const homes = sessions.map(serve);
    expect(new Set(homes).size).toBe(3);
    start();
    expect(sessions.toReversed().map(serve).toReversed()).toEqual(homes);
  });

  test("not with one that it had to leave", () => {
    const lease = pool.tryLease(askFor(STEP, { session: "s" }));
    lease?.release({ error: new GatewayError("rate-limited", "failed", { retryAfterMs: HOUR_MS }) });
    expect(serve("s")).toBe("b");
    start();
    pool.reset("p");
    expect(serve("s")).toBe("b");
  });

  test("with nobody when its credential is gone", () => {
    expect(serve("s")).toBe("a");
    start([provider("p", { credentials: [credential("b")] })]);
    expect(serve("s")).toBe("b");
  });
});
