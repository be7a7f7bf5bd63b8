import { describe, expect, test } from "vitest";
import { loadRecordings } from "../../../../test/support/recordings.ts";
import type { Rate } from "../../rate.ts";
import { NO_RATES } from "../../shared/rate-headers.ts";
import { rates } from "./rates.ts";

const DATE = { date: "Sun, 22 Nov 2026 12:00:00 GMT" };
const IN_AN_HOUR = String(Date.parse("2026-11-22T13:00:00Z") / 1000);
const read = (fields: Readonly<Record<string, string>>): readonly Rate[] =>
  rates([...Object.entries(DATE).flat(), ...Object.entries(fields).flatMap(([name, value]) => [`anthropic-ratelimit-${name}`, value])]);

test("limits that count", () => {
  expect(
    read({
      "requests-limit": "50",
      "requests-remaining": "49",
      "requests-reset": "2026-11-22T12:00:01Z",
      "input-tokens-limit": "30000",
      "input-tokens-remaining": "0",
      "input-tokens-reset": "2026-11-22T12:00:32Z",
      "output-tokens-remaining": "7000",
      "tokens-limit": "9",
      "tokens-remaining": "none",
    }),
  ).toEqual([
    { unit: "requests", limit: 50, remaining: 49, resetMs: 1000 },
    { unit: "input-tokens", limit: 30_000, remaining: 0, resetMs: 32_000 },
    { unit: "output-tokens", remaining: 7000 },
  ]);
});

describe("a subscription's windows", () => {
  const open = { "unified-status": "allowed", "unified-5h-status": "allowed", "unified-5h-reset": IN_AN_HOUR };
  const usedUp: Rate = { unit: "requests", scope: "account", window: "5h", remaining: 0, resetMs: 3_600_000 };

  test.each<[string, Readonly<Record<string, string>>, Rate[]]>([
    ["open", { ...open, "unified-5h-utilization": "0.97" }, []],
    ["used up by this answer", { ...open, "unified-5h-utilization": "1.0" }, [usedUp]],
    ["refused", { "unified-status": "rejected", "unified-5h-status": "rejected", "unified-5h-reset": IN_AN_HOUR }, [usedUp]],
    ["used up, but more may be bought", { ...open, "unified-5h-utilization": "1.2", "unified-overage-status": "allowed" }, []],
    ["used up, and nothing more is sold", { ...open, "unified-5h-utilization": "1", "unified-overage-status": "rejected" }, [usedUp]],
    [
      "of one family of models",
      { "unified-status": "allowed", "unified-7d_sonnet-utilization": "1", "unified-7d_sonnet-reset": IN_AN_HOUR },
      [{ unit: "requests", window: "7d_sonnet", remaining: 0, resetMs: 3_600_000 }],
    ],
    [
      "refused without saying which",
      { "unified-status": "rejected", "unified-reset": IN_AN_HOUR },
      [{ unit: "requests", scope: "account", remaining: 0, resetMs: 3_600_000 }],
    ],
    ["unreadable", { "unified-5h-utilization": "much", "unified-5h-reset": "never", "unified-": "x", "": "y" }, []],
  ])("%s", (_name, headers, expected) => {
    expect(read(headers)).toEqual(expected);
  });
});

test("nothing is made where nothing is told", () => {
  expect(rates(["request-id", "req_1", "anthropic-organization-id", "org"])).toBe(NO_RATES);
});

test("every recorded answer that tells of limits is read", () => {
  const told = [...loadRecordings("anthropic-messages"), ...loadRecordings("errors")].filter(
    ({ response: { headers } }) => headers["anthropic-ratelimit-requests-remaining"] !== undefined,
  );
  expect(told.length).toBeGreaterThan(5);
  for (const { name, response } of told) {
    const found = rates(response.headerList);
    for (const { unit, remaining, limit } of found) {
      expect({ remaining, limit }, name).toEqual({
        remaining: Number(response.headers[`anthropic-ratelimit-${unit}-remaining`]),
        limit: Number(response.headers[`anthropic-ratelimit-${unit}-limit`]),
      });
    }
    expect(found.length, name).toBe(Object.keys(response.headers).filter((header) => header.endsWith("-remaining")).length);
  }
});
