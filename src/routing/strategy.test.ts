import fc from "fast-check";
import { expect, test } from "vitest";
import { credential } from "../../test/support/providers.ts";
import { roundRobin } from "./strategy.ts";

const candidates = Array.from({ length: 5 }, (_, index) => ({ credential: credential(`c${index}`) }));

test("goes round in the order of the config", () => {
  const strategy = roundRobin();
  const picked = Array.from({ length: 7 }, () => {
    const choice = strategy.pick(candidates.slice(0, 3));
    strategy.used(choice);
    return choice.credential.name;
  });
  expect(picked).toEqual(["c0", "c1", "c2", "c0", "c1", "c2", "c0"]);
});

test("is fair within one request of ideal at every moment", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 60 }), (count, requests) => {
      const strategy = roundRobin();
      const served = new Map<string, number>();
      for (let i = 1; i <= requests; i += 1) {
        const choice = strategy.pick(candidates.slice(0, count));
        strategy.used(choice);
        served.set(choice.credential.name, (served.get(choice.credential.name) ?? 0) + 1);
        for (const { credential } of candidates.slice(0, count)) {
          expect(Math.abs((served.get(credential.name) ?? 0) - i / count)).toBeLessThan(1);
        }
      }
    }),
  );
});

test("whoever can serve is served within as many turns as there are candidates, whatever the others can", () => {
  const subset = fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(subset, { maxLength: 80 }), (turns) => {
      const strategy = roundRobin();
      const passedOver = candidates.map(() => 0);
      for (const able of turns) {
        const choice = strategy.pick(able.map((index) => candidates[index]).filter((candidate) => candidate !== undefined));
        strategy.used(choice);
        for (const index of able) {
          passedOver[index] = candidates[index] === choice ? 0 : (passedOver[index] ?? 0) + 1;
          expect(passedOver[index]).toBeLessThan(candidates.length);
        }
      }
    }),
  );
});
