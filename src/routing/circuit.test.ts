/** A provider that is down for all of its credentials. */
import { beforeEach, describe, expect, test } from "vitest";
import { askFor, stepOf, type AskSettings } from "../../test/support/leases.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { credential, provider } from "../../test/support/providers.ts";
import { GatewayError, type ErrorKind } from "../chat/error.ts";
import { Circuit } from "./circuit.ts";
import { defaultCooldownPolicy, type CooldownPolicy } from "./cooldown.ts";
import type { Lease } from "./lease.ts";
import { Pool } from "./pool.ts";
import type { Rest } from "./verdict.ts";

const policy: CooldownPolicy = { ...defaultCooldownPolicy, transientBaseMs: 100, transientMaxMs: 60_000 };
const stumbled: Rest = { class: "transient", scope: "model", hintMs: 30_000 };

describe("what opens it", () => {
  let circuit: Circuit;
  beforeEach(() => {
    circuit = new Circuit({ policy, random: () => 0 });
  });
  /** These credentials fail, of so many. */
  const fail = (names: string, of: number, now = 0, model = "m"): void => {
    for (const name of names) circuit.failed(name, of, model, stumbled, "upstream", circuit.cooldowns.mark, now);
  };
  const rests = (model = "m"): boolean => circuit.cooldowns.rowsFor(model).length > 0;

  test.each([
    ["aaaa", 1, false],
    ["a", 2, false],
    ["ab", 2, true],
    ["ab", 3, false],
    ["aba", 3, false],
    ["abc", 3, true],
    ["ab", 9, false],
    ["abc", 9, true],
  ])("failures of %s, of %i credentials: %s", (names, of, expected) => {
    fail(names, of);
    expect(rests()).toBe(expected);
  });

  test("it rests as after a stumble, whatever hint one of them gave", () => {
    fail("abc", 3);
    expect(circuit.cooldowns.describe(0)).toMatchObject([{ model: "m", why: "upstream", class: "transient", untilMs: 100 }]);
  });

  test("failures of another model do not count, nor those of long ago, nor those before an answer", () => {
    fail("a", 3, 0, "other");
    fail("bc", 3);
    fail("b", 3, 50_000);
    fail("a", 3, 60_001);
    expect(rests()).toBe(false);
    circuit.succeeded("m", circuit.cooldowns.mark);
    fail("c", 3, 60_001);
    expect(rests()).toBe(false);
  });

  test("while it is open one more failure is enough, however long ago the others failed", () => {
    fail("abc", 3);
    fail("a", 3, 100_000);
    expect(circuit.cooldowns.describe(100_000)).toMatchObject([{ failures: 2, untilMs: 200 }]);
  });

  test("names chosen by callers do not pile up", () => {
    for (let i = 0; i < 3_000; i += 1) fail("abc", 3, 0, `model ${i}`);
    expect(circuit.cooldowns.describe(0)).toHaveLength(1_000);
  });
});

