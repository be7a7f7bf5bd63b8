/** Small traffic whose outcome can be worked out by hand. */
import { describe, expect, test } from "vitest";
import { onePool, poolConfig, recorded } from "../../test/support/pool-traffic.ts";
import { costUsd } from "../catalog/prices.ts";
import type { Config } from "../config/config.ts";
import { simulate } from "./simulation.ts";
import type { SimulationResult } from "./tally.ts";
import type { TrafficRequest } from "./traffic.ts";

const replay = (config: Config, requests: readonly TrafficRequest[]): Promise<SimulationResult> => simulate(config, requests, 1);
const times = (count: number, everyMs: number, settings?: Partial<TrafficRequest>): TrafficRequest[] =>
  Array.from({ length: count }, (_, index) => recorded(index * everyMs, settings));
const counts = ({ credentials }: SimulationResult): Record<string, number> =>
  Object.fromEntries(credentials.map(({ provider, credential, requests }) => [`${provider}/${credential}`, requests]));

const TWO = "{ name: a, api_key: ka }, { name: b, api_key: kb }";

describe("declared limits", () => {
  test("two credentials of 10 requests a minute, asked once a second for half a minute", async () => {
    const limited = "{ name: a, api_key: ka, limits: { rpm: 10 } }, { name: b, api_key: kb, limits: { rpm: 10 } }";
    const result = await replay(onePool(limited), times(30, 1_000, { ms: 500 }));
    // In turns, each is asked every two seconds and wins back a third of a request meanwhile: before its n-th request it has
    // 10 - 2(n-1)/3 left, so its 15th, at 28 s and 29 s, finds less than one. The 29th request then meets both credentials'
    // 429; the 30th nobody who does not rest.
    expect(result).toMatchObject({ requests: 30, answered: 28, failed: { "rate-limited": 2 }, rateLimited: 2, attempts: 30 });
    expect(counts(result)).toEqual({ "p/a": 14, "p/b": 14 });
    // After its 14th request, at 26 s, a third of a request is left to `a`: a second later it is passed over for that, and one
    // more second later so is `b`, before both refuse the 29th request.
    expect(result.limits).toEqual([
      { limit: "rpm", provider: "p", credential: "a", afterMs: 27_000, times: 2 },
      { limit: "rpm", provider: "p", credential: "b", afterMs: 28_000, times: 2 },
    ]);
  });

  test("thirty at once: ten each, then a 429 of both, then nothing that is worth an attempt", async () => {
    const limited = "{ name: a, api_key: ka, limits: { rpm: 10 } }, { name: b, api_key: kb, limits: { rpm: 10 } }";
    const result = await replay(onePool(limited), times(30, 0));
    expect(result).toMatchObject({ answered: 20, failed: { "rate-limited": 10 }, rateLimited: 2, attempts: 22 });
    expect(result.credentials).toMatchObject([
      { requests: 10, share: 0.5, peakConcurrency: 10, rateLimited: 1 },
      { requests: 10, share: 0.5, peakConcurrency: 10, rateLimited: 1 },
    ]);
  });

  test("a rest after a 429 ends when there is room again", async () => {
    const requests = [recorded(0), recorded(1_000), recorded(70_000)];
    const result = await replay(onePool("{ api_key: k, limits: { rpm: 1 } }"), requests);
    expect(result).toMatchObject({ answered: 2, failed: { "rate-limited": 1 }, rateLimited: 1 });
  });

  test("tokens: a request takes all of its own at once, and one larger than the limit needs a full minute's", async () => {
    const usage = { input: 900, output: 300 };
    const requests = [recorded(0, { usage }), recorded(30_000, { usage }), recorded(120_000, { usage })];
    const result = await replay(onePool("{ name: a, api_key: k, limits: { tpm: 1000 } }"), requests);
    expect(result).toMatchObject({ answered: 2, failed: { "rate-limited": 1 }, rateLimited: 1 });
    expect(result.credentials).toMatchObject([{ tokens: 2_400 }]);
    expect(result.limits).toEqual([{ limit: "tpm", provider: "p", credential: "a", afterMs: 30_000, times: 1 }]);
  });

  test("keys of one account have one limit between them, the lowest", async () => {
    const shared =
      "{ name: a, api_key: ka, account: x, limits: { rpm: 5 } }, { name: b, api_key: kb, account: x, limits: { rpm: 3 } }, { name: c, api_key: kc }";
    const result = await replay(onePool(shared), times(9, 0));
    expect(counts(result)).toEqual({ "p/a": 2, "p/b": 1, "p/c": 6 });
  });

  test("who declares none refuses nobody", async () => {
    const result = await replay(onePool(TWO), times(1_000, 0));
    expect(result).toMatchObject({ answered: 1_000, rateLimited: 0, attempts: 1_000, failed: {} });
    expect(result.limits).toEqual([]);
  });
});

