/** Other providers and credentials while a pool is in use. */
import { beforeEach, describe, expect, test } from "vitest";
import { askFor, stepOf, type AskSettings } from "../../test/support/leases.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { credential, provider } from "../../test/support/providers.ts";
import { GatewayError } from "../chat/error.ts";
import type { Credential, Provider } from "../providers/provider.ts";
import { defaultAffinityLimits } from "./affinity.ts";
import { defaultCooldownPolicy } from "./cooldown.ts";
import type { Lease } from "./lease.ts";
import { Pool } from "./pool.ts";

let clock: ManualClock;
let pool: Pool;

beforeEach(() => {
  clock = new ManualClock();
  pool = new Pool([at("p", "a", "b")], { clock, random: () => 0 });
});

/** A provider with these credentials, by name or as they are. */
const at = (name: string, ...credentials: (string | Credential)[]): Provider =>
  provider(name, { credentials: credentials.map((one) => (typeof one === "string" ? credential(one) : one)) });

const ask = (settings: AskSettings = {}) => askFor(stepOf({ provider: "p", model: "m" }), settings);
const take = (settings?: AskSettings): Lease | undefined => pool.tryLease(ask(settings));
const limited = { error: new GatewayError("rate-limited", "Wait.", { retryAfterMs: 60_000 }) };
const refused = { error: new GatewayError("unauthenticated", "No.") };

/** Who serves the next two requests. */
function serving(): (string | undefined)[] {
  const leases = [take(), take()];
  for (const lease of leases) lease?.release({ ok: true });
  return leases.map((lease) => lease?.credential.name);
}

/** Lets a credential fail. */
function fail(name: string, outcome = limited): void {
  const others = ["a", "b"].filter((other) => other !== name);
  take({ excluded: others })?.release(outcome);
}

const inUse = (): number[] => pool.describe().flatMap(({ credentials }) => credentials.map((one) => one.inUse));

describe("what is left as it is keeps its state", () => {
  test("its rest, whatever comes, goes and changes beside it", () => {
    fail("a");
    pool.configure([at("q", "x"), at("p", "a", credential("b", { apiKey: "another" }), "c")]);
    expect(new Set(serving())).toEqual(new Set(["b", "c"]));
    clock.advance(70_000);
    expect(pool.describe()[1]?.credentials.map(({ cooldowns }) => cooldowns.length)).toEqual([1, 0, 0]);
    expect([serving(), serving()].flat()).toContain("a");
  });

  test("its rest, under another name and with other settings", () => {
    fail("a");
    pool.configure([at("p", { ...credential("a"), name: "new", priority: 5, maxConcurrency: 1 }, "b")]);
    expect(serving()).toEqual(["b", "b"]);
  });

  test("its requests under way, which may be more than it is allowed now", () => {
    const leases = [take({ excluded: ["b"] }), take({ excluded: ["b"] })];
    pool.configure([at("p", credential("a", { maxConcurrency: 1 }))]);
    expect(inUse()).toEqual([2]);
    expect(take()).toBeUndefined();
    leases[0]?.release({ ok: true });
    expect(take()).toBeUndefined();
    leases[1]?.release({ ok: true });
    expect(inUse()).toEqual([0]);
    expect(take()?.credential.name).toBe("a");
  });

  test("its turns", () => {
    expect(take()?.credential.name).toBe("a");
    pool.configure([at("p", "a", "b")]);
    expect(serving()).toEqual(["b", "a"]);
    pool.configure([at("p", "a", "b", "c")]);
    expect(take()?.credential.name).toBe("c");
  });

  test("its conversations", () => {
    const first = take({ session: "s" });
    first?.release({ ok: true });
    pool.configure([at("p", "c", "b", "a")]);
    for (let round = 0; round < 3; round += 1) {
      const lease = take({ session: "s" });
      expect(lease?.credential.name).toBe(first?.credential.name);
      lease?.release({ ok: true });
    }
  });
});

