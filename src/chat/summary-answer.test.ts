/** An answer that is to be a summary becomes one, or an error; never half of one. */
import { describe, expect, test } from "vitest";
import type { Content, FinishReason } from "./chat.ts";
import { collect } from "./collect.ts";
import type { ChatEvent } from "./events.ts";
import { GrammarChecker } from "./grammar.ts";
import { LossLedger } from "./loss.ts";
import { SummaryAnswer } from "./summary-answer.ts";

/** Items whose words come one character after the other, and their end. */
function answer(items: readonly Content[], reason: FinishReason = "stop"): readonly ChatEvent[] {
  return [
    { type: "start" },
    ...items.flatMap((item, index): ChatEvent[] => {
      const text = "text" in item ? (item.text ?? "") : "";
      const start: ChatEvent = { type: "item-start", index, item: text === "" ? item : ({ ...item, text: "" } as Content) };
      return [start, ...Array.from(text, (char): ChatEvent => ({ type: "delta", index, text: char })), { type: "item-end", index }];
    }),
    { type: "usage", usage: { input: 5, output: 7 } },
    { type: "finish", finish: { reason } },
  ];
}

function summed(events: readonly ChatEvent[]): { readonly events: readonly ChatEvent[]; readonly losses: readonly string[] } {
  const losses = new LossLedger();
  const filter = new SummaryAnswer(losses);
  const checker = new GrammarChecker();
  const passed = events.flatMap((event) => filter.push(event));
  for (const event of passed) expect(checker.push(event)).toBeUndefined();
  expect(checker.end()).toBeUndefined();
  return { events: passed, losses: losses.losses.map(({ code, path }) => `${code} ${path}`) };
}

const thought: Content = { type: "reasoning", text: "What matters?" };
const call: Content = { type: "tool-call", id: "c", kind: "function", name: "f", input: "{}" };

describe("a summary", () => {
  test("is all that is told: reasoning is not, what was counted is", () => {
    const { events, losses } = summed(answer([thought, { type: "text", text: "So " }, { type: "text", text: "far." }]));
    expect(collect(events)).toEqual({
      items: [{ type: "compaction", text: "So far." }],
      usage: { input: 5, output: 7 },
      finish: { reason: "compaction" },
    });
    expect(losses).toEqual([]);
  });

  test("begins with the first thing that the model does", () => {
    const filter = new SummaryAnswer(new LossLedger());
    expect(filter.push({ type: "item-start", index: 0, item: thought })).toEqual([
      { type: "item-start", index: 0, item: { type: "compaction" } },
    ]);
    expect(filter.push({ type: "delta", index: 0, text: "…" })).toEqual([]);
  });

  test("of the provider's own keeps its proof", () => {
    const state = { issuer: { platform: "p" }, kind: "compaction", value: "x" } as const;
    const { events } = summed(answer([{ type: "compaction", state }], "compaction"));
    expect(collect(events).items).toEqual([{ type: "compaction", state }]);
  });

  test("what else was said is on the ledger", () => {
    const search: Content = { type: "hosted-tool-result", callId: "s", kind: "web-search", text: "" };
    expect(summed(answer([search, { type: "text", text: "So." }])).losses).toEqual(["answer-content answer.hosted-tool-result"]);
  });
});

describe("no summary, but an error", () => {
  const said: Content = { type: "text", text: "So f" };
  test.each<[string, readonly Content[], FinishReason]>([
    ["nothing was said", [], "stop"],
    ["only thoughts were had", [thought], "stop"],
    ["only white space was said", [{ type: "text", text: " \n" }], "stop"],
    ["a tool was called", [said, call], "tool-calls"],
    ["a tool was called first", [call, said], "stop"],
    ["it was refused", [{ type: "refusal", text: "No." }], "stop"],
    ["its provider refused it", [said], "refusal"],
    ["it was filtered", [said], "content-filter"],
    ["it was cut", [said], "length"],
    ["the context was full", [said], "context-full"],
    ["it could not be read back", [{ type: "text", text: "x".repeat(200_000) }], "stop"],
  ])("when %s", (_what, items, reason) => {
    const { events } = summed(answer(items, reason));
    expect(events.at(-1)).toMatchObject({ type: "error", error: { kind: "upstream", detail: { modelSlipped: true } } });
    expect(events.filter(({ type }) => type === "finish")).toEqual([]);
  });
});
