import fc from "fast-check";
import { expect, test } from "vitest";
import { onePool, recorded } from "../../test/support/pool-traffic.ts";
import { STRATEGIES } from "../providers/provider.ts";
import { simulate } from "./simulation.ts";
import type { SimulationResult } from "./tally.ts";

const DAY_MS = 24 * 3_600_000;

const credential = fc.record({
  max: fc.integer({ min: 1, max: 4 }),
  rpm: fc.option(fc.integer({ min: 4, max: 30 }), { nil: undefined }),
  tpm: fc.option(fc.integer({ min: 500, max: 20_000 }), { nil: undefined }),
  priority: fc.integer({ min: 0, max: 1 }),
  account: fc.constantFrom("x", undefined),
});
const pool = fc.record({
  credentials: fc.array(credential, { minLength: 1, maxLength: 4 }),
  strategy: fc.constantFrom(...STRATEGIES),
  attempts: fc.integer({ min: 1, max: 4 }),
  maxWaiting: fc.integer({ min: 0, max: 5 }),
});
const request = fc.record({
  after: fc.integer({ min: 0, max: 180_000 }),
  ms: fc.integer({ min: 0, max: 20_000 }),
  tokens: fc.option(fc.integer({ min: 0, max: 3_000 }), { nil: undefined }),
  ttftMs: fc.option(fc.integer({ min: 0, max: 20_000 }), { nil: undefined }),
  session: fc.option(fc.constantFrom("s", "t"), { nil: undefined }),
  cancelled: fc.boolean(),
});

type Pool = typeof pool extends fc.Arbitrary<infer Value> ? Value : never;

function configOf({ credentials, strategy, attempts, maxWaiting }: Pool) {
  const listed = credentials.map(({ max, rpm, tpm, priority, account }, index) => {
    const limits = Object.entries({ rpm, tpm }).flatMap(([name, limit]) => (limit === undefined ? [] : [`${name}: ${limit}`]));
    const declared = limits.length === 0 ? "" : `, limits: { ${limits.join(", ")} }`;
    const shared = account === undefined ? "" : `, account: ${account}`;
    return `{ name: c${index}, api_key: k${index}, priority: ${priority}, max_concurrency: ${max}${declared}${shared} }`;
  });
  return onePool(listed.join(", "), `retry: { attempts: ${attempts} }\nqueue: { max_waiting: ${maxWaiting}, max_wait: 10s }`, strategy);
}

const ended = ({ answered, cancelled, failed }: SimulationResult): number =>
  Object.values(failed).reduce((sum, count) => sum + count, answered + cancelled);

test("every request ends, nobody serves more at once than it may, and the same seed gives the same result", async () => {
  await fc.assert(
    fc.asyncProperty(pool, fc.array(request, { maxLength: 80 }), fc.nat(), async (settings, recordedRequests, seed) => {
      const config = configOf(settings);
      const requests = recordedRequests
        .map(({ after, ms, tokens, ttftMs, session, cancelled }) =>
          recorded(after, {
            ms,
            cancelled,
            ...(tokens !== undefined && { usage: { input: tokens } }),
            ...(ttftMs !== undefined && { ttftMs }),
            ...(session !== undefined && { session }),
          }),
        )
        .sort((a, b) => a.at - b.at);
      const result = await simulate(config, requests, seed);
      expect(ended(result)).toBe(requests.length);
      const taken = result.credentials.reduce((sum, { requests }) => sum + requests, 0);
      expect(taken).toBeGreaterThanOrEqual(result.answered);
      expect(taken + result.rateLimited).toBe(result.attempts);
      expect(result.attempts).toBeLessThanOrEqual(requests.length * settings.attempts);
      expect(result.affinity.kept).toBeLessThanOrEqual(result.affinity.followUps);
      for (const [index, { peakConcurrency }] of result.credentials.entries())
        expect(peakConcurrency).toBeLessThanOrEqual(settings.credentials[index]?.max ?? 0);
      const moments = result.limits.map(({ afterMs }) => afterMs);
      expect(moments).toEqual([...moments].sort((a, b) => a - b));
      expect(await simulate(config, requests, seed)).toEqual(result);
    }),
    { numRuns: 60 },
  );
});

test("permits return to zero: a day later there are as many as ever", async () => {
  await fc.assert(
    fc.asyncProperty(pool, fc.array(request, { maxLength: 80 }), async (settings, recordedRequests) => {
      // Without limits of the account, for those are a matter of the account's other keys too.
      const credentials = settings.credentials.map((one) => ({ ...one, account: undefined }));
      const before = recordedRequests.map(({ after, ms, cancelled }) => recorded(after, { ms, cancelled })).sort((a, b) => a.at - b.at);
      const permits = credentials.reduce((sum, { max }) => sum + max, 0);
      // Whoever rested is tried once before it counts as well.
      const probes = credentials.map((_, index) => recorded(DAY_MS + index * 120_000, { ms: 1 }));
      const burst = Array.from({ length: permits + 1 }, () => recorded(2 * DAY_MS, { ms: 20_000 }));
      const config = configOf({ ...settings, credentials, maxWaiting: 0 });
      const without = await simulate(config, [...before, ...probes], 1);
      const result = await simulate(config, [...before, ...probes, ...burst], 1);
      // As many as there are permits are answered, and not one more.
      expect(result.answered - without.answered).toBe(permits);
      expect(ended(result)).toBe(before.length + probes.length + burst.length);
    }),
    { numRuns: 60 },
  );
});

test("a hundred thousand requests", async () => {
  const random = fc.sample(fc.integer({ min: 1, max: 9_000 }), { numRuns: 1_000, seed: 7 });
  const requests = Array.from({ length: 100_000 }, (_, index) =>
    recorded(index * 100, { ms: random[index % 1_000] ?? 1, ttftMs: 300, session: `s${index % 777}`, usage: { input: 900, output: 90 } }),
  );
  const four = Array.from(
    { length: 4 },
    (_, index) => `{ name: c${index}, api_key: k${index}, max_concurrency: 40, limits: { rpm: 200 } }`,
  );
  const result = await simulate(onePool(four.join(", ")), requests, 1);
  expect(result).toMatchObject({ requests: 100_000, answered: 100_000, attempts: 100_000, rateLimited: 0 });
  expect(result.affinity).toMatchObject({ followUps: 100_000 - 777 });
});
