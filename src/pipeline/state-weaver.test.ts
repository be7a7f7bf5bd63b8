import fc from "fast-check";
import { expect, test } from "vitest";
import type { Content, Item } from "../chat/chat.ts";
import { replay } from "../chat/collect.ts";
import type { OpaqueState } from "../chat/state.ts";
import { StateKeeper, type AnswerState } from "./state-keeper.ts";
import { weaveState } from "./state-weaver.ts";

const proof = (value: number): OpaqueState => ({ issuer: { platform: "p" }, kind: "thinking", value: String(value) });

/** Answers of texts, thoughts and calls in any order; state is numbered in the order in which it stands. */
const answers = fc
  .array(fc.tuple(fc.constantFrom("text", "reasoning", "call"), fc.constantFrom("", "a", "Two words. "), fc.boolean()), { maxLength: 8 })
  .map((pieces) =>
    pieces.map(([type, text, proved], i): Content => {
      if (type === "call") return { type: "tool-call", kind: "function", id: `c${i}`, name: "f", input: "{}" };
      return { type: type === "text" ? "text" : "reasoning", text, ...(proved && { state: proof(i) }) };
    }),
  );

/** What is kept of it, and what a client that knows one text and a list of calls sends back. */
function kept(items: readonly Content[]): AnswerState | undefined {
  let answer: AnswerState | undefined;
  const keeper = new StateKeeper({ keepCall: () => undefined, keepAnswer: (state) => (answer = state) }, true);
  for (const event of replay({ items, finish: { reason: "stop" } })) keeper.push(event);
  return answer;
}

function sentBack(items: readonly Content[]): readonly Item[] {
  const text = wordsOf(items);
  const calls = items.filter(({ type }) => type === "tool-call");
  return [...(text === "" ? [] : [{ type: "text", text } as const]), ...calls].map((item) => ({ ...item, turn: 1, path: "p" }));
}

const wordsOf = (items: readonly Content[]): string => items.map((item) => (item.type === "text" ? item.text : "")).join("");
const callsOf = (items: readonly Content[]): unknown[] => items.flatMap((item) => (item.type === "tool-call" ? [item.id] : []));

/** State with the words before it and the calls before it. */
function placesOf(items: readonly Content[]): unknown[] {
  return items.flatMap((item, i) => {
    const state = "state" in item ? item.state : undefined;
    const before = items.slice(0, i);
    return state ? [[state.value, item.type, "text" in item ? item.text : "", wordsOf(before), callsOf(before)]] : [];
  });
}

test("all state stands where it stood, and no word and no call is lost, moved or said twice", () => {
  fc.assert(
    fc.property(answers, (items) => {
      const answer = kept(items);
      const back = sentBack(items);
      if (!answer || back.length === 0) return;
      const woven = weaveState(back, answer.pieces);
      expect(wordsOf(woven)).toBe(wordsOf(items));
      expect(callsOf(woven)).toEqual(callsOf(items));
      expect(placesOf(woven)).toEqual(placesOf(items));
    }),
    { numRuns: 2000 },
  );
});
