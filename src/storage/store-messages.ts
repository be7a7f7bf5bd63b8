/** What the event loop and the thread that has the file tell each other. */
import type { RequestLogLimits } from "./request-log.ts";
import type { StateEntry, StateKind } from "./state-store.ts";

/** What the thread is started with. */
export interface StoreWorkerData {
  readonly path: string;
  readonly requests: RequestLogLimits;
}

/** The last that was said of a key. */
export interface StateChange {
  readonly kind: StateKind;
  readonly key: string;
  /** Absent: it is no longer there. */
  readonly entry?: StateEntry;
}

/** What is written in one transaction. */
export interface WriteBatch {
  /** JSON texts, which are copied to another thread faster than what they say. */
  readonly records: readonly string[];
  readonly changes: readonly StateChange[];
}

/** Which records are asked for. */
export type RecordQuery = { readonly id: string } | { readonly limit: number; readonly olderThan?: string };

/** Batches are answered one by one, queries by their numbers; the thread ends after `close`. */
export type ToStoreWorker = { readonly write: WriteBatch } | { readonly query: RecordQuery; readonly number: number } | "close";

/** `failed` is a sentence fit to be shown; the same may succeed later. */
export type FromStoreWorker =
  | { readonly written: true }
  | { readonly failed: string }
  | { readonly number: number; readonly records: readonly string[] }
  | { readonly number: number; readonly failed: string };
