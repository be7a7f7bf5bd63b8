/** All that is known of one credential, and of the provider it belongs to. It outlives the configuration that named it. */
import type { Credential, Provider } from "../providers/provider.ts";
import { ByModel } from "./by-model.ts";
import type { Circuit } from "./circuit.ts";
import type { Cooldowns, Row, Standing } from "./cooldown.ts";
import type { RateBook } from "./rates.ts";

/** A provider's state. */
export interface ProviderState {
  provider: Provider;
  readonly circuit: Circuit;
}

export interface CredentialState {
  /** Provider, name and the key's fingerprint. */
  id: string;
  readonly owner: ProviderState;
  credential: Credential;
  readonly cooldowns: Cooldowns;
  rates: RateBook;
  readonly latencies: Latencies;
  inUse: number;
}

/** How long answers took to begin, by model, of late. */
export class Latencies {
  readonly #models = new ByModel<{ ms: number; at: number }>();

  /** @param ms from the request to the answer's beginning. */
  note(model: string, ms: number, now: number): void {
    const latency = this.#models.of(model, () => ({ ms, at: now }));
    latency.ms += (ms - latency.ms) * NEWEST_SHARE;
    latency.at = now;
  }

  /** In ms; `undefined` when the last one is older than `maxAgeMs`. */
  of(model: string, maxAgeMs: number, now: number): number | undefined {
    const known = this.#models.get(model);
    return known && now - known.at < maxAgeMs ? known.ms : undefined;
  }
}

/** What the newest measurement counts beside all earlier ones. */
const NEWEST_SHARE = 0.3;

/** Whether it may serve this model now, as far as its rests and its provider's say. */
export function standingOf({ cooldowns, owner }: CredentialState, model: string, now: number): Standing {
  const own = cooldowns.standing(model, now);
  if (own === "resting") return own;
  const provider = owner.circuit.cooldowns.standing(model, now);
  if (provider === "resting" || own === "ready") return provider;
  return provider === "probing" ? provider : own;
}

/** What holds it: its provider's rest, its account's, its own. */
export function restsOf({ cooldowns, owner }: CredentialState, model: string): readonly Row[] {
  const provider = owner.circuit.cooldowns.rowsFor(model);
  const own = cooldowns.rowsFor(model);
  return provider.length === 0 ? own : [...provider, ...own];
}
