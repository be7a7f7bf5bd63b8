import { expect, test } from "vitest";
import { EXEMPT, REASONS, RULES, rulesNamedIn, rulesWithTests } from "./rules.ts";

const MOST_EXEMPT = 0.05;
const tested = rulesWithTests();
const titled = (numbers: readonly number[]) => numbers.map((number) => `${number} ${RULES.get(number) ?? "is not in scope"}`);

test("every rule in scope has a test with its number in the name, or is listed without one", () => {
  expect(titled([...RULES.keys()].filter((number) => !tested.has(number) && !EXEMPT.has(number)))).toEqual([]);
});

test("no rule that has a test is listed without one", () => {
  expect(titled([...EXEMPT.keys()].filter((number) => tested.has(number) || !RULES.has(number)))).toEqual([]);
});

test("few rules have no test, each for a known reason", () => {
  expect(EXEMPT.size).toBeLessThanOrEqual(RULES.size * MOST_EXEMPT);
  for (const { reason } of EXEMPT.values()) expect(Object.keys(REASONS)).toContain(reason);
});

test.each([
  ['test("rule 28: text and calls", () => {})', [28]],
  ['test("thinking is off (rules 157, 194)", run)', [157, 194]],
  ["it('rules 6, 96 and 124: functions', run)", [6, 96, 124]],
  ['describe("rules 269–272: the writer", run)', [269, 270, 271, 272]],
  ['test.each([["a"]])("rule 5: %s", run)', [5]],
  ['test.each([["rule 8: a", 1], ["b", 2]])("%s", run)', [8]],
  ["test.each`a`(`rule 7: $a`, run)", [7]],
  ['test.concurrent(\n  "says \\"hello\\", rule 9",\n  run)', [9]],
])("%s names its rules", (source, numbers) => {
  expect(rulesNamedIn(source)).toEqual(numbers);
});

test.each(["// rule 28", 'const text = "rule 28";', 'test.skip("rule 28", run)', 'test.todo("rule 28")', 'test("case 28", run)'])(
  "%s names no rule",
  (source) => {
    expect(rulesNamedIn(source)).toEqual([]);
  },
);
