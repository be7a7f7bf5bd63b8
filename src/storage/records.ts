/**
 * What clients leave with the gateway, as records: a head and an ordered list of items, each record under one owner's name.
 * Whoever is not its owner cannot tell a record from none. What heads and items say is the caller's matter.
 */

/** One item of a record. */
export interface RecordItem {
  readonly id: string;
  /** What the item is in its record; `output` goes before any other when an item is looked up by its id. */
  readonly part: "input" | "output";
  /** JSON text. */
  readonly text: string;
}

export interface StoredRecord {
  readonly id: string;
  readonly head: string;
  readonly items: readonly RecordItem[];
}

/** An item, and the record that it was found in. */
export interface FoundItem {
  readonly item: RecordItem;
  readonly record: Pick<StoredRecord, "id" | "head">;
}

/** How long and how much. */
export interface RecordLimits {
  /** A record that was not used for so long is no longer there, in ms. */
  readonly ttlMs: number;
  /** All records together; beyond it those go that were not used for longest. */
  readonly maxBytes: number;
}

/**
 * Keeps records. What was written can be read at once, by whoever writes through the same object; it may reach the disk a
 * moment later, off the path of the request that wrote it.
 */
export interface RecordStore {
  /** No record may be larger than this, in bytes. */
  readonly maxRecordBytes: number;
  /** Keeps a record, instead of one that has its id. @returns `false` when it is too large, and nothing is kept. */
  put(owner: string, record: StoredRecord): boolean;
  /** Adds items at the end of a record, which may grow beyond its limit; does nothing where there is none. */
  append(owner: string, id: string, items: readonly RecordItem[]): void;
  /** Does nothing where there is no such record. */
  setHead(owner: string, id: string, head: string): void;
  /** Says that records were used: they are kept for longer. */
  touch(owner: string, ids: readonly string[]): void;
  get(owner: string, id: string): StoredRecord | undefined;
  /** The item of that id: the first that was kept, one that an answer said before any that was merely said again. */
  findItem(owner: string, itemId: string): FoundItem | undefined;
  /** @returns whether there was one. */
  remove(owner: string, id: string): boolean;
  /** @returns whether the record had such an item. */
  removeItem(owner: string, id: string, itemId: string): boolean;
  /** Writes what is not yet written. */
  close(): void;
}

/** More than almost any request and its answer. */
const MAX_RECORD_BYTES = 64 * 1_048_576;
/** What a record and an item take up beside their texts, roughly, in bytes. The database counts with the same. */
const RECORD_OVERHEAD = 256;
const ITEM_OVERHEAD = 128;

/** The largest record that such limits allow. */
export function maxRecordBytes({ maxBytes }: RecordLimits): number {
  return Math.min(MAX_RECORD_BYTES, maxBytes);
}

/** What a record takes up. */
export function recordBytes({ head, items }: Pick<StoredRecord, "head" | "items">): number {
  return RECORD_OVERHEAD + Buffer.byteLength(head) + itemBytes(items);
}

/** What items take up; an id stands in its item, and in what it is found by. */
export function itemBytes(items: readonly RecordItem[]): number {
  return items.reduce((sum, { id, text }) => sum + ITEM_OVERHEAD + 2 * Buffer.byteLength(id) + Buffer.byteLength(text), 0);
}
