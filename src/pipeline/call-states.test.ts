import { expect, test } from "vitest";
import { conversation } from "../../test/support/gemini.ts";
import type { Content } from "../chat/chat.ts";
import type { OpaqueState } from "../chat/state.ts";
import { CallStates } from "./call-states.ts";

const HOUR_MS = 3_600_000;
const proof = (value: string): OpaqueState => ({ issuer: { platform: "gemini" }, kind: "thought-signature", value });
const call = (id: string, state?: OpaqueState): Content => ({
  type: "tool-call",
  kind: "function",
  id,
  name: "f",
  input: "{}",
  ...(state && { state }),
});
const history = (...calls: Content[]) => conversation([{ role: "assistant", content: calls }]);
const statesOf = (states: CallStates, whose: string, ...calls: Content[]) =>
  states.restore(history(...calls), () => whose).items.map((item) => (item.type === "tool-call" ? item.state?.value : "no call"));

function filled(clock = { now: () => 0 }): CallStates {
  const states = new CallStates(clock);
  const keeper = states.keeper(() => "mine");
  keeper.push({ type: "item-start", index: 0, item: call("a", proof("at the start")) });
  keeper.push({ type: "item-end", index: 0 });
  keeper.push({ type: "item-start", index: 1, item: call("b") });
  keeper.push({ type: "item-end", index: 1, state: proof("at the end") });
  keeper.push({ type: "item-start", index: 2, item: call("c") });
  keeper.push({ type: "item-end", index: 2 });
  return states;
}

test("rule 144: each call gets its own proof back, in its own conversation only", () => {
  const states = filled();
  expect(statesOf(states, "mine", call("c"), call("b"), call("a"))).toEqual([undefined, "at the end", "at the start"]);
  expect(statesOf(states, "another", call("a"), call("b"))).toEqual([undefined, undefined]);
});

test("proof that the client brings is not replaced", () => {
  expect(statesOf(filled(), "mine", call("a", proof("own")))).toEqual(["own"]);
});

test("rule 144: what nobody has asked for in twelve hours is gone", () => {
  let time = 1;
  const states = filled({ now: () => time });
  time += 11 * HOUR_MS;
  expect(statesOf(states, "mine", call("a"))).toEqual(["at the start"]);
  time += 11 * HOUR_MS;
  expect(statesOf(states, "mine", call("a"), call("b"))).toEqual(["at the start", undefined]);
});

test("without anything kept, a request is the same object", () => {
  const request = history(call("a"));
  expect(new CallStates({ now: () => 0 }).restore(request, () => expect.unreachable())).toBe(request);
});
