/**
 * What the pool knows beyond the process: what rests and which conversation stays where (resilience §3). It outlives the
 * process in a store, and other replicas share it. A rest is kept as what was left of it when it was written, so that no jump
 * of the machine's clock makes it longer.
 */
import { isObject, tryParseJson } from "../chat/json.ts";
import type { KeptRest } from "../routing/cooldown.ts";
import type { PoolJournal } from "../routing/members.ts";
import type { Pool } from "../routing/pool.ts";
import type { RedisSharing, SharedFact } from "../storage/redis-sharing.ts";
import type { StateStore } from "../storage/state-store.ts";
import { readRest, readRestKey, restKey } from "./kept-rest.ts";

/** A rest is remembered for so long after its end, for it doubles when it begins again, in ms. */
const REST_KEPT_MS = 86_400_000;
/** A refused key is remembered for so long, in ms. */
const REFUSAL_KEPT_MS = 365 * 86_400_000;

export class PoolMemory implements PoolJournal {
  readonly #store: StateStore;
  readonly #sharing: RedisSharing | undefined;

  /** @param sharing absent: there are no other replicas. */
  constructor(store: StateStore, sharing?: RedisSharing) {
    this.#store = store;
    this.#sharing = sharing;
  }

  rest(owner: string, model: string | undefined, rest: KeptRest | undefined): void {
    const key = restKey(owner, model);
    this.#keepRest(key, rest, 0);
    this.#sharing?.tell("rest", key, rest && JSON.stringify(rest), rest ? keptMs(rest) : 0);
  }

  binding(key: string, candidate: string | undefined, ttlMs: number): void {
    this.#keepBinding(key, candidate, ttlMs);
    this.#sharing?.tell("binding", key, candidate, ttlMs);
  }

  /** Tells a pool what an earlier process knew, as far as it is about members of this one. */
  restoreTo(pool: Pool): void {
    const now = Date.now();
    for (const { key, value } of this.#store.load("rest")) {
      const kept = tryParseJson(value);
      const about = readRestKey(key);
      const rest = isObject(kept) ? readRest(kept["rest"]) : undefined;
      if (!about || !rest || !isObject(kept) || typeof kept["at"] !== "number") continue;
      const agoMs = now - kept["at"];
      // The clock was set back since: nobody knows how long ago that was, so it is due to be tried.
      pool.restoreRest(about.owner, about.model, rest, agoMs < 0 ? (rest.untilMs ?? rest.nextProbeMs) : agoMs);
    }
    for (const { key, value, expiresAt } of this.#store.load("binding")) pool.restoreBinding(key, value, expiresAt - now);
  }

  /** Tells a pool what another replica did; what nobody can read is ignored. */
  hear(pool: Pool, { kind, key, value, agoMs, ttlMs }: SharedFact): void {
    if (kind === "binding") {
      this.#keepBinding(key, value, ttlMs - agoMs);
      if (value === undefined) pool.endBinding(key);
      else pool.restoreBinding(key, value, ttlMs - agoMs);
      return;
    }
    const about = readRestKey(key);
    if (!about) return;
    const rest = value === undefined ? undefined : readRest(tryParseJson(value));
    if (value !== undefined && !rest) return;
    this.#keepRest(key, rest, agoMs);
    if (rest) pool.restoreRest(about.owner, about.model, rest, agoMs);
    else pool.endRest(about.owner, about.model);
  }

  #keepRest(key: string, rest: KeptRest | undefined, agoMs: number): void {
    if (!rest) return this.#store.delete("rest", key);
    const at = Date.now() - Math.round(agoMs);
    this.#store.set("rest", { key, value: JSON.stringify({ at, rest }), expiresAt: at + keptMs(rest) });
  }

  #keepBinding(key: string, candidate: string | undefined, leftMs: number): void {
    if (candidate === undefined) return this.#store.delete("binding", key);
    this.#store.set("binding", { key, value: candidate, expiresAt: Date.now() + Math.round(leftMs) });
  }
}

function keptMs({ untilMs }: KeptRest): number {
  return untilMs === undefined ? REFUSAL_KEPT_MS : untilMs + REST_KEPT_MS;
}
