import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Affinity, bindingKey } from "./affinity.ts";

const key = (session: string): string => bindingKey(session, "m");
const limits = { maxBindings: 3, ttlMs: 1_000 };

describe("a binding", () => {
  test("holds for one conversation and one model", () => {
    const affinity = new Affinity(limits);
    affinity.bind(key("s"), "a", 0);
    expect(affinity.get(key("s"), 0)).toBe("a");
    expect(affinity.get(bindingKey("s", "other"), 0)).toBeUndefined();
    expect(affinity.get(key("other"), 0)).toBeUndefined();
  });

  test("ends when it has not been used for its time, not before", () => {
    const affinity = new Affinity(limits);
    affinity.bind(key("s"), "a", 0);
    expect(affinity.get(key("s"), 900)).toBe("a");
    expect(affinity.get(key("s"), 1_900)).toBe("a");
    expect(affinity.get(key("s"), 2_901)).toBeUndefined();
  });

  test("goes when it is the one unused for longest", () => {
    const affinity = new Affinity(limits);
    for (const session of ["s1", "s2", "s3"]) affinity.bind(key(session), session, 0);
    affinity.get(key("s1"), 1);
    affinity.bind(key("s4"), "s4", 2);
    expect(["s1", "s2", "s3", "s4"].map((session) => affinity.get(key(session), 3))).toEqual(["s1", undefined, "s3", "s4"]);
  });

  test("is compared before it is undone: a late result leaves a newer one alone", () => {
    const affinity = new Affinity(limits);
    affinity.bind(key("s"), "a", 0);
    affinity.bind(key("s"), "b", 1);
    affinity.release(key("s"), "a");
    expect(affinity.get(key("s"), 2)).toBe("b");
    affinity.release(key("s"), "b");
    expect(affinity.get(key("s"), 2)).toBeUndefined();
  });

  test("works for session names of any length without keeping them", () => {
    const affinity = new Affinity(limits);
    const long = "x".repeat(100_000);
    affinity.bind(key(long), "a", 0);
    expect(affinity.get(key(long), 0)).toBe("a");
    expect(affinity.get(key(`${long}y`), 0)).toBeUndefined();
  });
});

test("answers like a plain map of at most so many young bindings", () => {
  const session = fc.constantFrom("s1", "s2", "s3", "s4", "s5");
  const step = fc.oneof(
    fc.record({ type: fc.constant("get" as const), session, wait: fc.integer({ min: 0, max: 600 }) }),
    fc.record({ type: fc.constant("bind" as const), session, credential: fc.constantFrom("a", "b") }),
    fc.record({ type: fc.constant("release" as const), session, credential: fc.constantFrom("a", "b") }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const affinity = new Affinity(limits);
      let model: { session: string; credential: string; usedAt: number }[] = [];
      let now = 0;
      for (const step of steps) {
        if (step.type === "get") {
          now += step.wait;
          const found = model.find((binding) => binding.session === step.session && now - binding.usedAt <= limits.ttlMs);
          model = model.filter((binding) => binding.session !== step.session);
          if (found) model.push({ ...found, usedAt: now });
          expect(affinity.get(key(step.session), now)).toBe(found?.credential);
        } else if (step.type === "bind") {
          model = model.filter((binding) => binding.session !== step.session);
          model = [...model, { session: step.session, credential: step.credential, usedAt: now }].slice(-limits.maxBindings);
          affinity.bind(key(step.session), step.credential, now);
        } else {
          model = model.filter((binding) => binding.session !== step.session || binding.credential !== step.credential);
          affinity.release(key(step.session), step.credential);
        }
      }
    }),
  );
});
