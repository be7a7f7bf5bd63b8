import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { collect } from "./collect.ts";
import { GatewayError } from "./error.ts";
import type { ChatEvent } from "./events.ts";
import { checkGrammar } from "./grammar.ts";
import { StopScanner } from "./stop-scan.ts";

const stop: ChatEvent = { type: "finish", finish: { reason: "stop" } };

function scan(sequences: readonly string[], events: readonly ChatEvent[]): ChatEvent[] {
  const scanner = new StopScanner(sequences);
  return events.flatMap((event) => scanner.push(event));
}

/** An answer of one text that comes in these pieces. */
function said(...pieces: string[]): ChatEvent[] {
  return [
    { type: "start" },
    { type: "item-start", index: 0, item: { type: "text", text: "" } },
    ...pieces.map((text): ChatEvent => ({ type: "delta", index: 0, text })),
    { type: "item-end", index: 0 },
    { type: "usage", usage: { output: 7 } },
    stop,
  ];
}

/** What came of it: the text, and the sequence that ended it. */
function result(events: readonly ChatEvent[]): [text: string, stopSequence: string | undefined] {
  expect(checkGrammar(events)).toBeUndefined();
  const { items, finish } = collect(events);
  return [items.map((item) => ("text" in item ? item.text : "")).join("|"), finish.stopSequence];
}

/** The definition, a character at a time. */
function expected(sequences: readonly string[], text: string): [string, string | undefined] {
  for (let end = 1; end <= text.length; end += 1) {
    const complete = sequences.filter((sequence) => sequence !== "" && text.slice(0, end).endsWith(sequence));
    const longest = complete.toSorted((a, b) => b.length - a.length)[0];
    if (longest !== undefined) return [text.slice(0, end - longest.length), longest];
  }
  return [text, undefined];
}

describe("rules 196, 197, 198: stop sequences that the upstream does not look for", () => {
  test("rule 197: a sequence across deltas ends the text before it, and names itself", () => {
    const events = scan(["</end>"], said("one <", "/en", "d> two"));
    expect(result(events)).toEqual(["one ", "</end>"]);
    expect(events.filter(({ type }) => type === "finish")).toEqual([
      { type: "finish", finish: { reason: "stop-sequence", stopSequence: "</end>" } },
    ]);
  });

  test("rule 197: only what could begin a sequence is held back, and given when it did not", () => {
    const scanner = new StopScanner(["END", "ENOUGH"]);
    scanner.push({ type: "start" });
    scanner.push({ type: "item-start", index: 0, item: { type: "text", text: "" } });
    expect(scanner.push({ type: "delta", index: 0, text: "the EN" })).toEqual([{ type: "delta", index: 0, text: "the " }]);
    expect(scanner.push({ type: "delta", index: 0, text: "VELOPE" })).toEqual([{ type: "delta", index: 0, text: "ENVELOP" }]);
    expect(scanner.push({ type: "item-end", index: 0 })).toEqual([
      { type: "delta", index: 0, text: "E" },
      { type: "item-end", index: 0 },
    ]);
    expect(scanner.found).toBe(false);
  });

  test("rule 196: the sequence that is complete first counts, of those that end together the longest", () => {
    expect(result(scan(["abcd", "bc"], said("xabcd")))).toEqual(["xa", "bc"]);
    expect(result(scan(["c", "bc"], said("xa", "bcd")))).toEqual(["xa", "bc"]);
  });

  test("rule 197: usage that comes later is still told, everything else is not", () => {
    const events = scan(["b"], [...said("abc").slice(0, 3), { type: "usage", usage: { input: 3 } }, ...said("abc").slice(3)]);
    expect(collect(events).usage).toEqual({ input: 3, output: 7 });
    expect(result(events)).toEqual(["a", "b"]);
  });

  test("reasoning and calls are not searched; open items end with the text", () => {
    const call = { type: "tool-call", kind: "function", id: "c", name: "f", input: "" } as const;
    const events = scan(
      ["END"],
      [
        { type: "start" },
        { type: "item-start", index: 0, item: { type: "reasoning", text: "END" } },
        { type: "item-end", index: 0 },
        { type: "item-start", index: 1, item: call },
        { type: "delta", index: 1, text: '"END"' },
        { type: "item-start", index: 2, item: { type: "text", text: "yes E" } },
        { type: "delta", index: 2, text: "ND no" },
        { type: "item-end", index: 2 },
        { type: "item-end", index: 1 },
        stop,
      ],
    );
    expect(checkGrammar(events)).toBeUndefined();
    expect(collect(events).items).toMatchObject([{ text: "END" }, { input: '"END"' }, { text: "yes " }]);
  });

  test("an upstream's error brings what was held back before it", () => {
    const error = new GatewayError("upstream", "no");
    const events = scan(["END"], [...said("a E").slice(0, 3), { type: "error", error }]);
    expect(events.slice(-2)).toEqual([
      { type: "delta", index: 0, text: "E" },
      { type: "error", error },
    ]);
  });

  test("rule 197: any chunking gives the same answer", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 5 });
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 4 }), fc.array(letters, { maxLength: 12 }), (sequences, pieces) => {
        expect(result(scan(sequences, said(...pieces)))).toEqual(expected(sequences, pieces.join("")));
      }),
      { numRuns: 2000 },
    );
  });
});
