import { expect, test } from "vitest";
import { MintedStateMemory } from "./minted-states.ts";

const DAY_MS = 24 * 3_600_000;
const first = { platform: "anthropic", model: "m", account: "a1" };
const second = { platform: "anthropic", model: "m", account: "a2" };

test("state is its issuer's, and nobody else's is known", () => {
  const states = new MintedStateMemory({ now: () => 0 });
  expect(states.issuerOf("s1")).toBeUndefined();
  states.remember("s1", first);
  states.remember("s2", second);
  states.remember("s1", second);
  expect([states.issuerOf("s1"), states.issuerOf("s2"), states.issuerOf("s3")]).toEqual([first, second, undefined]);
});

test("what is all the target's own need not be looked for", () => {
  const states = new MintedStateMemory({ now: () => 0 });
  expect(states.knowsForeignTo(first)).toBe(false);
  states.remember("s1", first);
  expect(states.knowsForeignTo(first)).toBe(false);
  expect(states.knowsForeignTo({ ...first, model: "other" })).toBe(true);
  expect(states.knowsForeignTo(second)).toBe(true);
});

test("what nobody has asked for in a week is forgotten", () => {
  let time = 1;
  const states = new MintedStateMemory({ now: () => time });
  states.remember("s1", first);
  states.remember("s2", first);
  time += 6 * DAY_MS;
  expect(states.issuerOf("s1")).toEqual(first);
  time += 6 * DAY_MS;
  expect([states.issuerOf("s1"), states.issuerOf("s2")]).toEqual([first, undefined]);
  time += 8 * DAY_MS;
  expect(states.issuerOf("s1")).toBeUndefined();
  expect(states.knowsForeignTo(second)).toBe(false);
});

test("only so many are remembered, the oldest go first", () => {
  const states = new MintedStateMemory({ now: () => 0 });
  states.remember("the first", second);
  for (let i = 0; i < 100_000; i += 1) states.remember(String(i), first);
  expect(states.issuerOf("the first")).toBeUndefined();
  expect(states.issuerOf("99999")).toEqual(first);
  expect(states.knowsForeignTo(first)).toBe(false);
});
