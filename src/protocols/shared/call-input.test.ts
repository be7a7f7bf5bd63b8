import { expect, test } from "vitest";
import type { ToolCallContent } from "../../chat/chat.ts";
import { writeJson } from "../../chat/json.ts";
import { LossLedger } from "../../chat/loss.ts";
import { callInputObject } from "./call-input.ts";

const call = (input: string): ToolCallContent => ({ type: "tool-call", kind: "function", id: "c", name: "f", input });

test.each([
  ["objects", (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`],
  ["lists", (depth: number) => "[".repeat(depth) + "]".repeat(depth)],
])("arguments of %s that nest too deep to be written go as their text", (_name, nested) => {
  const losses = new LossLedger();
  const deep = nested(100_000);
  expect(writeJson(callInputObject(call(deep), "messages[0]", losses))).toBe(writeJson({ _raw: deep }));
  expect(losses.losses).toMatchObject([{ code: "tool-call-arguments", severity: "semantic" }]);
});

test("arguments of an ordinary depth pass", () => {
  const nested = `${'{"a":'.repeat(100)}1${"}".repeat(100)}`;
  expect(writeJson(callInputObject(call(nested), "messages[0]", new LossLedger()))).toBe(nested);
});
