/** Whatever was sent and whatever is answered then: nothing twice, nothing changed, and all of it grammatical. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Content } from "../chat/chat.ts";
import { collect } from "../chat/collect.ts";
import type { ChatEvent } from "../chat/events.ts";
import { checkGrammar, GrammarChecker } from "../chat/grammar.ts";
import { Prefilled, Regenerated, type Continuation } from "./continuation.ts";
import { Said, textOf } from "./said.ts";

const words = fc.constantFrom("", "a", "ab", "abc ", " ", "abcabc", "b\n");
const item: fc.Arbitrary<Content> = fc.oneof(
  words.map((text): Content => ({ type: "text", text })),
  words.map((text): Content => ({ type: "reasoning", text })),
  fc
    .tuple(fc.constantFrom("f", "g"), words)
    .map(([name, input]): Content => ({ type: "tool-call", id: "?", kind: "function", name, input })),
);
const answerOf = fc.array(item, { minLength: 1, maxLength: 4 });

/** An answer's events, its texts cut into pieces of these sizes, its calls under ids of their own. */
function streamed(items: readonly Content[], sizes: readonly number[], ids: string): ChatEvent[] {
  const events: ChatEvent[] = [{ type: "start", id: ids }];
  let cuts = 0;
  for (const [index, one] of items.entries()) {
    const empty = one.type === "tool-call" ? { ...one, id: `${ids}-${index}`, input: "" } : { ...one, text: "" };
    events.push({ type: "item-start", index, item: empty as Content });
    for (let rest = textOf(one); rest !== "";) {
      const size = sizes[cuts % sizes.length] as number;
      cuts += 1;
      events.push({ type: "delta", index, text: rest.slice(0, size) });
      rest = rest.slice(size);
    }
    events.push({ type: "item-end", index });
  }
  return [...events, { type: "usage", usage: { output: 1 } }, { type: "finish", finish: { reason: "stop" } }];
}

const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });

function saidIn(events: readonly ChatEvent[]): Said {
  const said = new Said();
  for (const event of events) said.push(event);
  return said;
}

function joined(before: readonly ChatEvent[], continuation: Continuation, again: readonly ChatEvent[]): ChatEvent[] {
  return [...before, ...again.flatMap((event) => continuation.push(event))];
}

function saidItems(items: readonly Content[]): unknown {
  return items.map((one) => [one.type, "name" in one ? one.name : "", textOf(one)]);
}

describe("the same answer again", () => {
  test("cut anywhere and in other pieces, it makes the whole one, and every call keeps the id that its client has", () => {
    fc.assert(
      fc.property(answerOf, sizes, sizes, fc.nat(), (items, first, second, at) => {
        const events = streamed(items, first, "first");
        const before = events.slice(0, 1 + (at % (events.length - 2)));
        const continuation = new Regenerated(saidIn(before).items() ?? []);
        const all = joined(before, continuation, streamed(items, second, "second"));
        expect(continuation.diverged).toBe(false);
        expect(checkGrammar(all)).toBeUndefined();
        const folded = collect(all);
        expect(saidItems(folded.items)).toEqual(saidItems(items));
        const begun = before.filter(({ type }) => type === "item-start").length;
        for (const [index, one] of folded.items.entries())
          if (one.type === "tool-call") expect(one.id).toBe(`${index < begun ? "first" : "second"}-${index}`);
      }),
    );
  });

  test("parallel calls whose pieces come in turns", () => {
    const call = (index: number): ChatEvent => ({
      type: "item-start",
      index,
      item: { type: "tool-call", id: `c${index}`, kind: "function", name: "f", input: "" },
    });
    const delta = (index: number, text: string): ChatEvent => ({ type: "delta", index, text });
    const before: ChatEvent[] = [{ type: "start" }, call(0), call(1), delta(0, '{"a'), delta(1, '{"b":1')];
    const again: ChatEvent[] = [{ type: "start" }, call(0), delta(0, '{"a":1}'), { type: "item-end", index: 0 }, call(1)];
    const rest: ChatEvent[] = [delta(1, '{"b":1}'), { type: "item-end", index: 1 }, { type: "finish", finish: { reason: "tool-calls" } }];
    const continuation = new Regenerated(saidIn(before).items() ?? []);
    // Not before all that was sent has been said again.
    expect(again.flatMap((event) => continuation.push(event))).toEqual([]);
    const all = [...before, ...rest.flatMap((event) => continuation.push(event))];
    expect(checkGrammar(all)).toBeUndefined();
    expect(collect(all).items).toMatchObject([
      { id: "c0", input: '{"a":1}' },
      { id: "c1", input: '{"b":1}' },
    ]);
  });
});

