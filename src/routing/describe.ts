/** The pool's state, for people: the admin API, `dragoman status`, readiness and logs. Never a secret. */
import type { CooldownView } from "./cooldown.ts";
import type { CredentialState, ProviderState } from "./credential-state.ts";

/** One credential, for people. */
export interface CredentialView {
  readonly name: string;
  readonly priority: number;
  readonly inUse: number;
  readonly maxConcurrency?: number;
  readonly cooldowns: readonly CooldownView[];
  /** What its provider's answers said is left. */
  readonly rates: readonly { readonly model?: string; readonly unit: string; readonly remaining: number; readonly resetMs: number }[];
}

/** One provider. */
export interface PoolView {
  readonly provider: string;
  /** Requests waiting for a credential. */
  readonly waiting: number;
  /** What all of it rests from, by model. */
  readonly circuit: readonly CooldownView[];
  readonly credentials: readonly CredentialView[];
}

/** @param waiting requests that wait, by provider. */
export function describeProviders(
  providers: Iterable<ProviderState & { readonly credentials: readonly CredentialState[] }>,
  waiting: ReadonlyMap<string, number>,
  now: number,
): PoolView[] {
  return [...providers].map(({ provider: { name: provider }, circuit, credentials }) => ({
    provider,
    waiting: waiting.get(provider) ?? 0,
    circuit: circuit.cooldowns.describe(now),
    credentials: credentials.map(({ credential: { name, priority, maxConcurrency }, inUse, cooldowns, rates }) => ({
      name,
      priority,
      inUse,
      ...(maxConcurrency !== undefined && { maxConcurrency }),
      cooldowns: cooldowns.describe(now),
      rates: rates.describe(now),
    })),
  }));
}