describe("shares", () => {
  test("weighted", async () => {
    const weighted = "{ name: a, api_key: ka, weight: 3 }, { name: b, api_key: kb }";
    const { credentials } = await replay(onePool(weighted, "", "weighted"), times(40, 100));
    expect(credentials).toMatchObject([
      { credential: "a", requests: 30, share: 0.75 },
      { credential: "b", requests: 10, share: 0.25 },
    ]);
  });

  test("fill-first: the first until its limit, then the next", async () => {
    const limited = "{ name: a, api_key: ka, limits: { rpm: 5 } }, { name: b, api_key: kb }";
    const result = await replay(onePool(limited, "", "fill-first"), times(8, 0));
    expect([counts(result), result.rateLimited]).toEqual([{ "p/a": 5, "p/b": 3 }, 0]);
    expect(result.limits).toEqual([{ limit: "rpm", provider: "p", credential: "a", afterMs: 0, times: 3 }]);
  });

  test("requests at once, tokens and what they cost", async () => {
    const usage = { input: 1_000, output: 100 };
    const result = await replay(onePool("{ name: a, api_key: ka }"), [
      recorded(0, { usage }),
      recorded(500, { usage }),
      recorded(1_200, { usage, model: "gemini-of-no-price" }),
      recorded(5_000),
    ]);
    const usd = 2 * (costUsd("google", "gemini-2.5-pro", usage) as number);
    expect(usd).toBeGreaterThan(0);
    expect(result.spend).toEqual({ usd, withoutPrice: 1, withoutUsage: 1 });
    expect(result.credentials).toMatchObject([{ requests: 4, tokens: 3_300, peakConcurrency: 2, usd }]);
  });
});

describe("conversations", () => {
  test("stay with their credential, each caller's with its own", async () => {
    const s = { session: "s" };
    const requests = [
      recorded(0, s),
      recorded(10, s),
      recorded(20, { ...s, key: "other" }),
      recorded(30),
      recorded(40, s),
      recorded(50, { ...s, key: "other" }),
    ];
    expect((await replay(onePool(TWO), requests)).affinity).toEqual({ followUps: 3, kept: 3 });
  });

  test("move when their credential has nothing left", async () => {
    const limited = "{ name: a, api_key: ka, limits: { rpm: 2 } }, { name: b, api_key: kb }";
    const result = await replay(onePool(limited), times(4, 1_000, { session: "s" }));
    // a, a, then b, where the fourth stays too.
    expect([counts(result), result.affinity]).toEqual([
      { "p/a": 2, "p/b": 2 },
      { followUps: 3, kept: 2 },
    ]);
  });
});

describe("fallbacks", () => {
  const chain = (on: string): Config =>
    poolConfig(`
providers:
  p: { type: gemini, credentials: [{ name: a, api_key: ka, limits: { rpm: 1 } }] }
  q: { type: anthropic, credentials: [{ name: b, api_key: kb }] }
models:
  gemini-2.5-pro: { targets: [p/gemini-2.5-pro], fallback: [{ target: q/claude-sonnet-4-5, on: [${on}] }] }
`);

  test("a 429 leads to the one that is there for it", async () => {
    const result = await replay(chain("rate_limit"), times(3, 0));
    // The second meets the 429, the third finds that credential at rest.
    expect(result).toMatchObject({ answered: 3, rateLimited: 1, attempts: 4, fallbacks: 2, failed: {} });
    expect(counts(result)).toEqual({ "p/a": 1, "q/b": 2 });
  });

  test("and not to another", async () => {
    expect(await replay(chain("overloaded"), times(3, 0))).toMatchObject({ answered: 1, fallbacks: 0, failed: { "rate-limited": 2 } });
  });
});

