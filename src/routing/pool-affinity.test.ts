/** Whom a conversation stays with, by the pool that it asks. */
import { beforeEach, expect, test } from "vitest";
import { askFor, stepOf, type AskSettings } from "../../test/support/leases.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { credential, provider } from "../../test/support/providers.ts";
import { GatewayError, type ErrorKind } from "../chat/error.ts";
import type { Credential } from "../providers/provider.ts";
import { defaultCooldownPolicy } from "./cooldown.ts";
import type { Lease } from "./lease.ts";
import { Pool } from "./pool.ts";

let clock: ManualClock;

beforeEach(() => {
  clock = new ManualClock();
});

function poolOf(credentials: readonly Credential[]): Pool {
  const cooldown = { ...defaultCooldownPolicy, transientBaseMs: 100 };
  return new Pool([provider("p", { credentials })], { clock, random: () => 0, cooldown });
}

function take(pool: Pool, settings: AskSettings = {}): Lease {
  const lease = pool.tryLease(askFor(stepOf({ provider: "p", model: "m" }), settings));
  if (!lease) throw new Error("No credential was free.");
  return lease;
}

/** Serves one request well and says who did. */
function serve(pool: Pool, settings: AskSettings = {}): string {
  const lease = take(pool, settings);
  lease.release({ ok: true });
  return lease.credential.name;
}

function failure(kind: ErrorKind): { error: GatewayError } {
  return { error: new GatewayError(kind, "failed") };
}

test("a conversation stays with its credential, while others go round", () => {
  const pool = poolOf([credential("a"), credential("b"), credential("c")]);
  const home = serve(pool, { session: "s" });
  for (let i = 0; i < 5; i += 1) {
    serve(pool);
    expect(serve(pool, { session: "s" })).toBe(home);
  }
});

test("survives a stumble, and being busy", () => {
  const pool = poolOf([credential("a", { maxConcurrency: 1 }), credential("b")]);
  const lease = take(pool, { session: "s" });
  expect(serve(pool, { session: "s" })).toBe("b");
  lease.release(failure("overloaded"));
  expect(serve(pool, { session: "s" })).toBe("b");
  clock.advance(100);
  expect(serve(pool, { session: "s" })).toBe("a");
});

test("yields when its credential is limited, and stays with the new one", () => {
  const pool = poolOf([credential("a"), credential("b")]);
  take(pool, { session: "s" }).release(failure("rate-limited"));
  expect(serve(pool, { session: "s" })).toBe("b");
  clock.advance(60_000);
  expect(serve(pool)).toBe("a");
  expect(serve(pool, { session: "s" })).toBe("b");
});

test("yields too when another request found its credential limited", () => {
  const pool = poolOf([credential("a"), credential("b")]);
  expect(serve(pool, { session: "s" })).toBe("a");
  take(pool, { excluded: ["b"] }).release(failure("rate-limited"));
  expect(serve(pool, { session: "s" })).toBe("b");
  clock.advance(60_000);
  expect(serve(pool)).toBe("a");
  expect(serve(pool, { session: "s" })).toBe("b");
});

test("a late failure on the old credential does not undo the new binding", () => {
  const pool = poolOf([credential("a"), credential("b"), credential("c")]);
  const slow = take(pool, { session: "s" });
  take(pool, { session: "s" }).release(failure("rate-limited"));
  expect(serve(pool, { session: "s" })).toBe("b");
  slow.release(failure("unauthenticated"));
  serve(pool);
  expect(serve(pool, { session: "s" })).toBe("b");
});

test("the account that minted the state goes before the session's binding while it is well", () => {
  const pool = poolOf([credential("a"), credential("b"), credential("c")]);
  expect(serve(pool, { session: "s" })).toBe("a");
  expect(serve(pool, { session: "s", preferredAccount: "account of c" })).toBe("c");
  expect(serve(pool, { session: "s" })).toBe("c");
  take(pool, { preferredAccount: "account of c" }).release(failure("rate-limited"));
  expect(serve(pool, { session: "s", preferredAccount: "account of c" })).not.toBe("c");
  expect(serve(pool, { preferredAccount: "account of nobody" })).toBe("a");
});
