import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadRecordings } from "../../../test/support/recordings.ts";
import type { Rate } from "../rate.ts";
import { rates } from "./openai-rates.ts";
import { NO_RATES } from "./rate-headers.ts";

const DATE = { date: "Sun, 22 Nov 2026 12:00:00 GMT" };
const read = (headers: Readonly<Record<string, string>>): readonly Rate[] => rates(Object.entries(headers).flat());

describe("what vendors tell of their limits", () => {
  test.each<[string, Readonly<Record<string, string>>, Rate[]]>([
    [
      "OpenAI and Groq: durations",
      {
        "x-ratelimit-limit-requests": "14400",
        "x-ratelimit-limit-tokens": "18000",
        "x-ratelimit-remaining-requests": "14370",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-requests": "2m59.56s",
        "x-ratelimit-reset-tokens": "494ms",
      },
      [
        { unit: "requests", limit: 14_400, remaining: 14_370, resetMs: 179_560 },
        { unit: "tokens", limit: 18_000, remaining: 0, resetMs: 494 },
      ],
    ],
    [
      "OpenRouter: capitals, no unit, and a moment in ms",
      { ...DATE, "X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "3", "X-RateLimit-Reset": `${Date.parse("2026-11-22T12:00:30Z")}` },
      [{ unit: "requests", limit: 20, remaining: 3, resetMs: 30_000 }],
    ],
    [
      "a moment in seconds, as some servers write it, already past",
      { ...DATE, "x-ratelimit-remaining": "0", "x-ratelimit-reset": `${Date.parse("2026-11-22T11:59:00Z") / 1000}` },
      [{ unit: "requests", remaining: 0, resetMs: 0 }],
    ],
    [
      "a date",
      { ...DATE, "x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "2026-11-22T12:01:00Z" },
      [{ unit: "tokens", remaining: 5, resetMs: 60_000 }],
    ],
    [
      "Cerebras: windows by name, and plain seconds with digits behind the point",
      {
        "x-ratelimit-limit-requests-day": "14400",
        "x-ratelimit-remaining-requests-day": "14399",
        "x-ratelimit-reset-requests-day": "33011.25",
        "x-ratelimit-limit-tokens-minute": "60000",
        "x-ratelimit-remaining-tokens-minute": "59000",
        "x-ratelimit-reset-tokens-minute": "11",
      },
      [
        { unit: "requests", window: "day", limit: 14_400, remaining: 14_399, resetMs: 33_011_250 },
        { unit: "tokens", window: "minute", limit: 60_000, remaining: 59_000, resetMs: 11_000 },
      ],
    ],
    [
      "Fireworks: both directions, and no word of when",
      {
        "x-ratelimit-limit-tokens-prompt": "7200000",
        "x-ratelimit-remaining-tokens-prompt": "7193993",
        "x-ratelimit-remaining-tokens-generated": "69338",
        "x-ratelimit-over-limit": "no",
      },
      [
        { unit: "input-tokens", limit: 7_200_000, remaining: 7_193_993 },
        { unit: "output-tokens", remaining: 69_338 },
      ],
    ],
    [
      "what nobody can read is left out",
      {
        "x-ratelimit-remaining-requests": "-1",
        "x-ratelimit-remaining-tokens": "many",
        "x-ratelimit-remaining-tokens-day": "7",
        "x-ratelimit-limit-tokens-day": "-1",
        "x-ratelimit-reset-tokens-day": "soon",
        "x-ratelimit-limit-tokens-hour": "9",
        "x-ratelimit-key": "gpt-5-nano",
        "x-ratelimit": "false",
        "x-ratelimitbysize-remaining-minute": "1",
      },
      [{ unit: "tokens", window: "day", remaining: 7 }],
    ],
    [
      "a moment without a clock to count from",
      { "x-ratelimit-remaining-requests": "7", "x-ratelimit-reset-requests": "1795348830" },
      [{ unit: "requests", remaining: 7 }],
    ],
  ])("%s", (_name, headers, expected) => {
    expect(read(headers)).toEqual(expected);
  });

  test("nothing is made where nothing is told", () => {
    expect(rates(["content-type", "text/event-stream", "x-request-id", "req_1", "x-ratelimi", "9"])).toBe(NO_RATES);
    expect(rates([])).toBe(NO_RATES);
  });

  test("whatever comes, it does not throw", () => {
    const name = fc.constantFrom("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens", "X-RateLimit-Limit", "x-ratelimit-", "date");
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string())), (headers) => {
        for (const { remaining, limit, resetMs } of rates(headers.flat())) {
          for (const number of [remaining, limit ?? 0, resetMs ?? 0]) expect(number).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

describe("recorded", () => {
  test.each<[string, string, Rate[]]>([
    [
      "openai-chat",
      "dd-trace-py--chat_completion_image_input",
      [
        { unit: "requests", limit: 100, remaining: 98, resetMs: 864_000 },
        { unit: "tokens", limit: 150_000, remaining: 149_977, resetMs: 9 },
      ],
    ],
    ["openai-chat", "openllmetry--test_together_chat_legacy", [{ unit: "requests", limit: 2, remaining: 1, resetMs: 2000 }]],
    ["openai-chat", "chatlas--test_huggingface_images.1of2", [{ unit: "requests", window: "minute", limit: 400, remaining: 399 }]],
    [
      "openai-responses",
      "ruby_llm--responses_protocol_dialects_with_azure_gpt-5-nano_streams_responses",
      [
        { unit: "requests", limit: 250, remaining: 249, resetMs: 0 },
        { unit: "tokens", limit: 250_000, remaining: 249_993, resetMs: 0 },
      ],
    ],
    [
      "errors",
      "azure-429",
      [
        { unit: "requests", limit: 8, remaining: 7 },
        { unit: "tokens", limit: 8000, remaining: 0 },
      ],
    ],
    [
      "errors",
      "openai-429-tokens",
      [
        { unit: "requests", limit: 10_000, remaining: 9999, resetMs: 6 },
        { unit: "tokens", limit: 30_000_000, remaining: 0, resetMs: 60_052 },
      ],
    ],
  ])("%s: %s", (folder, name, expected) => {
    const found = loadRecordings(folder).find((recording) => recording.name === name);
    expect(rates(found?.response.headerList ?? []).toSorted((a, b) => a.unit.localeCompare(b.unit))).toEqual(expected);
  });

  test("every answer that tells of tokens left is read", () => {
    const told = ["openai-chat", "openai-responses"]
      .flatMap((folder) => loadRecordings(folder))
      .filter(({ response: { headers } }) => /^\d+$/.test(headers["x-ratelimit-remaining-tokens"] ?? ""));
    expect(told.length).toBeGreaterThan(10);
    for (const { name, response } of told) {
      const tokens = rates(response.headerList).find(({ unit, window }) => unit === "tokens" && window === undefined);
      expect(tokens?.remaining, name).toBe(Number(response.headers["x-ratelimit-remaining-tokens"]));
    }
  });
});
