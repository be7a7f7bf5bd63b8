/** Joining the rounds of one answer, event by event. Whole conversations are in `test/rounds.test.ts`. */
import { describe, expect, test } from "vitest";
import type { Content, Finish } from "../chat/chat.ts";
import { collect } from "../chat/collect.ts";
import type { ChatEvent } from "../chat/events.ts";
import { checkGrammar } from "../chat/grammar.ts";
import { LossLedger } from "../chat/loss.ts";
import type { BrokenOff } from "../protocols/protocol.ts";
import { Rounds } from "./rounds.ts";

const state = { issuer: { platform: "test" }, kind: "thought-signature", value: "proof" } as const;
const request = { path: "/", headers: [], body: Buffer.alloc(0) };

type Piece = readonly [item: Content, text?: string, end?: Partial<ChatEvent>];

/** The events of one round, in two batches. */
function round(pieces: readonly Piece[], finish: Finish, more: readonly ChatEvent[] = []): ChatEvent[][] {
  const events = pieces.flatMap(([item, text, end], index): ChatEvent[] => [
    { type: "item-start", index, item },
    ...(text === undefined ? [] : [{ type: "delta", index, text } as const]),
    { type: "item-end", index, ...end } as ChatEvent,
  ]);
  return [
    [{ type: "start", id: "a" }, { type: "ping" }, ...more],
    [...events, { type: "finish", finish }],
  ];
}

/** All of them joined, and what was asked for the rest with. */
function join(...rounds: ChatEvent[][][]): { events: ChatEvent[]; asked: BrokenOff[] } {
  const asked: BrokenOff[] = [];
  const joiner = new Rounds({ askOn: (said) => (asked.push(said), request), keepsItems: true, losses: new LossLedger() });
  const events = rounds.flatMap((batches, i) => {
    if (i > 0) joiner.goOn();
    const joined = batches.flatMap((batch) => [...joiner.push(batch)]);
    expect(joiner.rest).toBe(i < rounds.length - 1 ? request : undefined);
    return joined;
  });
  expect(checkGrammar(events)).toBeUndefined();
  return { events, asked };
}

const text: Content = { type: "text", text: "" };
const reasoning: Content = { type: "reasoning", text: "" };
const call: Content = { type: "tool-call", kind: "function", id: "c", name: "f", input: "" };
const more: Finish = { reason: "continuation" };
const stop: Finish = { reason: "stop" };

describe("rule 240: a continuation", () => {
  test.each<[string, Piece, Piece, Content[]]>([
    ["a text goes on", [text, "ab"], [text, "cd"], [{ type: "text", text: "abcd" }]],
    ["a text goes on at its start", [text, "ab"], [{ type: "text", text: "c" }, "d"], [{ type: "text", text: "abcd" }]],
    ["a thought goes on", [reasoning, "ab"], [reasoning, "cd"], [{ type: "reasoning", text: "abcd" }]],
    ["proof of its end is kept", [text, "ab"], [{ ...text, state }, "cd"], [{ type: "text", text: "abcd", state }]],
    [
      "a proven thought has ended",
      [reasoning, "ab", { state }],
      [reasoning, "cd"],
      [
        { ...reasoning, text: "ab", state },
        { ...reasoning, text: "cd" },
      ],
    ],
    [
      "a proven text has ended",
      [{ ...text, state }, "ab"],
      [text, "cd"],
      [
        { type: "text", text: "ab", state },
        { type: "text", text: "cd" },
      ],
    ],
    [
      "a thought has ended where text comes",
      [reasoning, "ab"],
      [text, "cd"],
      [
        { ...reasoning, text: "ab" },
        { type: "text", text: "cd" },
      ],
    ],
    [
      "two calls stay two",
      [call, "{}"],
      [call, "{}"],
      [
        { ...call, input: "{}" },
        { ...call, input: "{}" },
      ],
    ],
  ])("%s", (_name, before, after, items) => {
    expect(collect(join(round([before], more), round([after], stop)).events).items).toEqual(items);
  });

  test("a text that is not gone on with ends all the same", () => {
    expect(collect(join(round([[text, "ab"]], more), round([], more), round([], stop)).events).items).toEqual([
      { type: "text", text: "ab" },
    ]);
  });

  test("what is cited is where it stands in the whole text", () => {
    const citation = { url: "https://a.test/", range: { start: 1, end: 2 } };
    const [head, [open, ...rest] = []] = round([[text, "cd"]], stop);
    const cited: ChatEvent[][] = [head ?? [], [open as ChatEvent, { type: "citation", index: 0, citation }, ...rest]];
    const { events } = join(round([[text, "abc"]], more), round([[text, "d"]], more), cited);
    expect(collect(events).items).toEqual([{ type: "text", text: "abcdcd", citations: [{ ...citation, range: { start: 5, end: 6 } }] }]);
  });

  test("tokens are added up, and their probabilities stand in a row", () => {
    const tokens = (input: number, output: number): ChatEvent => ({ type: "usage", usage: { input, output, cacheRead: 1 } });
    const finish = (reason: Finish["reason"], token: string): Finish => ({ reason, logprobs: [{ token, logprob: -1, alternatives: [] }] });
    const { events } = join(
      round([[text, "a"]], finish("continuation", "a"), [tokens(10, 0), tokens(10, 5)]),
      round([[text, "b"]], finish("stop", "b"), [tokens(20, 0), tokens(20, 7)]),
    );
    const { usage, finish: last } = collect(events);
    expect(usage).toEqual({ input: 30, output: 12, cacheRead: 2 });
    expect(last.logprobs?.map(({ token }) => token)).toEqual(["a", "b"]);
    expect(events.filter(({ type }) => type === "start" || type === "finish")).toHaveLength(2);
  });
});

test("rule 227: a pause brings new items, and all of them are said back", () => {
  const pause: Finish = { reason: "pause" };
  const { events, asked } = join(
    round([[text, "a"]], pause),
    round(
      [
        [text, "b"],
        [reasoning, "c", { state }],
      ],
      pause,
    ),
    round([[text, "d"]], stop),
  );
  const items = [
    { type: "text", text: "a" },
    { type: "text", text: "b" },
    { ...reasoning, text: "c", state },
  ];
  expect(asked.map((said) => said.items)).toEqual([items.slice(0, 1), items]);
  expect(collect(events).items).toEqual([...items, { type: "text", text: "d" }]);
});
