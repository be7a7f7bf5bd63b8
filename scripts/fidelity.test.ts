/** That every loss is listed, with its severities, is a matter of types (`src/chat/loss.ts`). Here: that nothing else is. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LOSS_KINDS } from "../src/chat/loss-codes.ts";
import { fidelityDocument, recordedCodes } from "./fidelity.ts";

test("every listed loss happens somewhere", () => {
  expect([...recordedCodes()].sort()).toEqual(Object.keys(LOSS_KINDS).sort());
});

test("docs/fidelity.md is what the table gives; else run `npx node scripts/write-fidelity.ts`", () => {
  expect(readFileSync(new URL("../docs/fidelity.md", import.meta.url), "utf8")).toBe(fidelityDocument());
});

test.each(Object.keys(LOSS_KINDS))("docs/fidelity.md has %s", (code) => {
  expect(fidelityDocument()).toContain(`| \`${code}\` |`);
});
