import { expect, test } from "vitest";
import { jsonReport, textReport, type CellReport } from "./report.ts";
import type { Scenario } from "./scenario.ts";

const trace = { bodies: [], outcomes: [] };
const scenario = (id: string, feature: Scenario["feature"]): Scenario => ({
  id,
  feature,
  title: `what ${id} shows`,
  probe: async () => {},
});
const talk: Scenario = { id: "talk", feature: "tools", title: "talking", turns: () => [], check: () => {} };
const cells: CellReport[] = [
  { scenario: scenario("list", "models"), client: "anthropic", upstream: "chat", streamed: false, verdict: { result: "passed", trace } },
  {
    scenario: talk,
    client: "anthropic",
    upstream: "chat",
    streamed: false,
    verdict: { result: "failed", difference: "a: 1, wanted 2", trace },
  },
  {
    scenario: talk,
    client: "anthropic",
    upstream: "chat",
    streamed: true,
    verdict: { result: "failed", difference: "a: 1, wanted 2", trace },
  },
  { scenario: talk, client: "chat", upstream: "chat", streamed: true, verdict: { result: "not-applicable", reason: "no word" } },
];

test("there is a table per client, with a column per upstream and a row per feature, and nothing rounds up to 100 %", () => {
  const text = textReport("http://gateway", cells);
  expect(text).toContain("Conformance of http://gateway: 33.3 %, 1 of 3");
  expect(text).toMatch(/^ {2}anthropic → +chat$/m);
  expect(text).toMatch(/^ {2}tools +0\/2$/m);
  expect(text).toMatch(/^ {2}models +1$/m);
  expect(text).toMatch(/^ {2}chat → +chat$/m);
  expect(text).toMatch(/^ {2}tools +·$/m);
  expect(text).toContain("1 cells are not applicable");
});

test("what fails alike streamed and whole is told once", () => {
  const text = textReport("g", cells);
  expect(text.match(/✗/g)).toHaveLength(1);
  expect(text).toContain("✗ anthropic → chat  talk: talking\n      a: 1, wanted 2");
});

test("as JSON: the score of every pair and feature, and every failed cell", () => {
  expect(jsonReport("g", cells)).toMatchObject({
    passed: 1,
    failed: 2,
    pairs: [
      { client: "anthropic", upstream: "chat", passed: 1, failed: 2, features: { tools: { passed: 0, failed: 2 } } },
      { client: "chat", upstream: "chat", passed: 0, failed: 0 },
    ],
    failures: [
      { scenario: "talk", streamed: false, difference: "a: 1, wanted 2" },
      { scenario: "talk", streamed: true },
    ],
  });
});
