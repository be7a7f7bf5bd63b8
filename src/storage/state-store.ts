/** Small facts that outlive the process: what rests, which conversation stays where, which models a provider listed. */

/** What a fact is about; its keys and values are the matter of whoever keeps it. */
export type StateKind = "rest" | "binding" | "models";

/** One fact. */
export interface StateEntry {
  readonly key: string;
  readonly value: string;
  /** When it is no longer true, in ms since 1970. */
  readonly expiresAt: number;
}

/** Keeps facts. The last that was said of a key counts. Writing costs the caller next to nothing, and is on disk a moment later. */
export interface StateStore {
  /** All that has not expired, as it was when the store was opened. */
  load(kind: StateKind): readonly StateEntry[];
  set(kind: StateKind, entry: StateEntry): void;
  delete(kind: StateKind, key: string): void;
  /** Writes what is not yet written. */
  close(): Promise<void>;
}
