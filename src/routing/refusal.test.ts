import { expect, test } from "vitest";
import { stepOf } from "../../test/support/leases.ts";
import { refuse } from "./refusal.ts";

test("a provider is named once, however many of its models are one pool", () => {
  const { targets } = stepOf({ provider: "p", model: "m" }, { provider: "p", model: "n" }, { provider: "q", model: "n" });
  expect(refuse(targets, [{ credential: "a", state: "busy" }]).message).toContain('provider "p, q" is left to try for the model "m, n"');
});
