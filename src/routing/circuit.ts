/**
 * A provider that fails for several credentials alike is down for all of them: then it rests as a whole, per model, with one
 * probe at a time, so that a request goes on to its next target instead of trying every credential (resilience §3).
 */
import type { ErrorKind } from "../chat/error.ts";
import { ByModel } from "./by-model.ts";
import { Cooldowns, type CooldownOptions } from "./cooldown.ts";
import type { Rest } from "./verdict.ts";

/** Credentials that must have failed alike, where there are as many. */
const ALIKE = 3;
/** One credential alone tells nothing of its provider. */
const AT_LEAST = 2;
/** Failures longer ago than this do not count, in ms. */
const COUNTS_MS = 60_000;

export class Circuit {
  /** Per model. */
  readonly cooldowns: Cooldowns;
  /** When each credential failed last, by model. */
  readonly #failures = new ByModel<Map<string, number>>();

  constructor(options: CooldownOptions) {
    this.cooldowns = new Cooldowns(options);
  }

  /**
   * An upstream stumbled over a request that began at `mark`.
   * @param credentials how many the provider has.
   */
  failed(credential: string, credentials: number, model: string, rest: Rest, why: ErrorKind, mark: number, now: number): void {
    const failures = this.#failures.of(model, () => new Map());
    failures.set(credential, now);
    for (const [name, at] of failures) if (now - at > COUNTS_MS) failures.delete(name);
    // While it is open one is enough: the others were not asked.
    const open = this.cooldowns.rowsFor(model).length > 0;
    if (!open && failures.size < Math.max(AT_LEAST, Math.min(ALIKE, credentials))) return;
    this.cooldowns.add(model, { class: rest.class, scope: "model" }, why, mark, now);
  }

  /** It answered a request that began at `mark`. */
  succeeded(model: string, mark: number): void {
    this.#failures.delete(model);
    this.cooldowns.clear(model, mark);
  }

  /** Forgets every failure. */
  reset(): void {
    this.#failures.clear();
    this.cooldowns.reset();
  }
}
