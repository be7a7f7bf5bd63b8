/** How long what failed rests in tests of the pool, whose clock stands still until it is moved. All in ms. */
import type { CooldownPolicy } from "../../src/routing/cooldown.ts";

export const testCooldownPolicy: CooldownPolicy = {
  rateLimitBaseMs: 1_000,
  rateLimitMaxMs: 8_000,
  transientBaseMs: 100,
  transientMaxMs: 800,
  hintMaxMs: 500_000,
  longMs: 40_000,
  probeIntervalMs: 10_000,
};

/** For properties, in which many rests come and go. */
export const hastyCooldownPolicy: CooldownPolicy = {
  rateLimitBaseMs: 10,
  rateLimitMaxMs: 80,
  transientBaseMs: 10,
  transientMaxMs: 60,
  hintMaxMs: 5_000,
  longMs: 400,
  probeIntervalMs: 100,
};