describe("in a pool", () => {
  let clock: ManualClock;
  let pool: Pool;
  const DOWN = stepOf({ provider: "p", model: "m" });
  const failed = (kind: ErrorKind = "upstream"): { error: GatewayError } => ({ error: new GatewayError(kind, "failed") });
  const take = (more: AskSettings = {}): Lease => {
    const lease = pool.tryLease(askFor(DOWN, more));
    if (!lease) throw new Error("Nobody was free.");
    return lease;
  };
  const calls = (): number => pool.describe()[0]?.credentials.reduce((sum, { inUse }) => sum + inUse, 0) ?? 0;

  beforeEach(() => {
    clock = new ManualClock();
    const credentials = ["a", "b", "c"].map((name) => credential(name));
    pool = new Pool([provider("p", { credentials }), provider("q")], { clock, random: () => 0, cooldown: policy });
    for (const excluded of [[], ["a"], ["a", "b"]]) take({ excluded, othersFollow: true }).release(failed());
    expect(pool.describe()[0]?.circuit).toMatchObject([{ model: "m", why: "upstream", failures: 1 }]);
  });

  test("requests that have somewhere else to go are told at once; those that have not are served all the same", async () => {
    expect(pool.tryLease(askFor(DOWN, { othersFollow: true }))).toBeUndefined();
    await expect(pool.lease(askFor(DOWN, { othersFollow: true }))).rejects.toMatchObject({ kind: "overloaded" });
    take().release({ ok: true });
    expect(pool.describe()[0]).toMatchObject({ circuit: [] });
  });

  test("another model of the provider goes on", () => {
    expect(pool.tryLease(askFor(stepOf({ provider: "p", model: "other" }), { othersFollow: true }))).toBeDefined();
  });

  test("a step over two providers goes on with the other, and says why not with this one", () => {
    const both = stepOf({ provider: "p", model: "m" }, { provider: "q", model: "m" });
    for (let i = 0; i < 4; i += 1) {
      const lease = pool.tryLease(askFor(both));
      expect(lease?.credential.name).toBe("q-key");
      expect(lease?.choice.passedOver.map(({ credential, reason, why }) => [credential, reason, why])).toEqual(
        ["a", "b", "c"].map((name) => [name, "circuit", "upstream"]),
      );
    }
  });

  test("while one request finds out whether it is well again, those that have somewhere else to go do not wait for it, nor try", async () => {
    clock.advance(100);
    const probe = take({ othersFollow: true });
    expect(probe.probe).toBe(true);
    expect(pool.tryLease(askFor(DOWN, { othersFollow: true }))).toBeUndefined();
    await expect(pool.lease(askFor(DOWN, { othersFollow: true }))).rejects.toMatchObject({ kind: "overloaded" });
    expect(calls()).toBe(1);
    probe.confirm();
    const others = [take({ othersFollow: true }), take({ othersFollow: true })];
    expect(others.map(({ credential }) => credential.name)).toEqual(["b", "c"]);
  });

  test("nor do they try credentials whose own rests last longer than the provider's", () => {
    clock.advance(100);
    // Each fails as a last resort, so that its own rest grows beyond the provider's.
    for (let round = 0; round < 5; round += 1) take({ excluded: ["b", "c"] }).release(failed("transport"));
    for (let ms = 0; ms < 4_000; ms += 50) {
      clock.advance(50);
      const leases = [0, 1, 2].map(() => pool.tryLease(askFor(DOWN, { othersFollow: true })));
      expect(leases.filter((lease) => lease !== undefined).length).toBeLessThan(2);
      expect(leases.filter((lease) => lease?.probe === false)).toEqual([]);
      for (const lease of leases) lease?.release(failed());
    }
  });

  test("answers that had begun before end well all the same, and say nothing about new ones", () => {
    pool.reset("p");
    const early = ["a", "b", "c"].map(() => take());
    for (const lease of early) lease.confirm();
    for (const lease of early) {
      take({ othersFollow: true }).release(failed());
      lease.release({ ok: true });
    }
    expect(pool.describe()[0]?.circuit).toMatchObject([{ why: "upstream" }]);
  });

  test("an outage that lasts costs one request per rest, not one per credential", () => {
    let asked = 0;
    for (let second = 0; second < 1_200; second += 1) {
      clock.advance(1_000);
      const exclude = new Set<string>();
      for (let lease = pool.tryLease({ step: DOWN, exclude, othersFollow: true }); lease;) {
        asked += 1;
        exclude.add(lease.id);
        lease.release(failed());
        lease = pool.tryLease({ step: DOWN, exclude, othersFollow: true });
      }
    }
    // Doubling from a second to a minute, then one a minute.
    expect(asked).toBeLessThan(30);
  });

  test("who waits when it goes down is told, and goes elsewhere", async () => {
    pool.reset("p");
    pool.configure([provider("p", { credentials: ["a", "b", "c"].map((name) => credential(name, { maxConcurrency: 1 })) })]);
    const running = [take(), take(), take()];
    const waiting = pool.lease(askFor(DOWN, { othersFollow: true }));
    for (const lease of running.slice(0, 2)) lease.release(failed());
    running[2]?.release(failed());
    await expect(waiting).rejects.toMatchObject({ kind: "overloaded" });
  });
});
