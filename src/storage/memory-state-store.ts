/** Small facts in memory: for tests, and where nothing is to reach a disk. */
import type { StateEntry, StateKind, StateStore } from "./state-store.ts";

/** More than this of one kind is not held; those go that were said first. */
const MAX_ENTRIES = 10_000;

export class MemoryStateStore implements StateStore {
  readonly #kinds = new Map<StateKind, Map<string, StateEntry>>();

  load(kind: StateKind): readonly StateEntry[] {
    const now = Date.now();
    return [...(this.#kinds.get(kind)?.values() ?? [])].filter(({ expiresAt }) => expiresAt > now);
  }

  set(kind: StateKind, entry: StateEntry): void {
    const entries = this.#kinds.get(kind) ?? new Map<string, StateEntry>();
    this.#kinds.set(kind, entries);
    entries.delete(entry.key);
    entries.set(entry.key, entry);
    const [first] = entries.keys();
    if (entries.size > MAX_ENTRIES && first !== undefined) entries.delete(first);
  }

  delete(kind: StateKind, key: string): void {
    this.#kinds.get(kind)?.delete(key);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
