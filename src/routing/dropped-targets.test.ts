/** Targets of a step that cannot take one request: what is remembered of the step stays what it was. */
import { beforeEach, expect, test } from "vitest";
import { askFor, stepOf, type AskSettings } from "../../test/support/leases.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { credential, provider } from "../../test/support/providers.ts";
import type { Lease } from "./lease.ts";
import { Pool } from "./pool.ts";
import type { Target } from "./target.ts";

const step = stepOf({ provider: "p", model: "m" }, { provider: "q", model: "n" }, { provider: "r", model: "o" });
const [first] = step.targets as [Target];
let pool: Pool;

beforeEach(() => {
  pool = new Pool(
    ["p", "q", "r"].map((name) => provider(name, { credentials: [credential("key", { maxConcurrency: 1 })] })),
    { clock: new ManualClock(), random: () => 0 },
  );
});

function take(settings: AskSettings = {}): Lease {
  const lease = pool.tryLease(askFor(step, settings));
  if (!lease) throw new Error("No credential was free.");
  return lease;
}

function serve(settings: AskSettings = {}): string {
  const lease = take(settings);
  lease.release({ ok: true });
  return lease.target.provider.name;
}

test("they are not asked, nor named in a refusal", async () => {
  const without = new Set([first]);
  const leases = [take({ without }), take({ without })];
  expect(leases.map(({ target }) => target.provider.name)).toEqual(["q", "r"]);
  expect(pool.tryLease(askFor(step, { without }))).toBeUndefined();
  for (const lease of leases) lease.release({ ok: true });
  const refusal = pool.lease({ ...askFor(step, { without }), exclude: new Set(leases.map(({ id }) => id)) });
  await expect(refusal).rejects.toMatchObject({ message: expect.stringContaining('"q, r"') as string });
});

test("the turns of the others go on", () => {
  expect([serve(), serve()]).toEqual(["p", "q"]);
  const without = new Set([first]);
  expect([serve({ without }), serve({ without })]).toEqual(["r", "q"]);
  expect([serve(), serve(), serve()]).toEqual(["p", "r", "q"]);
});

test("a conversation whose target cannot take it moves, and stays where it is taken", () => {
  expect(serve({ session: "s" })).toBe("p");
  expect(serve()).toBe("q");
  const moved = take({ session: "s", without: new Set([first]) });
  moved.release({ ok: true });
  expect([moved.target.provider.name, moved.choice.affinity]).toEqual(["r", "moved"]);
  expect(serve({ session: "s" })).toBe("r");
});
