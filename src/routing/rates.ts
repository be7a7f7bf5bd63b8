/** What a credential may still spend, as its provider's last answers said and as the operator declared: read before a 429 happens. */
import type { Rate } from "../protocols/rate.ts";
import type { DeclaredLimits } from "../providers/provider.ts";
import { ByModel } from "./by-model.ts";

interface Standing {
  readonly unit: Rate["unit"];
  remaining: number;
  readonly resetAt: number;
}

/** By unit and window. */
type Standings = Map<string, Standing>;

const MINUTE_MS = 60_000;
/** Some say that nothing is left, and not for how long. */
const UNTOLD_RESET_MS = 1_000;

/** The rates of one credential. Times are ms of the pool's clock. */
export class RateBook {
  /** What holds for every model. */
  readonly #account: Standings = new Map();
  readonly #models = new ByModel<Standings>();
  readonly #requests: Allowance | undefined;
  readonly #tokens: Allowance | undefined;

  constructor({ rpm, tpm }: DeclaredLimits = {}) {
    if (rpm !== undefined) this.#requests = new Allowance(rpm);
    if (tpm !== undefined) this.#tokens = new Allowance(tpm);
  }

  /** An answer's head told these. */
  note(model: string, rates: readonly Rate[], now: number): void {
    for (const { unit, window = "", scope, remaining, resetMs = UNTOLD_RESET_MS } of rates) {
      const rate = { unit, remaining, resetAt: now + resetMs };
      const standings = scope === "account" ? this.#account : this.#models.of(model, () => new Map());
      standings.set(`${unit} ${window}`, rate);
    }
  }

  /** A request goes out: there is one less, whatever its answer will say. */
  spend(model: string, now: number): void {
    this.#requests?.spend(1, now);
    for (const standings of [this.#account, this.#models.get(model)]) {
      if (standings) for (const rate of standings.values()) if (rate.unit === "requests") rate.remaining -= 1;
    }
  }

  /** An answer took so many tokens. */
  spendTokens(tokens: number, now: number): void {
    this.#tokens?.spend(tokens, now);
  }

  /** When there is something to spend again, in ms of the clock; `undefined`: now. */
  usedUpUntil(model: string, now: number): number | undefined {
    let until = Math.max(this.#requests?.until(1, now) ?? 0, this.#tokens?.until(Number.MIN_VALUE, now) ?? 0);
    for (const standings of [this.#account, this.#models.get(model)]) {
      if (standings) for (const { remaining, resetAt } of standings.values()) if (remaining <= 0 && resetAt > until) until = resetAt;
    }
    return until > now ? until : undefined;
  }

  /** Forgets what answers told. */
  reset(): void {
    this.#account.clear();
    this.#models.clear();
  }

  /** What is known, for people. */
  describe(
    now: number,
  ): readonly { readonly model?: string; readonly unit: Rate["unit"]; readonly remaining: number; readonly resetMs: number }[] {
    return [...this.#models, [undefined, this.#account] as const].flatMap(([model, standings]) =>
      [...standings.values()]
        .filter(({ resetAt }) => resetAt > now)
        .map(({ unit, remaining, resetAt }) => ({
          ...(model !== undefined && { model }),
          unit,
          remaining: Math.max(remaining, 0),
          resetMs: resetAt - now,
        })),
    );
  }
}

/** So much a minute, all of it at once if need be, coming back evenly. */
export class Allowance {
  readonly #perMinute: number;
  #left: number;
  #at = -Infinity;

  /** Full at first. */
  constructor(perMinute: number) {
    this.#perMinute = perMinute;
    this.#left = perMinute;
  }

  /** So much is gone, be it more than was there. */
  spend(amount: number, now: number): void {
    this.#refill(now);
    this.#left -= amount;
  }

  /** When this amount is there, in ms of the clock; 0: it is. */
  until(amount: number, now: number): number {
    this.#refill(now);
    return this.#left >= amount ? 0 : now + ((amount - this.#left) / this.#perMinute) * MINUTE_MS;
  }

  #refill(now: number): void {
    if (now > this.#at) this.#left = Math.min(this.#perMinute, this.#left + ((now - this.#at) / MINUTE_MS) * this.#perMinute);
    this.#at = now;
  }
}
