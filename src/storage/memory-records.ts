/** Records in memory: for one connection, for tests, and where nothing is to reach a disk. */
import {
  itemBytes,
  maxRecordBytes,
  recordBytes,
  type FoundItem,
  type RecordItem,
  type RecordLimits,
  type RecordStore,
  type StoredRecord,
} from "./records.ts";

interface Entry {
  readonly owner: string;
  readonly id: string;
  head: string;
  items: readonly RecordItem[];
  usedAt: number;
}

export class MemoryRecords implements RecordStore {
  readonly maxRecordBytes: number;
  readonly #limits: RecordLimits;
  readonly #now: () => number;
  /** Those not used for longest first. */
  readonly #entries = new Map<string, Entry>();
  /** The records that hold an item of that id, in the order in which they were kept. */
  readonly #holders = new Map<string, Set<Entry>>();
  #bytes = 0;

  /** @param now tells the time in ms. */
  constructor(limits: RecordLimits, now: () => number = Date.now) {
    this.#limits = limits;
    this.#now = now;
    this.maxRecordBytes = maxRecordBytes(limits);
  }

  /** What all of it takes up. */
  get bytes(): number {
    return this.#bytes;
  }

  put(owner: string, { id, head, items }: StoredRecord): boolean {
    if (recordBytes({ head, items }) > this.maxRecordBytes) return false;
    const before = this.#entries.get(keyOf(owner, id));
    if (before) this.#drop(before);
    const entry: Entry = { owner, id, head, items, usedAt: this.#now() };
    this.#entries.set(keyOf(owner, id), entry);
    this.#bytes += recordBytes(entry);
    this.#index(entry, items);
    this.#makeRoom();
    return true;
  }

  append(owner: string, id: string, items: readonly RecordItem[]): void {
    const entry = this.#alive(owner, id);
    if (!entry) return;
    entry.items = [...entry.items, ...items];
    this.#bytes += itemBytes(items);
    this.#index(entry, items);
    this.#makeRoom();
  }

  setHead(owner: string, id: string, head: string): void {
    const entry = this.#alive(owner, id);
    if (!entry) return;
    this.#bytes += Buffer.byteLength(head) - Buffer.byteLength(entry.head);
    entry.head = head;
  }

  touch(owner: string, ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.#alive(owner, id);
      if (!entry) continue;
      entry.usedAt = this.#now();
      this.#entries.delete(keyOf(owner, id));
      this.#entries.set(keyOf(owner, id), entry);
    }
  }

  get(owner: string, id: string): StoredRecord | undefined {
    const entry = this.#alive(owner, id);
    return entry && { id, head: entry.head, items: entry.items };
  }

  findItem(owner: string, itemId: string): FoundItem | undefined {
    const found = [...(this.#holders.get(keyOf(owner, itemId)) ?? [])]
      .filter((entry) => !this.#expired(entry))
      .flatMap(({ id, head, items }) => items.filter((item) => item.id === itemId).map((item) => ({ item, record: { id, head } })));
    return found.find(({ item }) => item.part === "output") ?? found[0];
  }

  remove(owner: string, id: string): boolean {
    const entry = this.#alive(owner, id);
    if (entry) this.#drop(entry);
    return entry !== undefined;
  }

  removeItem(owner: string, id: string, itemId: string): boolean {
    const entry = this.#alive(owner, id);
    const removed = entry?.items.filter((item) => item.id === itemId) ?? [];
    if (!entry || removed.length === 0) return false;
    entry.items = entry.items.filter((item) => item.id !== itemId);
    this.#bytes -= itemBytes(removed);
    this.#unindex(entry, removed);
    return true;
  }

  close(): void {
    this.#entries.clear();
    this.#holders.clear();
    this.#bytes = 0;
  }

  #alive(owner: string, id: string): Entry | undefined {
    const entry = this.#entries.get(keyOf(owner, id));
    return entry && !this.#expired(entry) ? entry : undefined;
  }

  #expired({ usedAt }: Entry): boolean {
    return usedAt + this.#limits.ttlMs <= this.#now();
  }

  #makeRoom(): void {
    for (const entry of this.#entries.values()) {
      if (this.#bytes <= this.#limits.maxBytes && !this.#expired(entry)) return;
      this.#drop(entry);
    }
  }

  #drop(entry: Entry): void {
    this.#entries.delete(keyOf(entry.owner, entry.id));
    this.#bytes -= recordBytes(entry);
    this.#unindex(entry, entry.items);
  }

  #index(entry: Entry, items: readonly RecordItem[]): void {
    for (const { id } of items) {
      const key = keyOf(entry.owner, id);
      this.#holders.set(key, (this.#holders.get(key) ?? new Set()).add(entry));
    }
  }

  #unindex(entry: Entry, items: readonly RecordItem[]): void {
    for (const { id } of items) {
      const key = keyOf(entry.owner, id);
      const holders = this.#holders.get(key);
      holders?.delete(entry);
      if (holders?.size === 0) this.#holders.delete(key);
    }
  }
}

/** One text for both; the length keeps two owners' apart whatever is in them. */
function keyOf(owner: string, id: string): string {
  return `${owner.length}:${owner}${id}`;
}
