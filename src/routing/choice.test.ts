/** Who of those that can serve gets the request, and what is said of the others; by the pool that asks. */
import { beforeEach, describe, expect, test } from "vitest";
import { testCooldownPolicy as policy } from "../../test/support/cooldown-policy.ts";
import { askFor, stepOf, type AskSettings } from "../../test/support/leases.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { credential, provider } from "../../test/support/providers.ts";
import { GatewayError, type ErrorDetail, type ErrorKind } from "../chat/error.ts";
import { STRATEGIES, type Credential, type StrategyName } from "../providers/provider.ts";
import type { Lease } from "./lease.ts";
import { Pool, type PoolOptions } from "./pool.ts";
import type { Step } from "./target.ts";

let clock: ManualClock;
let pool: Pool;
let step: Step;

beforeEach(() => {
  clock = new ManualClock();
});

function poolOf(credentials: readonly Credential[], strategy: StrategyName = "round-robin", options: PoolOptions = {}): void {
  pool = new Pool([provider("p", { credentials })], { clock, random: () => 0, cooldown: policy, ...options });
  step = { ...stepOf({ provider: "p", model: "m" }), strategy };
}

function take(settings: AskSettings = {}): Lease {
  const lease = pool.tryLease(askFor(step, settings));
  if (!lease) throw new Error("No credential was free.");
  return lease;
}

function serve(settings: AskSettings = {}): string {
  const lease = take(settings);
  lease.release({ ok: true });
  return lease.credential.name;
}

function failure(kind: ErrorKind, detail: ErrorDetail = {}): { error: GatewayError } {
  return { error: new GatewayError(kind, "failed", detail) };
}

/** The next request of this one alone says that it has nothing left. */
function useUp(names: readonly string[], of: readonly string[], resetMs = 5_000): void {
  for (const name of names) {
    const lease = take({ excluded: of.filter((other) => other !== name) });
    lease.noteRates([{ unit: "requests", remaining: 0, resetMs }]);
    lease.release({ ok: true });
  }
}

function reasons({ choice: { passedOver } }: Pick<Lease, "choice">): Record<string, unknown> {
  return Object.fromEntries(
    passedOver.map(({ credential, reason, why, recoversMs }) => [
      credential,
      why === undefined && recoversMs === undefined ? reason : [reason, why, recoversMs],
    ]),
  );
}

describe.each(STRATEGIES)("before the strategy %s", (strategy) => {
  test("priority decides", () => {
    // By whatever is measured, the lower one would have it.
    const priceOf = () => 1;
    poolOf([credential("low", { weight: 99 }), credential("high", { priority: 1, maxConcurrency: 1 })], strategy, { priceOf });
    expect([serve(), serve(), serve()]).toEqual(["high", "high", "high"]);
    const lease = take();
    expect([serve(), serve()]).toEqual(["low", "low"]);
    lease.release({ ok: true });
    expect(reasons(take())).toEqual({ low: "priority" });
  });

  test("having something to spend decides, before priority too", () => {
    poolOf([credential("a"), credential("high", { priority: 1 })], strategy);
    useUp(["high"], ["a", "high"]);
    const lease = take();
    expect([lease.credential.name, reasons(lease)]).toEqual(["a", { high: "used-up" }]);
    lease.release({ ok: true });
    clock.advance(5_000);
    expect(serve()).toBe("high");
  });

  test("who is due to be tried again is tried, by one request", () => {
    poolOf([credential("a"), credential("b"), credential("c")], strategy);
    const lease = take({ excluded: ["a", "b"] });
    lease.release(failure("rate-limited"));
    for (let i = 0; i < 5; i += 1) expect(serve()).not.toBe("c");
    clock.advance(1_000);
    const probe = take();
    expect([probe.credential.name, probe.probe]).toEqual(["c", true]);
    for (let i = 0; i < 5; i += 1) expect(serve()).not.toBe("c");
    expect(reasons(take())).toMatchObject({ c: ["probing", "rate-limited", 0] });
  });
});

test("where nobody has anything left to spend, the one that has it soonest is asked: what was told may be wrong", () => {
  poolOf([credential("a"), credential("b"), credential("c", { priority: 1 })]);
  useUp(["a"], ["a", "b", "c"], 3_000);
  useUp(["b"], ["a", "b", "c"], 2_000);
  useUp(["c"], ["a", "b", "c"], 4_000);
  const lease = take();
  expect([lease.credential.name, reasons(lease)]).toEqual(["b", { a: "used-up", c: "used-up" }]);
});