describe("what is changed begins anew", () => {
  test("another key under the same name", () => {
    fail("a", refused);
    pool.configure([at("p", credential("a", { apiKey: "another", account: "another" }))]);
    expect(serving()).toEqual(["a", "a"]);
  });

  test("another key of the same account, for what was wrong with the old one may be right with it", () => {
    fail("a", refused);
    pool.configure([at("p", credential("a", { apiKey: "another" }))]);
    expect(serving()).toEqual(["a", "a"]);
  });

  test("the same provider at another address", () => {
    fail("a");
    const moved = { ...at("p", "a"), origin: "https://elsewhere.test" };
    pool.configure([moved]);
    const [target] = stepOf({ provider: "p", model: "m" }).targets;
    if (!target) throw new Error("a step has a target");
    const step = { id: "p", strategy: "round-robin" as const, targets: [{ ...target, provider: moved }] };
    expect(pool.tryLease(askFor(step))?.credential.name).toBe("a");
  });
});

describe("what is gone", () => {
  test("serves nobody, and its running requests end without a trace", () => {
    const lease = take({ excluded: ["b"] });
    pool.configure([at("p", "b")]);
    expect(serving()).toEqual(["b", "b"]);
    lease?.release(limited);
    expect(serving()).toEqual(["b", "b"]);
    expect(inUse()).toEqual([0]);
  });

  test("is refused to those who wait for it", async () => {
    pool.configure([at("p", credential("a", { maxConcurrency: 1 }))]);
    const lease = take();
    const waiting = pool.lease(ask());
    pool.configure([at("q", "x")]);
    await expect(waiting).rejects.toMatchObject({ kind: "unavailable", message: 'Provider "p" has no credentials.' });
    lease?.release({ ok: true });
    expect(clock.pending).toBe(0);
  });

  test("is not mistaken for another host of its name: a request that began before gets no key of that one", () => {
    pool.configure([{ ...at("p", "a"), origin: "https://elsewhere.test" }]);
    expect(take()).toBeUndefined();
    pool.configure([{ ...at("p", "a"), type: "another" }]);
    expect(take()).toBeUndefined();
    pool.configure([at("p", "a")]);
    expect(take()?.credential.name).toBe("a");
  });
});

test("who waits is served by what comes", async () => {
  pool.configure([at("p", credential("a", { maxConcurrency: 1 }))]);
  const lease = take();
  const waiting = pool.lease(ask());
  pool.configure([at("p", credential("a", { maxConcurrency: 1 }), "b")]);
  expect((await waiting).credential.name).toBe("b");
  lease?.release({ ok: true });
});

describe("other settings hold", () => {
  test("for rests that begin from then on, also of credentials that were there", () => {
    const until = (): (number | undefined)[] =>
      pool.describe().flatMap(({ credentials }) => credentials.flatMap(({ cooldowns }) => cooldowns.map(({ untilMs }) => untilMs)));
    fail("a");
    pool.configure([at("p", "a", "b")], { cooldown: { ...defaultCooldownPolicy, hintMaxMs: 5_000 } });
    fail("b");
    expect(until()).toEqual([60_000, 5_000]);
    pool.configure([at("p", "a", "b", "c")]);
    take({ excluded: ["a", "b"] })?.release(limited);
    expect(until()).toEqual([60_000, 5_000, 5_000]);
  });

  test("for those who begin to wait", async () => {
    const busy = [at("p", credential("a", { maxConcurrency: 1 }))];
    pool.configure(busy, { waiting: { maxWaiting: 0, maxWaitMs: 1_000 } });
    const lease = take();
    await expect(pool.lease(ask())).rejects.toMatchObject({ message: expect.stringContaining("too many requests are waiting") as string });
    lease?.release({ ok: true });
  });

  test("for conversations that there are", () => {
    const first = take({ session: "s" });
    first?.release({ ok: true });
    pool.configure([at("p", "a", "b")], { affinity: { ...defaultAffinityLimits, ttlMs: 10 } });
    clock.advance(20);
    expect(take({ session: "s" })?.choice.affinity).toBe("new");
  });
});
