/** Small facts that outlive the process: what rests, which conversation stays where, which models a provider listed. */

export const STATE_KINDS = ["rest", "binding", "models"] as const;

/** What a fact is about; its keys and values are the matter of whoever keeps it. */
export type StateKind = (typeof STATE_KINDS)[number];

/** One fact. */
export interface StateEntry {
  readonly key: string;
  readonly value: string;
  /** When it is no longer true, in ms since 1970. */
  readonly expiresAt: number;
}

/** Keeps facts. The last that was said of a key counts. Writing costs the caller next to nothing, and is on disk a moment later. */
export interface StateStore {
  /** What has not expired, and of very much what expires last. A file is read once, when the store is opened: what was said since need not be among it. */
  load(kind: StateKind): readonly StateEntry[];
  set(kind: StateKind, entry: StateEntry): void;
  delete(kind: StateKind, key: string): void;
  /** Writes what is not yet written. */
  close(): Promise<void>;
}