test("limits that are declared pass a credential over before its provider refuses", () => {
  poolOf([credential("a", { limits: { rpm: 2 } }), credential("b")]);
  expect([0, 1, 2, 3, 4, 5].map(() => serve())).toEqual(["a", "b", "a", "b", "b", "b"]);
  clock.advance(30_001);
  expect(serve()).toBe("a");
});

test("declared tokens are spent however the answer ended", () => {
  const outcomes = [{ ok: true as const }, failure("invalid-request"), { cancelled: true as const }];
  for (const outcome of outcomes) {
    poolOf([credential("a", { limits: { tpm: 100 } }), credential("b")]);
    take().release({ ...outcome, tokens: 150 });
    expect([serve(), serve()]).toEqual(["b", "b"]);
    clock.advance(60_000);
    expect(serve()).toBe("a");
  }
});

test("a conversation's credential goes before priority, not before having something to spend, and gets it back", () => {
  poolOf([credential("a"), credential("b")]);
  expect(serve({ session: "s" })).toBe("a");
  pool.configure([provider("p", { credentials: [credential("a"), credential("b", { priority: 9 })] })]);
  const kept = take({ session: "s" });
  expect([kept.credential.name, kept.choice.affinity, reasons(kept)]).toEqual(["a", "kept", { b: "affinity" }]);
  kept.noteRates([{ unit: "requests", remaining: 0, resetMs: 5_000 }]);
  const moved = take({ session: "s" });
  expect([moved.credential.name, moved.choice.affinity, reasons(moved)]).toEqual(["b", "moved", { a: "used-up" }]);
  clock.advance(5_000);
  expect(serve({ session: "s" })).toBe("a");
});

test("of the account that minted the conversation's state, the key that it is bound to", () => {
  const account = { account: "account of a" };
  poolOf([credential("a"), credential("a2", account), credential("b")]);
  expect(serve({ session: "s", excluded: ["a", "b"] })).toBe("a2");
  for (let i = 0; i < 3; i += 1) expect(serve({ session: "s", preferredAccount: "account of a" })).toBe("a2");
  expect(serve({ session: "another", preferredAccount: "account of a" })).toBe("a");
});

test("says of everybody else why not, what it rests from and for how long", () => {
  poolOf([
    credential("limited"),
    credential("refused"),
    credential("busy", { maxConcurrency: 1 }),
    credential("tried"),
    credential("used-up"),
    credential("low", { priority: -1 }),
    credential("next"),
    credential("chosen"),
  ]);
  const all = ["limited", "refused", "busy", "tried", "used-up", "low", "next", "chosen"];
  const alone = (name: string): AskSettings => ({ excluded: all.filter((other) => other !== name) });
  take(alone("limited")).release(failure("rate-limited", { retryAfterMs: 7_000 }));
  take(alone("refused")).release(failure("unauthenticated"));
  take(alone("busy"));
  useUp(["used-up"], all);
  take(alone("next")).release({ ok: true });
  const lease = take({ excluded: ["tried"] });
  expect(lease.credential.name).toBe("chosen");
  expect(reasons(lease)).toEqual({
    limited: ["cooling", "rate-limited", 7_000],
    refused: ["down", "unauthenticated", undefined],
    busy: "busy",
    tried: "excluded",
    "used-up": "used-up",
    low: "priority",
    next: "turn",
  });
});

describe("a look", () => {
  beforeEach(() => poolOf([credential("a"), credential("b"), credential("c")], "weighted"));

  test("tells who would get it, and then that one does", () => {
    for (let i = 0; i < 7; i += 1) {
      const look = pool.look(askFor(step, { session: `s${i % 2}` }));
      expect(pool.look(askFor(step, { session: `s${i % 2}` }))).toEqual(look);
      const lease = take({ session: `s${i % 2}` });
      expect({ credential: lease.credential.name, ...lease.choice }).toEqual({
        credential: look.chosen?.credential,
        affinity: look.affinity,
        passedOver: look.passedOver,
      });
      lease.release(i % 3 === 2 ? failure("rate-limited") : { ok: true });
      clock.advance(300);
    }
  });

  test("says that a conversation would move when its credential rests", () => {
    take({ session: "s" }).release({ ok: true });
    take({ excluded: ["b", "c"] }).release(failure("rate-limited"));
    expect(pool.look(askFor(step, { session: "s" })).affinity).toBe("moved");
    expect(take({ session: "s" }).choice.affinity).toBe("moved");
  });

  test("says of all why nobody could serve", () => {
    for (let i = 0; i < 3; i += 1) take().release(failure("rate-limited"));
    const { chosen, passedOver } = pool.look(askFor(step));
    expect(chosen).toBeUndefined();
    expect(passedOver.map(({ reason }) => reason)).toEqual(["cooling", "cooling", "cooling"]);
  });
});