describe("another answer", () => {
  test("nothing of it is passed on unless it begins with all that was sent", () => {
    fc.assert(
      fc.property(answerOf, answerOf, sizes, fc.nat(), (items, others, size, at) => {
        const events = streamed(items, size, "first");
        const before = events.slice(0, 1 + (at % (events.length - 2)));
        const continuation = new Regenerated(saidIn(before).items() ?? []);
        const passed = streamed(others, size, "second").flatMap((event) => continuation.push(event));
        const content = passed.filter(({ type }) => type !== "usage" && type !== "ping");
        const checker = new GrammarChecker();
        for (const event of [...before, ...passed]) expect(checker.push(event)).toBeUndefined();
        if (!continuation.diverged) expect(saidItems(collect([...before, ...passed]).items)).toEqual(saidItems(others));
        else expect(content).toEqual([]);
      }),
    );
  });

  const text = (words: string): Content => ({ type: "text", text: words });
  const call = (name: string, input: string): Content => ({ type: "tool-call", id: "?", kind: "function", name, input });
  test.each<[string, Content[], Content[]]>([
    ["other words", [text("Hello")], [text("Hullo, all")]],
    ["fewer words", [text("Hello")], [text("Hell")]],
    ["a thought first", [text("Hello")], [{ type: "reasoning", text: "Hello" }, text("Hello")]],
    ["another tool", [call("f", "{}")], [call("g", "{}")]],
    ["another input", [call("f", '{"a":1}')], [call("f", '{"a":2}')]],
    ["a call too few", [text("I call."), call("f", "{}")], [text("I call.")]],
  ])("%s", (_what, items, others) => {
    const before = streamed(items, [3], "first").slice(0, -2);
    const continuation = new Regenerated(saidIn(before).items() ?? []);
    const passed = streamed(others, [2], "second").flatMap((event) => continuation.push(event));
    expect(continuation.diverged).toBe(true);
    expect(passed.filter(({ type }) => type !== "usage")).toEqual([]);
  });

  test("a text that had ended is not made longer", () => {
    const before = streamed([text("Hello"), text("all")], [9], "first").slice(0, 4);
    const continuation = new Regenerated(saidIn(before).items() ?? []);
    const passed = streamed([text("Hello, you"), text("all")], [9], "second").flatMap((event) => continuation.push(event));
    expect(continuation.diverged).toBe(true);
    expect(passed.filter(({ type }) => type !== "usage")).toEqual([]);
  });
});

describe("what was sent as the beginning of the new answer", () => {
  const before: readonly ChatEvent[] = [
    { type: "start", id: "first" },
    { type: "item-start", index: 0, item: { type: "text", text: "" } },
    { type: "delta", index: 0, text: "One two. \n" },
  ];
  const given = "One two.".length;
  const prefilled = (): Prefilled => new Prefilled("One two. \n", given);

  test.each<[string, string[], string]>([
    ["goes on with the spaces that had been left out", [" ", "\nThree."], "One two. \nThree."],
    ["in one piece", [" \nThree."], "One two. \nThree."],
    ["ends there", [], "One two. \n"],
    ["ends with some of the spaces", [" "], "One two. \n"],
  ])("%s", (_what, pieces, whole) => {
    const again: ChatEvent[] = [
      { type: "start", id: "second" },
      ...(pieces.length > 0 ? [{ type: "item-start", index: 0, item: { type: "text", text: "" } } as const] : []),
      ...pieces.map((text) => ({ type: "delta", index: 0, text }) as const),
      ...(pieces.length > 0 ? [{ type: "item-end", index: 0 } as const] : []),
      { type: "finish", finish: { reason: "stop" } },
    ];
    const all = joined(before, prefilled(), again);
    expect(checkGrammar(all)).toBeUndefined();
    expect(collect(all)).toMatchObject({ id: "first", items: [{ type: "text", text: whole }] });
  });

  test("a call may follow at once, or behind more text", () => {
    const call: Content = { type: "tool-call", id: "c", kind: "function", name: "f", input: "{}" };
    const alone = joined(before, prefilled(), streamed([call], [9], "second"));
    const behind = joined(before, prefilled(), streamed([{ type: "text", text: " \nNow." }, call], [9], "second"));
    for (const all of [alone, behind]) expect(checkGrammar(all)).toBeUndefined();
    expect(collect(alone).items).toMatchObject([{ text: "One two. \n" }, { name: "f" }]);
    expect(collect(behind).items).toMatchObject([{ text: "One two. \nNow." }, { name: "f" }]);
  });

  test.each<[string, Content]>([
    ["other spaces", { type: "text", text: "  Three." }],
    ["no spaces", { type: "text", text: "Three." }],
    ["a thought", { type: "reasoning", text: "I said that." }],
  ])("%s: nothing of it is passed on", (_what, content) => {
    const continuation = prefilled();
    const passed = streamed([content, { type: "text", text: "more" }], [9], "second").flatMap((event) => continuation.push(event));
    expect(continuation.diverged).toBe(true);
    expect(passed.filter(({ type }) => type !== "usage")).toEqual([]);
  });

  test("sources of the rest are counted from the beginning of the whole", () => {
    const continuation = new Prefilled("One", 3);
    const range = { start: 1, end: 4 };
    continuation.push({ type: "item-start", index: 0, item: { type: "text", text: " two" } });
    expect(continuation.push({ type: "citation", index: 0, citation: { url: "https://a", range } })).toEqual([
      { type: "citation", index: 0, citation: { url: "https://a", range: { start: 4, end: 7 } } },
    ]);
  });
});
