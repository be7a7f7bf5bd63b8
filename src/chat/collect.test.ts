import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ChatResponse, Content } from "./chat.ts";
import { collect, replay } from "./collect.ts";
import { GatewayError } from "./error.ts";
import { checkGrammar } from "./grammar.ts";

const state = { issuer: { platform: "gemini" }, kind: "thought-signature", value: "s" } as const;
const text = fc.string();
const content: fc.Arbitrary<Content> = fc.oneof(
  fc.record({ type: fc.constant("text" as const), text }),
  fc.record({ type: fc.constant("text" as const), text, citations: fc.constant([{ url: "https://a" }, { title: "b" }]) }),
  fc.record({ type: fc.constant("reasoning" as const), text, state: fc.constant(state) }),
  fc.record({
    type: fc.constant("tool-call" as const),
    kind: fc.constant("function" as const),
    id: text,
    name: text,
    input: fc.constant('{"a":1.0}'),
  }),
  fc.record({ type: fc.constant("media" as const), kind: fc.constant("image" as const), source: fc.constant({ base64: "AAAA" }) }),
  fc.record({ type: fc.constant("refusal" as const), text }),
);
const response: fc.Arbitrary<ChatResponse> = fc.record({
  id: text,
  model: text,
  items: fc.array(content),
  usage: fc.constant({ input: 3, output: 5 }),
  finish: fc.constant({ reason: "stop" as const }),
});

describe("collect and replay", () => {
  test("a replayed answer obeys the grammar and folds back to itself", () => {
    fc.assert(
      fc.property(response, (given) => {
        const events = replay(given);
        expect(checkGrammar(events)).toBeUndefined();
        expect(collect(events)).toEqual(given);
      }),
    );
  });

  test("an answer that failed or never finished is not an answer", () => {
    const [start] = replay({ items: [], finish: { reason: "stop" } });
    expect(() => collect(start ? [start] : [])).toThrow("ended before it was complete");
    const error = new GatewayError("overloaded", "busy");
    expect(() => collect(start ? [start, { type: "error", error }] : [])).toThrow(error);
  });
});

describe("the grammar", () => {
  const start = { type: "start" } as const;
  const finish = { type: "finish", finish: { reason: "stop" } } as const;
  const open = (index: number) => ({ type: "item-start", index, item: { type: "text", text: "" } }) as const;
  test.each([
    [[], "the answer ended while before"],
    [[start], "the answer ended while running"],
    [[start, start], "event 1: a second start"],
    [[open(0)], "event 0: item-start while before"],
    [[start, open(1)], "event 1: item 1 starts where 0 is due"],
    [[start, open(0), finish], "event 2: finish with open items 0"],
    [[start, { type: "delta", index: 0, text: "x" }], "event 1: delta for item 0, which is not open"],
    [[start, finish, finish], "event 2: finish while finished"],
    [[start, finish, open(0)], "event 2: item-start while finished"],
    [[start, { type: "error", error: new GatewayError("internal", "x") }, { type: "ping" }], "event 2: ping after error"],
  ] as const)("%# is refused", (events, fault) => {
    expect(checkGrammar(events)).toBe(fault);
  });

  test("interleaved items and usage after the finish are allowed", () => {
    const events = [
      start,
      open(0),
      open(1),
      { type: "delta", index: 0, text: "a" },
      { type: "item-end", index: 1 },
      { type: "item-end", index: 0 },
      finish,
    ] as const;
    expect(checkGrammar([...events, { type: "usage", usage: { output: 1 } }])).toBeUndefined();
  });
});
