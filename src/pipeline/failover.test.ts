import { expect, test } from "vitest";
import { GatewayError } from "../chat/error.ts";
import type { Pool } from "../routing/pool.ts";
import type { Outcome } from "../routing/lease.ts";
import type { Target } from "../routing/target.ts";
import type { Answer } from "./answer.ts";
import { Failover, type FailoverContext } from "./failover.ts";
import type { Preparation } from "./prepare.ts";
import { Shutdown } from "./shutdown.ts";

const target = {
  provider: { name: "up", timeouts: { connectMs: 1_000, headersMs: 1_000, firstContentMs: 1_000, idleMs: 1_000 }, authorize: () => [] },
  model: "m",
  protocol: "p",
} as unknown as Target;
const answer = { begun: false, left: false, onLeave: () => () => undefined } as unknown as Answer;

/** Runs one request on a pool of one credential whose upstream cannot be reached, and tells how the lease was given back. */
async function run(preparation: object): Promise<{ end: string; released: Outcome[] }> {
  const released: Outcome[] = [];
  const lease = {
    id: "c1",
    target,
    credential: { name: "c1" },
    choice: { passedOver: [] },
    probe: false,
    confirm: () => undefined,
    release: (outcome: Outcome) => released.push(outcome),
  };
  const context = {
    protocols: new Map([["p", { upstream: {} }]]),
    pool: { tryLease: () => lease } as unknown as Pool,
    transport: {
      send: (_request: unknown, listener: { onError(error: GatewayError): void }) => {
        queueMicrotask(() => listener.onError(new GatewayError("invalid-request", "no")));
        return { abort: () => undefined };
      },
    },
    clock: { now: () => 0 },
    retry: { attempts: 4, totalMs: 1000 },
  } as unknown as FailoverContext;
  const usual = {
    model: "m",
    spoken: (routed: Target) => routed,
    inOtherProtocol: () => undefined,
    missingMedia: () => [],
    preferredAccount: () => undefined,
    prepare: () => ({ lane: { finished: false }, headers: [], path: "/", body: Buffer.alloc(0), losses: [], streams: false }),
    explain: (_target: Target, error: GatewayError) => error,
    learn: () => false,
  };
  const failover = new Failover(context, answer, { ...usual, ...preparation } as unknown as Preparation, undefined, new Shutdown());
  const end = await failover.run([{ id: "up", targets: [target], strategy: "round-robin" }]);
  return { end: end.type === "failed" ? end.error.kind : end.type, released };
}

const broken = (): never => {
  throw new Error("broken");
};

test.each([
  ["prepare", "internal"],
  ["explain", "internal"],
  ["learn", "internal"],
])("a lease comes back whatever breaks: %s", async (what, kind) => {
  const { end, released } = await run({ [what]: broken });
  expect(end).toBe(kind);
  expect(released[0]).toEqual({ cancelled: true });
});

test("a lease comes back with what went wrong first", async () => {
  const { end, released } = await run({});
  expect(end).toBe("invalid-request");
  expect(released[0]).toMatchObject({ error: { kind: "invalid-request" } });
});
