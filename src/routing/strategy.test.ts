import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { STRATEGIES, type StrategyName } from "../providers/provider.ts";
import { createStrategy, LATENCY_COUNTS_MS, Strategies, type Strategy, type Turn } from "./strategy.ts";

function candidate(id: string, settings: Partial<Turn> = {}): Turn {
  return { id, weight: 1, inUse: 0, ...settings };
}

const five = Array.from({ length: 5 }, (_, index) => candidate(`c${index}`));

/** Picks, and says that it was used. */
function serve(strategy: Strategy, candidates: readonly Turn[], now = 0): string {
  const choice = strategy.pick(candidates, now);
  strategy.used(choice, candidates, now);
  return choice.id;
}

function picks(strategy: Strategy, candidates: readonly Turn[], count: number): string {
  return Array.from({ length: count }, () => serve(strategy, candidates)).join(" ");
}

const [a, b, c] = [candidate("a"), candidate("b"), candidate("c")];

test.each<[StrategyName, readonly Turn[], string]>([
  ["round-robin", [a, b, c], "a b c a b c a"],
  ["weighted", [candidate("a", { weight: 5 }), b, c], "a a b a c a a"],
  ["fill-first", [a, b, c], "a a a a a a a"],
  ["least-busy", [candidate("a", { inUse: 2 }), candidate("b", { inUse: 1 }), candidate("c", { inUse: 1 })], "b c b c b c b"],
  ["cheapest", [a, candidate("b", { price: 3 }), candidate("c", { price: 3 })], "b c b c b c b"],
  ["lowest-latency", [candidate("a", { latencyMs: 9 }), candidate("b", { latencyMs: 5 }), c], "c b b b b b b"],
])("%s", (name, candidates, expected) => {
  expect(picks(createStrategy(name), candidates, 7)).toBe(expected);
});

describe("lowest-latency", () => {
  test("measures each once before it compares, however many ask at once", () => {
    expect(picks(createStrategy("lowest-latency"), [a, b, c], 5)).toBe("a b c a b");
  });

  test("measures one anew whose latency is long ago, by one request", () => {
    const strategy = createStrategy("lowest-latency");
    const fast = candidate("fast", { latencyMs: 1 });
    const slow = candidate("slow", { latencyMs: 100 });
    expect([serve(strategy, [fast, slow]), serve(strategy, [fast, slow])]).toEqual(["fast", "fast"]);
    const forgotten = candidate("slow");
    const later = LATENCY_COUNTS_MS;
    expect([0, 1, 2].map((ms) => serve(strategy, [fast, forgotten], later + ms))).toEqual(["slow", "fast", "fast"]);
  });
});

test("round-robin is fair within one request of ideal at every moment", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 60 }), (count, requests) => {
      const strategy = createStrategy("round-robin");
      const served = new Map<string, number>();
      for (let i = 1; i <= requests; i += 1) {
        const id = serve(strategy, five.slice(0, count));
        served.set(id, (served.get(id) ?? 0) + 1);
        for (const { id } of five.slice(0, count)) expect(Math.abs((served.get(id) ?? 0) - i / count)).toBeLessThan(1);
      }
    }),
  );
});

test("weights are honoured within rounding at every moment", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 200 }),
      (weights, requests) => {
        const strategy = createStrategy("weighted");
        const candidates = weights.map((weight, index) => candidate(`c${index}`, { weight }));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const served = new Map<string, number>();
        for (let i = 1; i <= requests; i += 1) {
          const id = serve(strategy, candidates);
          served.set(id, (served.get(id) ?? 0) + 1);
          // The error of smooth weighted round-robin never reaches the number of candidates; after a whole round it is none.
          for (const { id, weight } of candidates) {
            expect(Math.abs((served.get(id) ?? 0) - (i * weight) / total)).toBeLessThan(
              i % total === 0 ? 1e-9 : Math.max(1, weights.length - 1),
            );
          }
        }
      },
    ),
  );
});

test.each(["round-robin", "weighted", "least-busy"] as const)(
  "%s: whoever can serve is served before long, whatever the others can",
  (name) => {
    const subset = fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(subset, { maxLength: 80 }), (turns) => {
        const strategy = createStrategy(name);
        const passedOver = five.map(() => 0);
        for (const able of turns) {
          const id = serve(
            strategy,
            able.map((index) => five[index]).filter((candidate) => candidate !== undefined),
          );
          for (const index of able) {
            passedOver[index] = five[index]?.id === id ? 0 : (passedOver[index] ?? 0) + 1;
            expect(passedOver[index]).toBeLessThan(five.length * (name === "weighted" ? five.length : 1));
          }
        }
      }),
    );
  },
);

test.each(STRATEGIES)("%s: the same history gives the same choices", (name) => {
  const state = fc.record({
    inUse: fc.nat(3),
    latencyMs: fc.option(fc.nat(50), { nil: undefined }),
    price: fc.option(fc.nat(9), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(state, state, state), { maxLength: 30 }), (history) => {
      const run = (): string[] => {
        const strategy = createStrategy(name);
        return history.map((states, now) =>
          serve(
            strategy,
            states.map((settings, index) => candidate(`c${index}`, settings)),
            now,
          ),
        );
      };
      expect(run()).toEqual(run());
    }),
  );
});

test("a step's turns are kept while it is asked for, and while it takes turns as before", () => {
  const strategies = new Strategies();
  const [asked, idle] = [strategies.of("asked", "weighted"), strategies.of("idle", "weighted")];
  strategies.forgetIdle();
  expect(strategies.of("asked", "weighted")).toBe(asked);
  strategies.forgetIdle();
  expect(strategies.of("asked", "weighted")).toBe(asked);
  expect(strategies.of("idle", "weighted")).not.toBe(idle);
  expect(strategies.of("asked", "round-robin")).not.toBe(asked);
});
