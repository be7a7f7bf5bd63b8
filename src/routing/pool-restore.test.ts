/** What a pool is told from elsewhere: by an earlier process, or by another replica. */
import { describe, expect, test } from "vitest";
import { askFor, stepOf } from "../../test/support/leases.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { credential, provider } from "../../test/support/providers.ts";
import { GatewayError } from "../chat/error.ts";
import { defaultCooldownPolicy, type KeptRest } from "./cooldown.ts";
import { Pool } from "./pool.ts";

const REST: KeptRest = { why: "rate-limited", class: "rate-limit", failures: 2, sinceMs: 1_000, untilMs: 60_000, nextProbeMs: 60_000 };
const step = stepOf({ provider: "up", model: "m" });
const OWNER = `up/a/${credential("a").fingerprint}`;

function poolOf(...names: readonly string[]) {
  const clock = new ManualClock();
  const heard: string[] = [];
  const journal = {
    rest: (owner: string, model: string | undefined, rest?: KeptRest) => void heard.push(`${owner} ${model} ${rest ? "rests" : "-"}`),
    binding: (_key: string, candidate: string | undefined) => void heard.push(`bound to ${candidate ?? "-"}`),
  };
  const pool = new Pool([provider("up", { credentials: names.map((name) => credential(name)) })], { clock, journal, random: () => 0 });
  const rests = () => pool.describe()[0]?.credentials[0]?.cooldowns ?? [];
  return { clock, pool, heard, rests };
}

describe("a rest", () => {
  test("goes on for what is left of it, and the journal does not hear of it", () => {
    const { pool, heard, rests } = poolOf("a", "b");
    pool.restoreRest(OWNER, "m", REST, 20_000);
    expect(rests()).toMatchObject([{ model: "m", failures: 2, sinceMs: 21_000, untilMs: 40_000, nextProbeMs: 40_000 }]);
    expect(pool.tryLease(askFor(step))?.credential.name).toBe("b");
    expect(heard).toEqual([]);
  });

  test("is told anew without growing, and ends when it is told to, for who waits too", async () => {
    const { pool, heard, rests } = poolOf("a");
    pool.restoreRest(OWNER, "m", { ...REST, why: "timeout", class: "transient" }, 0);
    pool.restoreRest(OWNER, "m", REST, 0);
    expect(rests()).toMatchObject([{ why: "rate-limited", untilMs: 60_000 }]);
    await expect(pool.lease(askFor(step))).rejects.toThrow(GatewayError);
    pool.endRest(OWNER, "m");
    expect(rests()).toEqual([]);
    expect(pool.tryLease(askFor(step))?.credential.name).toBe("a");
    expect(heard).toEqual([]);
  });

  test("that begins while a request waits for a busy credential refuses it at once", async () => {
    const clock = new ManualClock();
    const pool = new Pool([provider("up", { credentials: [credential("a", { maxConcurrency: 1 })] })], { clock });
    pool.tryLease(askFor(step));
    const waiting = pool.lease(askFor(step));
    pool.restoreRest(OWNER, "m", REST, 0);
    await expect(waiting).rejects.toMatchObject({ kind: "rate-limited" });
  });

  test("is not ended by the success of a request that began before it was known, and is by a later one", () => {
    const { clock, pool, heard, rests } = poolOf("a");
    const before = pool.tryLease(askFor(step));
    pool.restoreRest(OWNER, "m", REST, 0);
    before?.release({ ok: true });
    expect(rests()).toHaveLength(1);
    clock.advance(60_000);
    pool.tryLease(askFor(step))?.release({ ok: true });
    expect(rests()).toEqual([]);
    expect(heard).toEqual([`${OWNER} m -`]);
  });

  test("that is told while its probe is under way lets no second probe through", () => {
    const { pool } = poolOf("a");
    const due = { ...REST, untilMs: 0, nextProbeMs: 0 };
    pool.restoreRest(OWNER, "m", due, 0);
    const probe = pool.tryLease(askFor(step));
    expect(probe?.probe).toBe(true);
    pool.restoreRest(OWNER, "m", due, 0);
    expect(pool.tryLease(askFor(step))).toBeUndefined();
    probe?.release({ cancelled: true });
    expect(pool.tryLease(askFor(step))?.probe).toBe(true);
  });

  test("is probed as often as the policy says, whatever was told", () => {
    const { pool, rests } = poolOf("a");
    pool.restoreRest(OWNER, undefined, { ...REST, untilMs: 1e12, nextProbeMs: 1e12 }, 0);
    expect(rests()).toMatchObject([{ nextProbeMs: defaultCooldownPolicy.probeIntervalMs }]);
  });

  test("of a provider holds all of it", () => {
    const { pool } = poolOf("a", "b");
    const owner = "up https://up.test";
    pool.restoreRest(owner, "m", { ...REST, why: "overloaded", class: "transient" }, 0);
    expect(pool.describe()[0]?.circuit).toHaveLength(1);
    pool.endRest(owner, "m");
    expect(pool.describe()[0]?.circuit).toEqual([]);
  });

  test("of somebody else is no matter of this pool", () => {
    const { pool } = poolOf("a");
    pool.restoreRest("up/other/key", "m", REST, 0);
    pool.endRest("up/other/key", "m");
    expect(pool.tryLease(askFor(step))?.credential.name).toBe("a");
  });
});

test("a binding is kept, and ended, without the journal hearing of it", () => {
  const { pool, heard } = poolOf("a", "b");
  const keys: string[] = [];
  const spy = new Pool([provider("up", { credentials: [credential("a"), credential("b")] })], {
    journal: { rest() {}, binding: (key) => void keys.push(key) },
  });
  spy.tryLease(askFor(step, { session: "s" }));
  const [key = ""] = keys;
  const candidate = `up/b/${credential("b").fingerprint} m`;
  pool.restoreBinding(key, candidate, 3_600_000);
  expect(pool.tryLease(askFor(step, { session: "s" }))).toMatchObject({ credential: { name: "b" }, choice: { affinity: "kept" } });
  expect(heard).toEqual([]);
  pool.endBinding(key);
  expect(pool.tryLease(askFor(step, { session: "s" }))?.choice.affinity).toBe("new");
});
