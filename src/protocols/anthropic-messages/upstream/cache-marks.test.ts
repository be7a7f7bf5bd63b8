import fc from "fast-check";
import { expect, test } from "vitest";
import { LossLedger } from "../../../chat/loss.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { limitCacheMarks } from "./cache-marks.ts";

const mark = (ttl?: string): JsonObject => ({ cache_control: { type: "ephemeral", ...(ttl !== undefined && { ttl }) } });

/** Marks as they stand in the prompt: tools, system, messages; what is inside a result before the result. */
function marksOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(marksOf);
  if (typeof value !== "object" || value === null) return [];
  const { content, cache_control: own } = value as JsonObject;
  return [...marksOf(content), ...(own ? [(own as JsonObject)["ttl"] ?? "5m"] : [])];
}

test("rule 428: the last four stay, and none is kept longer than one before it", () => {
  const losses = new LossLedger();
  const body = {
    tools: [
      { name: "a", ...mark("5m") },
      { name: "b", ...mark("5m") },
    ],
    system: [{ type: "text", text: "s", ...mark("1h") }],
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "q", ...mark("1h") },
          { type: "text", text: "r" },
        ],
      },
      { role: "user", content: [{ type: "tool_result", content: [{ type: "text", text: "x", ...mark("5m") }], ...mark("1h") }] },
    ],
  };
  const limited = limitCacheMarks(body, losses);
  expect(marksOf([limited.tools, limited.system, limited.messages])).toEqual(["1h", "1h", "5m", "5m"]);
  expect(losses.losses.map(({ path }) => path)).toEqual(["tools[0]", "tools[1]"]);
});

test("rule 428: whatever the marks, the law holds, and lawful ones stay as they are", () => {
  const block = fc.record({ type: fc.constant("text"), text: fc.string() });
  const marked = fc
    .tuple(block, fc.constantFrom({}, mark(), mark("5m"), mark("1h")))
    .map(([node, more]): JsonObject => ({ ...node, ...more }));
  const nodes = fc.array(marked, { maxLength: 4 });
  fc.assert(
    fc.property(nodes, nodes, nodes, (tools, system, content) => {
      const body = { tools, system, messages: [{ role: "user", content }] };
      const limited = limitCacheMarks(body, new LossLedger());
      const given = marksOf([tools, system, content]);
      const kept = marksOf([limited.tools, limited.system, limited.messages]);
      expect(kept.length).toBe(Math.min(4, given.length));
      expect(kept.join(" ")).toMatch(/^(?:1h ?)*(?:5m ?)*$/);
      if (given.length <= 4 && /^(?:1h ?)*(?:5m ?)*$/.test(given.join(" "))) expect(limited).toEqual(body);
      const strip = (value: unknown): string =>
        JSON.stringify(value, (key, inner: unknown) => (key === "cache_control" ? undefined : inner));
      expect(strip(limited)).toBe(strip(body));
    }),
  );
});
