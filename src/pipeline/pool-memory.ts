/**
 * What the pool knows beyond the life of the process: what rests and which conversation stays where (resilience §3). A rest is
 * kept as what was left of it when it was written, so that no jump of the machine's clock makes it longer.
 */
import { isObject, tryParseJson } from "../chat/json.ts";
import type { KeptRest } from "../routing/cooldown.ts";
import type { PoolJournal } from "../routing/members.ts";
import type { Pool } from "../routing/pool.ts";
import type { StateStore } from "../storage/state-store.ts";

/** A rest is remembered for so long after its end, for it doubles when it begins again, in ms. */
const REST_KEPT_MS = 86_400_000;
/** A refused key is remembered for so long, in ms. */
const REFUSAL_KEPT_MS = 365 * 86_400_000;

export class PoolMemory implements PoolJournal {
  readonly #store: StateStore;

  constructor(store: StateStore) {
    this.#store = store;
  }

  rest(owner: string, model: string | undefined, rest: KeptRest | undefined): void {
    const key = JSON.stringify([owner, model ?? null]);
    if (!rest) return this.#store.delete("rest", key);
    const at = Date.now();
    const keptMs = rest.untilMs === undefined ? REFUSAL_KEPT_MS : rest.untilMs + REST_KEPT_MS;
    this.#store.set("rest", { key, value: JSON.stringify({ at, rest }), expiresAt: at + keptMs });
  }

  binding(key: string, candidate: string | undefined, ttlMs: number): void {
    if (candidate === undefined) return this.#store.delete("binding", key);
    this.#store.set("binding", { key, value: candidate, expiresAt: Date.now() + ttlMs });
  }

  /** Tells a pool what an earlier process knew, as far as it is about members of this one. */
  restoreTo(pool: Pool): void {
    const now = Date.now();
    for (const { key, value } of this.#store.load("rest")) {
      const [owner, model] = (tryParseJson(key) ?? []) as [string, string | null];
      const kept = tryParseJson(value);
      if (!isObject(kept) || typeof kept["at"] !== "number" || !isObject(kept["rest"])) continue;
      pool.restoreRest(owner, model ?? undefined, kept["rest"] as unknown as KeptRest, Math.max(now - kept["at"], 0));
    }
    for (const { key, value, expiresAt } of this.#store.load("binding")) pool.restoreBinding(key, value, expiresAt - now);
  }
}
