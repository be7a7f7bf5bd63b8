/** What is remembered of each request: where it went, why, and what it cost, without a word of what was said. */
import type { Usage } from "../chat/chat.ts";
import type { Loss } from "../chat/loss.ts";

/** A candidate that did not get an attempt. */
export interface PassedOver {
  /** `provider/model`. */
  readonly target: string;
  /** The credential's name; absent: all of the target. */
  readonly credential?: string;
  /** Why, in a word: `cooling`, `down`, `busy`, `excluded`, `turn`, … */
  readonly reason: string;
  /** The error kind that it rests from. */
  readonly why?: string;
  /** When it should serve again, in ms from then. */
  readonly recoversMs?: number;
}

/** One try, or one pool that was passed over. */
export interface AttemptRecord {
  /** `provider/model`. */
  readonly target: string;
  /** The credential's name; absent when none could be had. */
  readonly credential?: string;
  /** `answered`, `cancelled`, or the kind of the failure. */
  readonly cause: string;
  /** When it began, in ms after the request came. */
  readonly atMs: number;
  readonly ms: number;
  /** From its beginning to its first content, in ms. */
  readonly ttftMs?: number;
  /** Whether it told if a resting credential had recovered. */
  readonly probe?: true;
  /** Who else could have had it, and why nobody did; of a large pool the first ones. */
  readonly passedOver?: readonly PassedOver[];
  /** What it was charged for, where that is known. */
  readonly usage?: Usage;
  /** Whose prices hold for that. */
  readonly platform?: string;
}

/** One request. */
export interface RequestRecord {
  /** As `x-dragoman-request-id` tells it. */
  readonly id: string;
  /** When it came, in ms since 1970. */
  readonly at: number;
  /** From its first byte to the last of its answer. */
  readonly ms: number;
  /** The virtual key's name; absent where none is asked for. */
  readonly key?: string;
  /** The client's protocol. */
  readonly protocol: string;
  readonly operation: string;
  readonly stream: boolean;
  /** The model as the client named it; absent where it named none. */
  readonly model?: string;
  /** Tells conversations apart, and nothing else of them. */
  readonly session?: string;
  readonly outcome: "answered" | "cancelled" | "failed";
  /** What the client was told. */
  readonly error?: { readonly kind: string; readonly message: string };
  /** Of the attempt that counts: `provider/model`, the credential's name, the lane. */
  readonly target?: string;
  readonly credential?: string;
  readonly lane?: string;
  /** From the request's arrival to its first content, in ms. */
  readonly ttftMs?: number;
  /** Why the target is not the first: the kind of the failure that led away from it. */
  readonly fallback?: string;
  /** `kept` it stayed with its credential; `moved` to another; `new` it got one; absent: it is of no known conversation. */
  readonly affinity?: "kept" | "moved" | "new";
  /** How an answer that broke off in the middle went on. */
  readonly recovery?: string;
  readonly attempts: readonly AttemptRecord[];
  readonly losses: readonly Loss[];
  /** Of all attempts together. */
  readonly usage?: Usage;
  /** What that costs in USD, by public prices of when it was written; absent: not known. The log adds it. */
  readonly costUsd?: number;
}

/** Keeps records within limits of number and age. Writing costs the caller next to nothing; what it wrote may take a moment to be found. */
export interface RequestLog {
  /** A record with the id of one that is there changes nothing. */
  write(record: RequestRecord): void;
  get(id: string): Promise<RequestRecord | undefined>;
  /** The newest first. @param olderThan only what stands behind the record of this id; nothing when it is no longer there. */
  list(options: { readonly limit: number; readonly olderThan?: string }): Promise<readonly RequestRecord[]>;
  /** Writes what is not yet written. */
  close(): Promise<void>;
}

/** How many, and for how long. */
export interface RequestLogLimits {
  readonly maxRecords: number;
  readonly ttlMs: number;
}
