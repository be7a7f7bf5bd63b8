import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { testCooldownPolicy as policy } from "../../test/support/cooldown-policy.ts";
import type { ErrorKind } from "../chat/error.ts";
import { Cooldowns, defaultCooldownPolicy } from "./cooldown.ts";
import type { Rest } from "./verdict.ts";

const limited: Rest = { class: "rate-limit", scope: "model" };
const stumbled: Rest = { class: "transient", scope: "model" };
const refused: Rest = { class: "down", scope: "account" };
const forbidden: Rest = { class: "long", scope: "model" };

/** One credential without jitter, and the calls that a probe makes. */
function subject(random = 0): {
  cooldowns: Cooldowns;
  fail: (rest: Rest, now: number, why?: ErrorKind) => void;
  untilMs: (now: number) => number | undefined;
} {
  const cooldowns = new Cooldowns({ policy, random: () => random });
  return {
    cooldowns,
    fail: (rest, now, why = "rate-limited") => cooldowns.add("m", rest, why, cooldowns.mark, now),
    untilMs: (now) => cooldowns.describe(now)[0]?.untilMs,
  };
}

describe("how long it rests", () => {
  test("a 429 without a hint: from the base, doubling with each failure in a row, to the cap", () => {
    const { fail, untilMs } = subject();
    const rests: (number | undefined)[] = [];
    for (let now = 0; rests.length < 5; now += untilMs(now) ?? 0) {
      fail(limited, now);
      rests.push(untilMs(now));
    }
    expect(rests).toEqual([1_000, 2_000, 4_000, 8_000, 8_000]);
  });

  test("a 429 with a hint: the hint, capped", () => {
    const { fail, untilMs } = subject();
    fail({ ...limited, hintMs: 1_234 }, 0);
    expect(untilMs(0)).toBe(1_234);
    fail({ ...limited, hintMs: 9_000_000 }, 2_000);
    expect(untilMs(2_000)).toBe(500_000);
  });

  test("a hint of nothing is no hint", () => {
    const { fail, untilMs } = subject();
    fail({ ...limited, hintMs: 0 }, 0);
    expect(untilMs(0)).toBe(1_000);
  });

  test("a stumble: short, doubling, capped whatever the hint", () => {
    const { fail, untilMs } = subject();
    const rests: (number | undefined)[] = [];
    for (let now = 0; rests.length < 5; now += 1_000) {
      fail(stumbled, now, "upstream");
      rests.push(untilMs(now));
    }
    expect(rests).toEqual([100, 200, 400, 800, 800]);
    fail({ ...stumbled, hintMs: 60_000 }, 9_000, "overloaded");
    expect(untilMs(9_000)).toBe(800);
  });

  test("402, 403 and 404: long, doubling, capped", () => {
    const { fail, untilMs } = subject();
    const rests: (number | undefined)[] = [];
    for (let now = 0; rests.length < 4; now += 50_000) {
      fail(forbidden, now, "permission");
      rests.push(untilMs(now));
    }
    expect(rests).toEqual([10_000, 20_000, 40_000, 40_000]);
  });

  test("a refused key: until it is changed, yet probed", () => {
    const { cooldowns, fail, untilMs } = subject();
    fail(refused, 0, "unauthenticated");
    expect(untilMs(0)).toBeUndefined();
    expect(cooldowns.standing("any", 9_999)).toBe("resting");
    expect(cooldowns.standing("any", 10_000)).toBe("probe");
  });

  test("jitter lengthens a rest a little, never beyond its cap", () => {
    const { fail, untilMs } = subject(0.5);
    fail(limited, 0);
    expect(untilMs(0)).toBeCloseTo(1_050);
    for (let i = 0; i < 9; i += 1) fail(limited, 100_000 * i);
    expect(untilMs(800_000)).toBe(8_000);
  });

  test("the defaults are those that are documented", () => {
    expect(defaultCooldownPolicy).toEqual({
      rateLimitBaseMs: 1_000,
      rateLimitMaxMs: 300_000,
      transientBaseMs: 1_000,
      transientMaxMs: 60_000,
      hintMaxMs: 86_400_000,
      longMs: 3_600_000,
      probeIntervalMs: 600_000,
    });
  });
});

describe("what it holds", () => {
  test("one model, or all of the account", () => {
    const { cooldowns, fail } = subject();
    fail(limited, 0);
    expect([cooldowns.standing("m", 0), cooldowns.standing("other", 0)]).toEqual(["resting", "ready"]);
    fail({ ...limited, scope: "account" }, 0);
    expect(cooldowns.standing("other", 0)).toBe("resting");
  });

  test("a success ends the rest of the model and of the account at once, not that of another model", () => {
    const { cooldowns, fail } = subject();
    fail(limited, 0);
    fail({ ...limited, scope: "account" }, 0);
    cooldowns.add("other", limited, "rate-limited", cooldowns.mark, 0);
    cooldowns.clear("m", cooldowns.mark);
    expect([cooldowns.standing("m", 0), cooldowns.standing("other", 0)]).toEqual(["ready", "resting"]);
  });

  test("names chosen by callers do not pile up, and never push out the account's rest", () => {
    const { cooldowns, fail } = subject();
    fail(refused, 0, "unauthenticated");
    for (let i = 0; i < 5_000; i += 1) cooldowns.add(`model-${i}`, forbidden, "model-not-found", cooldowns.mark, 0);
    expect(cooldowns.describe(0)).toHaveLength(1_000);
    expect(cooldowns.describe(0)[0]).toMatchObject({ why: "unauthenticated" });
    expect(cooldowns.standing("model-4999", 0)).toBe("resting");
  });
});

