/** Keys of one account: what is learned of the account by one of them holds for all. */
import { beforeEach, expect, test } from "vitest";
import { askFor, leaseId, stepOf, type AskSettings } from "../../test/support/leases.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { credential, provider } from "../../test/support/providers.ts";
import { GatewayError, type ErrorDetail, type ErrorKind } from "../chat/error.ts";
import { defaultCooldownPolicy } from "./cooldown.ts";
import type { Lease } from "./lease.ts";
import { Pool } from "./pool.ts";
import type { Target } from "./target.ts";

const HOUR_MS = 3_600_000;
const policy = { ...defaultCooldownPolicy, probeIntervalMs: 10 * HOUR_MS, longMs: 80 * HOUR_MS };
const STEP = stepOf({ provider: "p", model: "m" });
const OTHER_MODEL = stepOf({ provider: "p", model: "other" });

let clock: ManualClock;
let pool: Pool;

beforeEach(() => {
  clock = new ManualClock();
  const keys = ["a1", "a2"].map((name) => credential(name, { account: "a" }));
  pool = new Pool([provider("p", { credentials: [...keys, credential("b")] })], { clock, random: () => 0, cooldown: policy });
});

/** A request of this credential alone. */
function take(name: string, step = STEP, more: AskSettings = {}): Lease {
  const all = pool.describe()[0]?.credentials.map((one) => one.name) ?? [];
  const request = askFor(step, more);
  const exclude = new Set(all.filter((other) => other !== name).map((other) => leaseId(step.targets[0] as Target, other)));
  const lease = pool.tryLease({ ...request, exclude });
  if (!lease) throw new Error(`${name} was not free.`);
  return lease;
}

function failure(kind: ErrorKind, detail: ErrorDetail = {}): { error: GatewayError } {
  return { error: new GatewayError(kind, "failed", detail) };
}

/** The credentials that rest, each with the failures that are counted. */
function resting(): Record<string, number[]> {
  const credentials = pool.describe()[0]?.credentials ?? [];
  return Object.fromEntries(
    credentials
      .filter(({ cooldowns }) => cooldowns.length > 0)
      .map(({ name, cooldowns }) => [name, cooldowns.map(({ failures }) => failures)]),
  );
}

const windowUsedUp = failure("rate-limited", { scope: "account", retryAfterMs: HOUR_MS });

test("an account's window rests all its keys for every model, and nobody else", () => {
  take("a1").release(windowUsedUp);
  expect(resting()).toEqual({ a1: [1], a2: [1] });
  for (const step of [STEP, OTHER_MODEL]) expect(pool.tryLease(askFor(step))?.credential.name).toBe("b");
});

test("a refused key says nothing about the others of its account", () => {
  take("a1").release(failure("unauthenticated"));
  expect(resting()).toEqual({ a1: [1] });
});

test("a model's limit rests all keys for that model: they share its quota, and an answer to one of them ends that", () => {
  take("a1").release(failure("rate-limited", { retryAfterMs: 1_000 }));
  expect(resting()).toEqual({ a1: [1], a2: [1] });
  expect(pool.tryLease(askFor(OTHER_MODEL))?.credential.name).toBe("a2");
  clock.advance(1_000);
  take("a2").release({ ok: true });
  expect(resting()).toEqual({});
});

test("a model that one key may not use is no matter of the others", () => {
  take("a1").release(failure("permission"));
  expect(resting()).toEqual({ a1: [1] });
});

test("what an answer tells of its limits holds for the other keys: nobody asks for a 429", () => {
  take("a1").noteRates([{ unit: "requests", remaining: 0, resetMs: 1_000 }]);
  const serving = (): (string | undefined)[] => [0, 1, 2].map(() => pool.tryLease(askFor(STEP))?.credential.name);
  expect(serving()).toEqual(["b", "b", "b"]);
  expect(pool.tryLease(askFor(OTHER_MODEL))?.credential.name).toBe("a2");
  clock.advance(1_000);
  expect(serving()).toContain("a2");
});

test("limits that are declared are the account's, whichever of its keys is asked", () => {
  const keys = ["a1", "a2"].map((name) => credential(name, { account: "a", limits: { rpm: 2, tpm: 1_000 } }));
  pool.configure([provider("p", { credentials: [...keys, credential("b")] })]);
  pool.reset("p");
  take("a1");
  take("a1");
  expect(pool.tryLease(askFor(STEP))?.credential.name).toBe("b");
  expect(pool.tryLease(askFor(STEP))?.credential.name).toBe("b");
  clock.advance(60_000);
  take("a2").release({ ok: true, tokens: 1_500 });
  const served = [0, 1, 2].map(() => pool.tryLease(askFor(STEP))?.credential.name);
  expect(served).toEqual(["b", "b", "b"]);
});

test("an answer to one key ends the guess about all of the account, but not the rest of a refused key", () => {
  take("a2").release(failure("unauthenticated"));
  take("a1").release(failure("billing"));
  expect(resting()).toEqual({ a1: [1], a2: [1] });
  clock.advance(policy.probeIntervalMs);
  take("a1").release({ ok: true });
  expect(resting()).toEqual({ a2: [1] });
});

test("requests of several keys that fail at one moment begin one rest: nothing doubles", () => {
  const running = ["a1", "a1", "a2", "a1", "a2"].map((name) => take(name));
  for (const lease of running) lease.release(failure("billing"));
  expect(resting()).toEqual({ a1: [1], a2: [1] });
  clock.advance(policy.probeIntervalMs);
  take("a2").release(failure("billing"));
  expect(resting()).toEqual({ a1: [2], a2: [2] });
});

test("an answer that began before the account was used up says nothing of it, whichever of its keys was asked", () => {
  const before = ["a1", "a2"].map((name) => take(name));
  take("a2").release(windowUsedUp);
  for (const lease of before) {
    lease.confirm();
    lease.release({ ok: true });
  }
  expect(resting()).toEqual({ a1: [1], a2: [1] });
});
