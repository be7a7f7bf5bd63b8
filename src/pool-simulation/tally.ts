/** Counts what happens in a simulation. Times are ms of its clock, which begins with the first request. */
import { costUsd } from "../catalog/prices.ts";
import type { ErrorKind } from "../chat/error.ts";
import type { Credential, Provider } from "../providers/provider.ts";
import type { Lease } from "../routing/lease.ts";
import type { Target } from "../routing/target.ts";
import type { TrafficRequest } from "./traffic.ts";
import type { RateLimit } from "./upstream.ts";

/** What there may be too little of, in the config's words. */
export type Limit = RateLimit | "max_concurrency" | "max_waiting" | "max_wait";

/** A limit that a request was refused for, passed a credential over for, or had to wait for. */
export interface LimitHit {
  readonly limit: Limit;
  readonly provider: string;
  /** Absent: all of the provider's. */
  readonly credential?: string;
  /** When it was hit first. */
  readonly afterMs: number;
  readonly times: number;
}

/** What one credential did. */
export interface CredentialResult {
  readonly provider: string;
  readonly credential: string;
  /** That it took, refused ones not counted. */
  readonly requests: number;
  /** Of all that were taken; 0 to 1. */
  readonly share: number;
  readonly tokens: number;
  /** Requests at once, at most. */
  readonly peakConcurrency: number;
  /** Requests that it was asked for beyond its declared limits. */
  readonly rateLimited: number;
  readonly usd: number;
}

/** What became of all requests. */
export interface SimulationResult {
  readonly requests: number;
  readonly answered: number;
  /** Their clients left, as they had. */
  readonly cancelled: number;
  /** By the kind of what their callers were told. */
  readonly failed: Readonly<Partial<Record<ErrorKind, number>>>;
  readonly attempts: number;
  readonly rateLimited: number;
  /** Requests that another step than the first took. */
  readonly fallbacks: number;
  readonly waited: { readonly requests: number; readonly longestMs: number };
  /** Requests that continue a conversation with the same model, and those of them that the same credential and target took. */
  readonly affinity: { readonly followUps: number; readonly kept: number };
  readonly spend: {
    /** By public prices. */
    readonly usd: number;
    /** Requests whose model has no known price. */
    readonly withoutPrice: number;
    /** Requests of which it was not told what they used. */
    readonly withoutUsage: number;
  };
  /** In the order in which they were first hit. */
  readonly limits: readonly LimitHit[];
  readonly credentials: readonly CredentialResult[];
}

interface Counted {
  readonly provider: Provider;
  readonly credential: Credential;
  requests: number;
  tokens: number;
  inUse: number;
  peak: number;
  rateLimited: number;
  usd: number;
}

export class Tally {
  readonly #now: () => number;
  readonly #credentials: ReadonlyMap<string, Counted>;
  /** Who took a conversation's last request. */
  readonly #conversations = new Map<string, string>();
  readonly #failed = new Map<ErrorKind, number>();
  readonly #limits = new Map<string, LimitHit & { times: number }>();
  readonly #affinity = { followUps: 0, kept: 0 };
  readonly #spend = { usd: 0, withoutPrice: 0, withoutUsage: 0 };
  readonly #waited = { requests: 0, longestMs: 0 };
  #requests = 0;
  #answered = 0;
  #cancelled = 0;
  #attempts = 0;
  #fallbacks = 0;

  constructor(providers: readonly Provider[], now: () => number) {
    this.#now = now;
    const counted = providers.flatMap((provider) =>
      provider.credentials.map((credential) => ({
        provider,
        credential,
        requests: 0,
        tokens: 0,
        inUse: 0,
        peak: 0,
        rateLimited: 0,
        usd: 0,
      })),
    );
    this.#credentials = new Map(counted.map((one) => [idOf(one.provider, one.credential.name), one]));
  }

  arrived(): void {
    this.#requests += 1;
  }

  attempted(): void {
    this.#attempts += 1;
  }

  /** An attempt met a 429. */
  refused({ target, credential }: Lease, limit: RateLimit): void {
    this.#of(target, credential.name).rateLimited += 1;
    this.hit(limit, target.provider, credential.name);
  }

  /** @param conversation what tells it from others; absent: nobody knows. */
  taken(lease: Lease, { usage }: TrafficRequest, fellBack: boolean, conversation: string | undefined): void {
    const { target, credential } = lease;
    const counted = this.#of(target, credential.name);
    counted.requests += 1;
    counted.tokens += (usage?.input ?? 0) + (usage?.output ?? 0);
    counted.inUse += 1;
    counted.peak = Math.max(counted.peak, counted.inUse);
    if (fellBack) this.#fallbacks += 1;
    if (conversation !== undefined) this.#follow(conversation, lease.id);
    const usd = usage && costUsd(target.provider.platform, target.model, usage);
    if (usd !== undefined) {
      counted.usd += usd;
      this.#spend.usd += usd;
    } else if (usage?.input === undefined && usage?.output === undefined) this.#spend.withoutUsage += 1;
    else this.#spend.withoutPrice += 1;
  }

  /** What was taken is over. */
  ended({ target, credential }: Lease, how: "answered" | "cancelled"): void {
    this.#of(target, credential.name).inUse -= 1;
    if (how === "answered") this.#answered += 1;
    else this.#cancelled += 1;
  }

  /** A client left before anybody took its request. */
  left(): void {
    this.#cancelled += 1;
  }

  failed(kind: ErrorKind): void {
    this.#failed.set(kind, (this.#failed.get(kind) ?? 0) + 1);
  }

  waited(ms: number): void {
    this.#waited.requests += 1;
    this.#waited.longestMs = Math.max(this.#waited.longestMs, ms);
  }

  /** A request met this limit. @param credential absent: it is not one credential's. */
  hit(limit: Limit, provider: Provider, credential?: string): void {
    const name = `${limit} ${provider.name}/${credential ?? ""}`;
    const known = this.#limits.get(name);
    if (known) known.times += 1;
    else {
      const owner = { provider: provider.name, ...(credential !== undefined && { credential }) };
      this.#limits.set(name, { limit, ...owner, afterMs: this.#now(), times: 1 });
    }
  }

  result(): SimulationResult {
    const credentials = [...this.#credentials.values()];
    const taken = credentials.reduce((sum, { requests }) => sum + requests, 0);
    return {
      requests: this.#requests,
      answered: this.#answered,
      cancelled: this.#cancelled,
      failed: Object.fromEntries(this.#failed),
      attempts: this.#attempts,
      rateLimited: credentials.reduce((sum, { rateLimited }) => sum + rateLimited, 0),
      fallbacks: this.#fallbacks,
      waited: this.#waited,
      affinity: this.#affinity,
      spend: this.#spend,
      limits: [...this.#limits.values()],
      credentials: credentials.map(({ provider, credential, requests, tokens, peak, rateLimited, usd }) => ({
        provider: provider.name,
        credential: credential.name,
        requests,
        share: taken === 0 ? 0 : requests / taken,
        tokens,
        peakConcurrency: peak,
        rateLimited,
        usd,
      })),
    };
  }

  #follow(conversation: string, taker: string): void {
    const before = this.#conversations.get(conversation);
    this.#conversations.set(conversation, taker);
    if (before === undefined) return;
    this.#affinity.followUps += 1;
    if (before === taker) this.#affinity.kept += 1;
  }

  #of({ provider }: Target, credential: string): Counted {
    return this.#credentials.get(idOf(provider, credential)) as Counted;
  }
}

function idOf({ name }: Provider, credential: string): string {
  return `${name}/${credential}`;
}
