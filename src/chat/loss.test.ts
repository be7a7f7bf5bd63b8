import { expect, test } from "vitest";
import { LossLedger } from "./loss.ts";

test("modes: strict refuses semantic losses, default only those that break the answer, lenient none", () => {
  const ledger = new LossLedger();
  ledger.add("cache-mark", "system[0]", "info");
  ledger.add("cache-mark", "system[0]", "info");
  expect(ledger.losses).toHaveLength(1);
  expect(ledger.refusedBy("strict")).toBeUndefined();
  ledger.add("sampling-ignored", "top_k", "semantic");
  expect(ledger.refusedBy("strict")?.code).toBe("sampling-ignored");
  expect(ledger.refusedBy("default")).toBeUndefined();
  ledger.add("client-tool", "tools[0]", "contract");
  expect(ledger.refusedBy("default")?.code).toBe("client-tool");
  expect(ledger.refusedBy("lenient")).toBeUndefined();
});
