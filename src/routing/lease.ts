/** What a pool is asked for, what it gives, and how that is given back. */
import type { GatewayError } from "../chat/error.ts";
import type { Credential } from "../providers/provider.ts";

/** A request for a credential. */
export interface LeaseRequest {
  /** The upstream's name of the model. */
  readonly model: string;
  /** The conversation it belongs to, as the client names it. */
  readonly session?: string;
  /** The account that minted the conversation's opaque state; it goes before the session's binding. */
  readonly preferredAccount?: string;
  /** Names of credentials not to be used: this request has tried them. */
  readonly exclude: ReadonlySet<string>;
  /** Aborts when the client leaves. */
  readonly signal?: AbortSignal;
  /** How long it may wait from now, in ms, when that is less than the pool allows. */
  readonly deadlineMs?: number;
}

/** How the use of a lease ended. `cancelled`: the client left, which says nothing about the credential. */
export type Outcome = { readonly ok: true } | { readonly error: GatewayError } | { readonly cancelled: true };

/** A credential for one attempt. It counts as in use until {@link release}, which must come. */
export interface Lease {
  readonly credential: Credential;
  /** Whether this attempt tells if a resting credential has recovered: nobody else gets it until then. */
  readonly probe: boolean;
  /** The upstream has begun to answer, so the credential works: ends its rest without waiting for the answer's end. */
  confirm(): void;
  /** Gives it back; only the first call counts. */
  release(outcome: Outcome): void;
}
