/**
 * Who minted the opaque state that travels as it was minted, without an envelope that says so: answers of the relay lane
 * reach their clients untouched (rule 1), and an upstream must not be sent state of another account or model (dossier D.4).
 */
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { mintedBy, type Issuer } from "../chat/state.ts";

/** Since it was last asked for, in ms: clients resume conversations days later. */
const TTL_MS = 7 * 24 * 3_600_000;
/** Some ten megabytes. */
const MAX_STATES = 100_000;

/** Tells the time in ms. */
interface Clock {
  now(): number;
}

/** What is known of minted state, by its digest. This process forgets; a store on disk need not. */
export interface MintedStates {
  /** An upstream has minted this. */
  remember(state: string, issuer: Issuer): void;
  /** `undefined`: nobody here knows. */
  issuerOf(state: string): Issuer | undefined;
  /** Whether state is known that this target may not be shown. */
  knowsForeignTo(target: Issuer): boolean;
}

/** An issuer, and how many states of it are remembered. */
interface Counted {
  readonly name: string;
  readonly issuer: Issuer;
  count: number;
}

/** Remembers in memory, the most recent ones and for a week. */
export class MintedStateMemory implements MintedStates {
  readonly #states: LRUCache<string, Counted>;
  readonly #issuers = new Map<string, Counted>();

  constructor(clock: Clock) {
    this.#states = new LRUCache({
      max: MAX_STATES,
      ttl: TTL_MS,
      // The time is asked for anew each time, so that a test's clock counts.
      ttlResolution: 0,
      perf: clock,
      updateAgeOnGet: true,
      dispose: (counted) => {
        counted.count -= 1;
        if (counted.count === 0) this.#issuers.delete(counted.name);
      },
    });
  }

  remember(state: string, issuer: Issuer): void {
    const key = digestOf(state);
    if (this.#states.get(key)) return;
    const counted = this.#counted(issuer);
    counted.count += 1;
    this.#states.set(key, counted);
  }

  issuerOf(state: string): Issuer | undefined {
    return this.#states.size === 0 ? undefined : this.#states.get(digestOf(state))?.issuer;
  }

  knowsForeignTo(target: Issuer): boolean {
    for (const { issuer } of this.#issuers.values()) if (!mintedBy(issuer, target)) return true;
    return false;
  }

  #counted(issuer: Issuer): Counted {
    const name = JSON.stringify([issuer.platform, issuer.model, issuer.account]);
    const known = this.#issuers.get(name) ?? { name, issuer, count: 0 };
    this.#issuers.set(name, known);
    return known;
  }
}

function digestOf(state: string): string {
  return hash("sha256", state, "base64url");
}