describe("half open", () => {
  test("when the rest ends one request is the probe, and others wait for it", () => {
    const { cooldowns, fail } = subject();
    fail(limited, 0);
    expect(cooldowns.standing("m", 999)).toBe("resting");
    expect(cooldowns.standing("m", 1_000)).toBe("probe");
    const probed = cooldowns.beginProbe("m");
    expect(cooldowns.standing("m", 1_000)).toBe("probing");
    cooldowns.endProbe(probed);
    expect(cooldowns.standing("m", 1_000)).toBe("probe");
  });

  test("a hint far away is probed on schedule", () => {
    const { cooldowns, fail } = subject();
    fail({ ...limited, hintMs: 400_000 }, 0);
    expect(cooldowns.standing("m", 10_000)).toBe("probe");
    const probed = cooldowns.beginProbe("m");
    expect(cooldowns.standing("m", 10_000)).toBe("probing");
    fail(limited, 10_000);
    cooldowns.endProbe(probed);
    expect(cooldowns.describe(10_000)).toMatchObject([{ untilMs: 390_000, nextProbeMs: 10_000, failures: 2 }]);
  });

  test("a fresh hint replaces an older one, also when it is shorter", () => {
    const { fail, untilMs } = subject();
    fail({ ...limited, hintMs: 400_000 }, 0);
    fail({ ...limited, hintMs: 2_000 }, 10_000);
    expect(untilMs(10_000)).toBe(2_000);
  });

  test("a stumble of the probe does not end a longer rest, another refusal replaces it", () => {
    const { cooldowns, fail } = subject();
    fail({ ...limited, hintMs: 400_000 }, 0);
    fail(stumbled, 10_000, "upstream");
    expect(cooldowns.describe(10_000)).toMatchObject([{ why: "rate-limited", untilMs: 390_000 }]);
    fail(forbidden, 20_000, "permission");
    expect(cooldowns.describe(20_000)).toMatchObject([{ why: "permission", untilMs: 10_000, sinceMs: 20_000 }]);
  });
});

describe("results that come late", () => {
  test("many failures of one moment open one window: no doubling", () => {
    const { cooldowns, untilMs } = subject();
    const { mark } = cooldowns;
    for (let now = 0; now < 10; now += 1) cooldowns.add("m", limited, "rate-limited", mark, now);
    expect(cooldowns.describe(9)).toMatchObject([{ failures: 1 }]);
    expect(untilMs(9)).toBe(1_000);
  });

  test("a success that began before the failure proves nothing", () => {
    const { cooldowns, fail } = subject();
    const { mark } = cooldowns;
    fail(limited, 0);
    cooldowns.clear("m", mark);
    expect(cooldowns.standing("m", 0)).toBe("resting");
  });

  test("a longer hint of the same moment counts, a shorter one does not", () => {
    const { cooldowns, untilMs } = subject();
    const { mark } = cooldowns;
    cooldowns.add("m", limited, "rate-limited", mark, 0);
    cooldowns.add("m", { ...limited, hintMs: 5_000 }, "rate-limited", mark, 0);
    cooldowns.add("m", { ...limited, hintMs: 3_000 }, "rate-limited", mark, 0);
    expect(untilMs(0)).toBe(5_000);
  });
});

test("says why, since when, until when and when it is probed next", () => {
  const { cooldowns, fail } = subject();
  fail({ ...limited, hintMs: 20_000 }, 100);
  expect(cooldowns.describe(1_100)).toEqual([
    {
      model: "m",
      why: "rate-limited",
      class: "rate-limit",
      failures: 1,
      sinceMs: 1_000,
      untilMs: 19_000,
      nextProbeMs: 9_000,
      probing: false,
    },
  ]);
});

test("whatever fails and whenever, a probe is due within the probe interval, and its success ends the rest", () => {
  const rest = fc.record(
    {
      class: fc.constantFrom("rate-limit" as const, "transient" as const, "long" as const, "down" as const),
      scope: fc.constantFrom("model" as const, "account" as const),
      hintMs: fc.oneof(fc.integer({ min: 0, max: 2_000_000 }), fc.constant(Infinity)),
    },
    { requiredKeys: ["class", "scope"] },
  );
  const failure = fc.record({ rest, wait: fc.integer({ min: 0, max: 30_000 }), late: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(failure, { minLength: 1, maxLength: 40 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, random) => {
        const cooldowns = new Cooldowns({ policy, random: () => random });
        let now = 0;
        let before = cooldowns.mark;
        for (const { rest, wait, late } of failures) {
          now += wait;
          const mark = late ? before : cooldowns.mark;
          before = cooldowns.mark;
          cooldowns.add("m", rest, "upstream", mark, now);
          expect(cooldowns.standing("m", now + policy.probeIntervalMs)).toBe("probe");
        }
        cooldowns.beginProbe("m");
        cooldowns.clear("m", cooldowns.mark);
        expect(cooldowns.standing("m", now)).toBe("ready");
        expect(cooldowns.describe(now)).toEqual([]);
      },
    ),
  );
});
