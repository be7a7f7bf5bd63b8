/** Providers that refuse what goes beyond the limits that the config declares, and answer everything else. */
import type { Credential, Provider } from "../providers/provider.ts";
import { Allowance } from "../routing/rates.ts";

/** The declared limits, in the config's words. */
export type RateLimit = "rpm" | "tpm";

/** A 429. */
export interface Refusal {
  readonly limit: RateLimit;
  /** When there is room again, in ms, as a `retry-after` would tell it. */
  readonly retryAfterMs: number;
}

/** `retry-after` counts in whole seconds. */
const HINT_STEP_MS = 1_000;

interface Account {
  readonly requests: Allowance | undefined;
  readonly tokens: Allowance | undefined;
  /** No request needs more than all there can be. */
  readonly tpm: number;
}

/** Accounts by their fingerprints. Where keys of one account declare different limits, the lowest count. */
export class VirtualUpstream {
  readonly #accounts: ReadonlyMap<string, Account>;

  constructor(providers: readonly Provider[]) {
    const credentials = Map.groupBy(
      providers.flatMap((provider) => provider.credentials),
      ({ account }) => account,
    );
    this.#accounts = new Map([...credentials].map(([account, keys]) => [account, accountOf(keys)]));
  }

  /** A request arrives that will use so many tokens. @returns `undefined`: it is served, and they are used. */
  ask({ account: name }: Credential, tokens: number, now: number): Refusal | undefined {
    const account = this.#accounts.get(name);
    if (!account) return undefined;
    const refusal = refusedBy("rpm", account.requests, 1, now) ?? refusedBy("tpm", account.tokens, Math.min(tokens, account.tpm), now);
    if (refusal) return refusal;
    account.requests?.spend(1, now);
    account.tokens?.spend(tokens, now);
    return undefined;
  }

  /** Which of its limits has less left, for a credential of which one is used up. */
  scarcest({ account: name }: Credential, now: number): RateLimit {
    const account = this.#accounts.get(name);
    if (!account?.requests) return "tpm";
    return (account.tokens?.until(1, now) ?? 0) > account.requests.until(1, now) ? "tpm" : "rpm";
  }
}

function accountOf(keys: readonly Credential[]): Account {
  const lowest = (limit: RateLimit): number => Math.min(...keys.map(({ limits }) => limits?.[limit] ?? Infinity));
  const [rpm, tpm] = [lowest("rpm"), lowest("tpm")];
  return {
    requests: rpm === Infinity ? undefined : new Allowance(rpm),
    tokens: tpm === Infinity ? undefined : new Allowance(tpm),
    tpm,
  };
}

function refusedBy(limit: RateLimit, allowance: Allowance | undefined, amount: number, now: number): Refusal | undefined {
  const until = allowance?.until(amount, now) ?? 0;
  if (until <= now) return undefined;
  return { limit, retryAfterMs: Math.ceil((until - now) / HINT_STEP_MS) * HINT_STEP_MS };
}
