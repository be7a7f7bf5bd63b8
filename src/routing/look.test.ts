import { expect, test } from "vitest";
import { askFor, stepOf } from "../../test/support/leases.ts";
import { credential, provider } from "../../test/support/providers.ts";
import { GatewayError } from "../chat/error.ts";
import type { Credential } from "../providers/provider.ts";
import type { Lease } from "./lease.ts";
import { Pool } from "./pool.ts";

const request = askFor(stepOf({ provider: "p", model: "m" }));
const poolOf = (...credentials: readonly Credential[]): Pool => new Pool([provider("p", { credentials })], { random: () => 0 });

function take(pool: Pool): Lease {
  const lease = pool.tryLease(request);
  if (lease === undefined) throw new Error("No credential was free.");
  return lease;
}

test("a look says who would be next, and takes nobody's turn", () => {
  const pool = poolOf(credential("a"), credential("b"));
  for (const name of ["a", "b", "a"]) {
    expect(pool.look(request)).toMatchObject({ chosen: { credential: name }, passedOver: [{ reason: "turn" }] });
    pool.look(request);
    const lease = take(pool);
    lease.release({ ok: true });
    expect(lease.credential.name).toBe(name);
  }
});

test("a look says whether there is something to wait for, and what would be told where there is not", () => {
  const pool = poolOf(credential("a", { maxConcurrency: 1 }));
  const lease = take(pool);
  const waiting = pool.look(request);
  expect(waiting.passedOver).toMatchObject([{ credential: "a", reason: "busy" }]);
  expect([waiting.chosen, waiting.refusal]).toEqual([undefined, undefined]);
  lease.release({ error: new GatewayError("rate-limited", "Slow down.", { retryAfterMs: 100_000 }) });
  const { refusal, passedOver } = pool.look(request);
  expect(passedOver).toMatchObject([{ reason: "cooling", why: "rate-limited" }]);
  expect(refusal).toMatchObject({ kind: "rate-limited" });
});
