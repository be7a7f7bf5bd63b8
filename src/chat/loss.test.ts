import { expect, test } from "vitest";
import { LossLedger } from "./loss.ts";

test("modes: strict refuses semantic losses, default only those that break the answer, lenient none", () => {
  const ledger = new LossLedger();
  ledger.add("cache-control-dropped", "system[0]", "info");
  ledger.add("cache-control-dropped", "system[0]", "info");
  expect(ledger.losses).toHaveLength(1);
  expect(ledger.refusedBy("strict")).toBeUndefined();
  ledger.add("top-k-dropped", "top_k", "semantic");
  expect(ledger.refusedBy("strict")?.code).toBe("top-k-dropped");
  expect(ledger.refusedBy("default")).toBeUndefined();
  ledger.add("tool-unsupported", "tools[0]", "contract");
  expect(ledger.refusedBy("default")?.code).toBe("tool-unsupported");
  expect(ledger.refusedBy("lenient")).toBeUndefined();
});
