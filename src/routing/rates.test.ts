import { describe, expect, test } from "vitest";
import type { Rate } from "../protocols/rate.ts";
import { RateBook } from "./rates.ts";

const requests = (remaining: number, more: Partial<Rate> = {}): Rate => ({ unit: "requests", remaining, resetMs: 1_000, ...more });

describe("what answers told", () => {
  test("nothing is used up that nobody has told of", () => {
    const book = new RateBook();
    book.spend("m", 0);
    book.spendTokens(1_000_000, 0);
    expect(book.usedUpUntil("m", 0)).toBeUndefined();
    expect(book.describe(0)).toEqual([]);
  });

  test("what is left is counted down by what goes out, and is there again when the answer said", () => {
    const book = new RateBook();
    book.note("m", [requests(2)], 500);
    book.spend("m", 500);
    expect(book.usedUpUntil("m", 500)).toBeUndefined();
    book.spend("m", 500);
    expect(book.usedUpUntil("m", 500)).toBe(1_500);
    expect(book.usedUpUntil("m", 1_499)).toBe(1_500);
    expect(book.usedUpUntil("m", 1_500)).toBeUndefined();
  });

  test("of several limits the one that lasts longest counts, each by unit and window", () => {
    const book = new RateBook();
    book.note("m", [requests(0), requests(0, { window: "day", resetMs: 60_000 }), { unit: "tokens", remaining: 0, resetMs: 5_000 }], 0);
    expect(book.usedUpUntil("m", 0)).toBe(60_000);
    book.note("m", [requests(9, { window: "day", resetMs: 60_000 })], 0);
    expect(book.usedUpUntil("m", 0)).toBe(5_000);
    expect(book.usedUpUntil("m", 5_000)).toBeUndefined();
  });

  test("a newer answer is believed, also when it tells of more", () => {
    const book = new RateBook();
    book.note("m", [requests(0)], 0);
    book.note("m", [requests(3)], 10);
    expect(book.usedUpUntil("m", 10)).toBeUndefined();
  });

  test("it holds for its model, the account's for all", () => {
    const book = new RateBook();
    book.note("m", [requests(0)], 0);
    expect(book.usedUpUntil("other", 0)).toBeUndefined();
    book.note("m", [requests(0, { scope: "account", window: "5h", resetMs: 9_000 })], 0);
    expect([book.usedUpUntil("m", 0), book.usedUpUntil("other", 0)]).toEqual([9_000, 9_000]);
    book.note("other", [requests(2, { scope: "account", window: "5h", resetMs: 9_000 })], 0);
    book.spend("third", 0);
    book.spend("fourth", 0);
    expect(book.usedUpUntil("other", 0)).toBe(9_000);
  });

  test("a limit without an end is believed for a moment only", () => {
    const book = new RateBook();
    book.note("m", [{ unit: "requests", remaining: 0 }], 0);
    expect(book.usedUpUntil("m", 0)).toBe(1_000);
    expect(book.usedUpUntil("m", 1_000)).toBeUndefined();
  });

  test("is shown while it lasts, never less than nothing, and can be forgotten", () => {
    const book = new RateBook();
    book.note("m", [requests(1), requests(4, { scope: "account", resetMs: 500 })], 0);
    for (let i = 0; i < 3; i += 1) book.spend("m", 0);
    expect(book.describe(100)).toEqual([
      { model: "m", unit: "requests", remaining: 0, resetMs: 900 },
      { unit: "requests", remaining: 1, resetMs: 400 },
    ]);
    expect(book.describe(500)).toHaveLength(1);
    book.reset();
    expect(book.usedUpUntil("m", 100)).toBeUndefined();
    expect(book.describe(100)).toEqual([]);
  });

  test("names chosen by callers do not pile up", () => {
    const book = new RateBook();
    for (let i = 0; i < 3_000; i += 1) book.note(`model ${i}`, [requests(0)], 0);
    expect(book.describe(0)).toHaveLength(1_000);
    expect(book.usedUpUntil("model 2999", 0)).toBe(1_000);
  });

  test("nor do they push out what is known of the account", () => {
    const book = new RateBook();
    book.note("m", [requests(0, { scope: "account", resetMs: 9_000 })], 0);
    for (let i = 0; i < 3_000; i += 1) book.note(`model ${i}`, [requests(1)], 0);
    expect(book.usedUpUntil("any", 0)).toBe(9_000);
  });
});

describe("what the operator declared", () => {
  test("requests: all of a minute's at once if need be, then they come back evenly", () => {
    const book = new RateBook({ rpm: 6 });
    for (let i = 0; i < 5; i += 1) book.spend("m", 0);
    expect(book.usedUpUntil("m", 0)).toBeUndefined();
    book.spend("other", 0);
    expect(book.usedUpUntil("m", 0)).toBe(10_000);
    expect(book.usedUpUntil("m", 9_999)).toBeGreaterThan(9_999);
    expect(book.usedUpUntil("m", 10_001)).toBeUndefined();
    for (let i = 0; i < 6; i += 1) book.spend("m", 3_600_000);
    expect(book.usedUpUntil("m", 3_600_000)).toBe(3_610_000);
  });

  test("tokens: what an answer took beyond the limit is paid back before the next", () => {
    const book = new RateBook({ tpm: 6_000 });
    book.spendTokens(5_999, 0);
    expect(book.usedUpUntil("m", 0)).toBeUndefined();
    book.spendTokens(1_001, 0);
    expect(book.usedUpUntil("m", 0)).toBeCloseTo(10_000);
    expect(book.usedUpUntil("m", 10_001)).toBeUndefined();
  });

  test("survives what is forgotten of answers", () => {
    const book = new RateBook({ rpm: 1 });
    book.spend("m", 0);
    book.reset();
    expect(book.usedUpUntil("m", 0)).toBe(60_000);
  });
});
