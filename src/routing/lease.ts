/** What a pool is asked for, what it gives, and how that is given back. */
import type { GatewayError } from "../chat/error.ts";
import type { Credential } from "../providers/provider.ts";
import type { Rate } from "../protocols/rate.ts";
import type { PassedOverReason } from "./candidate.ts";
import type { Step, Target } from "./target.ts";

/** A request for a credential. */
export interface LeaseRequest {
  /** As it was when the request came to it: the conversation and the turns are remembered by its place for each target. */
  readonly step: Step;
  /** Targets of the step that are not to be asked; absent: all may be. */
  readonly without?: ReadonlySet<Target>;
  /** The conversation it belongs to, as the client names it. */
  readonly session?: string;
  /** The accounts that minted the conversation's opaque state, by target; they go before the session's binding. */
  readonly preferredAccounts?: ReadonlyMap<Target, string>;
  /** {@link Lease.id}s not to be used: this request has tried them. */
  readonly exclude: ReadonlySet<string>;
  /** Whether other steps may follow: then a provider that is down is left alone, and one that stumbles may rest. */
  readonly othersFollow?: boolean;
  /** Aborts when the client leaves. */
  readonly signal?: AbortSignal;
  /** How long it may wait from now, in ms, when that is less than the pool allows. */
  readonly deadlineMs?: number;
}

/**
 * How the use of a lease ended, and how many tokens it took, as far as that was told. `cancelled`: the client left, which says
 * nothing about the credential.
 */
export type Outcome = ({ readonly ok: true } | { readonly error: GatewayError } | { readonly cancelled: true }) & {
  readonly tokens?: number;
};

/** A candidate that did not get the request. */
export interface Passed {
  readonly target: Target;
  readonly credential: string;
  readonly reason: PassedOverReason;
  /** What it rests from. */
  readonly why?: string;
  /** When it should serve again, in ms from now; absent: unknown, or now. */
  readonly recoversMs?: number;
}

/** How the conversation's binding was met: `kept` its candidate, `moved` to another, `new` it got one; absent: it has none. */
export type AffinityMet = "kept" | "moved" | "new";

/** How a credential was chosen. */
export interface Choice {
  readonly affinity?: AffinityMet;
  /** Everybody else. */
  readonly passedOver: readonly Passed[];
}

/** A credential for one attempt. It counts as in use until {@link release}, which must come. */
export interface Lease {
  /** Names the candidate in {@link LeaseRequest.exclude}. */
  readonly id: string;
  readonly target: Target;
  readonly credential: Credential;
  /** Whether this attempt tells if a resting credential has recovered: nobody else gets it until then. */
  readonly probe: boolean;
  readonly choice: Choice;
  /** An answer's head told what is left to spend. */
  noteRates(rates: readonly Rate[]): void;
  /** The upstream has accepted the request: the credential is good, though the answer may still break off. Ends every rest but those from stumbles. */
  accept(): void;
  /** The upstream has begun to answer, so the credential works: ends its rest without waiting for the answer's end. */
  confirm(): void;
  /** Gives it back; only the first call counts. */
  release(outcome: Outcome): void;
}
