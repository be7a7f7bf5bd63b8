import { expect, test } from "vitest";
import type { ChatRequest } from "../chat/chat.ts";
import { chatRequest } from "../../test/support/messages.ts";
import { estimateInputTokens } from "./token-estimate.ts";

const said = (content: unknown, more: object = {}): ChatRequest => chatRequest({ messages: [{ role: "user", content }], ...more });
const fine = (request: ChatRequest): number => estimateInputTokens(request, "fine");

test("rule 353: at least 1, and close to what is said", () => {
  expect(fine({ ...said("x"), items: [] })).toBe(1);
  expect(fine(said("The quick brown fox jumps over the lazy dog."))).toBeGreaterThan(8);
  expect(fine(said("The quick brown fox jumps over the lazy dog."))).toBeLessThan(20);
});

test("rule 353: everything that the model reads counts", () => {
  const words = "one two three four five six seven eight nine ten ".repeat(20);
  const nothing = fine(said("hi"));
  const tool = { name: "f", description: words, input_schema: { type: "object", properties: { a: { description: words } } } };
  const result = { type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: words }] };
  const requests = [
    said(words),
    said("hi", { system: words }),
    said("hi", { tools: [tool] }),
    said([result]),
    said([{ type: "document", source: { type: "text", media_type: "text/plain", data: words } }]),
    said([{ type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } }]),
    said("hi", { output_config: { format: { type: "json_schema", schema: { description: words } } } }),
  ];
  for (const request of requests) expect(fine(request)).toBeGreaterThan(nothing + 150);
});

test("rule 413: of much text a part is looked at, and it is the whole that is told", () => {
  const page = "Tokens are counted in samples, so that a long conversation costs no more than a short one. ".repeat(20);
  const messages = Array.from({ length: 60 }, () => ({ role: "user", content: page }));
  const all = estimateInputTokens(said(page), "fine") * messages.length;
  for (const precision of ["rough", "fine"] as const) {
    const estimate = estimateInputTokens(chatRequest({ messages }), precision);
    expect(Math.abs(estimate - all) / all).toBeLessThan(0.15);
  }
});