describe("waiting", () => {
  const one = "{ name: a, api_key: ka, max_concurrency: 1 }";

  test("in order, until a permit is free", async () => {
    const result = await replay(onePool(one), times(3, 100, { ms: 10_000 }));
    expect(result).toMatchObject({ answered: 3, waited: { requests: 2, longestMs: 19_800 }, failed: {} });
    expect(result.credentials).toMatchObject([{ peakConcurrency: 1 }]);
    expect(result.limits).toEqual([{ limit: "max_concurrency", provider: "p", credential: "a", afterMs: 100, times: 2 }]);
  });

  test("no longer than allowed", async () => {
    const result = await replay(onePool(one, "queue: { max_wait: 4s }"), times(2, 0, { ms: 10_000 }));
    expect(result).toMatchObject({ answered: 1, failed: { unavailable: 1 }, waited: { requests: 1, longestMs: 4_000 } });
    expect(result.limits).toMatchObject([
      { limit: "max_concurrency", credential: "a", afterMs: 0 },
      { limit: "max_wait", afterMs: 4_000 },
    ]);
    expect(result.limits[1]).not.toHaveProperty("credential");
  });

  test("no more than allowed; a full queue is the provider's limit", async () => {
    const result = await replay(onePool(one, "queue: { max_waiting: 0 }"), times(2, 0, { ms: 10_000 }));
    expect(result).toMatchObject({ answered: 1, failed: { unavailable: 1 }, waited: { requests: 0 } });
    expect(result.limits.map(({ limit }) => limit)).toEqual(["max_concurrency", "max_waiting"]);
    const several = await replay(onePool(`${one}, { name: b, api_key: kb, max_concurrency: 1 }`, "queue: { max_waiting: 1 }"), [
      ...times(2, 0, { ms: 10_000 }),
      ...times(2, 0),
    ]);
    expect(several).toMatchObject({ answered: 3, failed: { unavailable: 1 }, waited: { requests: 1 } });
  });

  test("clients that left leave again, from the queue or in the middle of their answer", async () => {
    const requests = [
      recorded(0, { ms: 10_000, cancelled: true }),
      recorded(0, { ms: 3_000, cancelled: true }),
      recorded(0, { ms: 1_000 }),
    ];
    const result = await replay(onePool(one), requests);
    expect(result).toMatchObject({ answered: 1, cancelled: 2, waited: { requests: 2, longestMs: 10_000 } });
    expect(counts(result)).toEqual({ "p/a": 2 });
  });
});

describe("who may ask for what", () => {
  const keys = 'keys: [{ name: alice, key: k1, models: ["gemini-*"] }, { name: bob, key: k2, models: [other] }]';

  test("keys that are gone or may not use the model, and models that nobody has", async () => {
    const requests = [
      recorded(0, { key: "alice" }),
      recorded(1, { key: "bob" }),
      recorded(2, { key: "carol" }),
      recorded(3, { key: "alice", model: "gemini-none" }),
      recorded(4),
    ];
    const result = await replay(onePool(TWO, keys), requests);
    expect(result).toMatchObject({ requests: 5, answered: 3, failed: { permission: 1, unauthenticated: 1 } });
    expect(await replay(onePool(TWO), [recorded(0, { model: "gpt-6" })])).toMatchObject({ attempts: 0, failed: { "model-not-found": 1 } });
  });

  test("a provider that declares no names has those that it served", async () => {
    const config = poolConfig("providers: { r: { type: openrouter, credentials: [{ api_key: k }] } }");
    const model = "some/model";
    expect(await replay(config, [recorded(0, { model, target: "r/some/model" })])).toMatchObject({ answered: 1 });
    expect(await replay(config, [recorded(0, { model })])).toMatchObject({ failed: { "model-not-found": 1 } });
  });
});

test("the first content ends a rest: who waits for the probe need not wait for its answer's end", async () => {
  const requests = (ttftMs?: number): TrafficRequest[] => [
    recorded(0),
    recorded(0),
    recorded(70_000, { ms: 20_000, ...(ttftMs !== undefined && { ttftMs }) }),
    recorded(70_000),
  ];
  const config = onePool("{ api_key: k, limits: { rpm: 2 } }", "cooldown: { hint_max: 1s }");
  expect((await replay(config, [recorded(0), ...requests(500)])).waited).toEqual({ requests: 1, longestMs: 500 });
  expect((await replay(config, [recorded(0), ...requests()])).waited).toEqual({ requests: 1, longestMs: 20_000 });
});
