/** Records in the database file. Writing waits until the event loop has a moment; reading writes first what still waits. */
import { hash } from "node:crypto";
import { Database, DatabaseBusy, type Row } from "./database.ts";
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

/** A use is noted when the last one is so long ago, in ms: a long chain is used with every request that goes on from it. */
const USE_NOTED_AFTER_MS = 60_000;
/** How often what has expired is looked for while nobody writes, in ms. */
const SWEEP_EVERY_MS = 3_600_000;
/** How soon what could not be written is tried again, in ms; doubles, because everything waits while it is tried. */
const RETRY_MS = { first: 250, longest: 4_000 };
/** How long removing may take beyond what writing took, how many records go however long that takes, and how soon it goes on, in ms. */
const REMOVING = { forMs: 10, records: 8, againMs: 50 };
/** More than this is not held in memory until it can be written, in bytes. */
const MAX_WAITING_BYTES = 256 * 1_048_576;

export interface SqliteRecordsOptions extends RecordLimits {
  /** The file; made when there is none. */
  readonly path: string;
  /** Tells the time in ms. */
  readonly now?: () => number;
  /** Hears of what could not be written, where nobody waits for it. */
  readonly onError: (error: unknown) => void;
}

export class SqliteRecords implements RecordStore {
  readonly maxRecordBytes: number;
  readonly #database: Database;
  readonly #options: SqliteRecordsOptions;
  readonly #now: () => number;
  readonly #sweeper: NodeJS.Timeout;
  #waiting: (() => void)[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MS.first;

  /** @throws StorageError when the file cannot be used. */
  constructor(options: SqliteRecordsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.maxRecordBytes = maxRecordBytes(options);
    this.#database = new Database(options.path);
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_EVERY_MS).unref();
    this.#write(0, () => undefined);
  }

  put(owner: string, record: StoredRecord): boolean {
    const bytes = recordBytes(record);
    if (bytes > this.maxRecordBytes) return false;
    const now = this.#now();
    this.#write(bytes, () => {
      this.#database.run("DELETE FROM records WHERE owner = ? AND id = ?", owner, record.id);
      const insert = "INSERT INTO records (owner, id, head, used_at) VALUES (?, ?, ?, ?)";
      const { key } = this.#database.run(insert, owner, record.id, record.head, now);
      this.#insertItems(owner, key, record.items);
    });
    return true;
  }

  append(owner: string, id: string, items: readonly RecordItem[]): void {
    this.#write(itemBytes(items), () => {
      const key = this.#record(owner, id)?.key;
      if (key !== undefined) this.#insertItems(owner, key, items);
    });
  }

  setHead(owner: string, id: string, head: string): void {
    this.#write(Buffer.byteLength(head), () => {
      this.#database.run("UPDATE records SET head = ? WHERE owner = ? AND id = ? AND used_at > ?", head, owner, id, this.#oldest());
    });
  }

  touch(owner: string, ids: readonly string[]): void {
    const now = this.#now();
    this.#write(0, () => {
      const update = "UPDATE records SET used_at = ? WHERE owner = ? AND id = ? AND used_at > ? AND used_at < ?";
      for (const id of ids) this.#database.run(update, now, owner, id, this.#oldest(), now - USE_NOTED_AFTER_MS);
    });
  }

  get(owner: string, id: string): StoredRecord | undefined {
    this.#flush();
    const record = this.#record(owner, id);
    if (!record) return undefined;
    const items = this.#database.rows(
      "SELECT items.id, items.part, texts.text FROM items JOIN texts ON texts.key = items.text WHERE items.record = ? ORDER BY items.key",
      record.key,
    );
    return { id, head: record.head, items: items.map((row) => itemOf(row)) };
  }

  findItem(owner: string, itemId: string): FoundItem | undefined {
    this.#flush();
    const row = this.#database.row(
      `SELECT items.id, items.part, texts.text, records.id AS record, records.head
       FROM items JOIN records ON records.key = items.record JOIN texts ON texts.key = items.text
       WHERE items.owner = ? AND items.id = ? AND records.used_at > ?
       ORDER BY items.part = 'output' DESC, items.key LIMIT 1`,
      owner,
      itemId,
      this.#oldest(),
    );
    return row && { item: itemOf(row), record: { id: String(row["record"]), head: String(row["head"]) } };
  }

  remove(owner: string, id: string): boolean {
    this.#flush();
    return this.#database.run("DELETE FROM records WHERE owner = ? AND id = ? AND used_at > ?", owner, id, this.#oldest()).changes > 0;
  }

  removeItem(owner: string, id: string, itemId: string): boolean {
    this.#flush();
    const key = this.#record(owner, id)?.key;
    return key !== undefined && this.#database.run("DELETE FROM items WHERE record = ? AND id = ?", key, itemId).changes > 0;
  }

  close(): void {
    clearInterval(this.#sweeper);
    this.#flushUnheard();
    clearTimeout(this.#timer);
    this.#database.close();
  }

  #record(owner: string, id: string): { readonly key: number; readonly head: string } | undefined {
    const row = this.#database.row("SELECT key, head FROM records WHERE owner = ? AND id = ? AND used_at > ?", owner, id, this.#oldest());
    return row && { key: Number(row["key"]), head: String(row["head"]) };
  }

  #insertItems(owner: string, record: number, items: readonly RecordItem[]): void {
    const insert = "INSERT INTO items (record, owner, id, part, text) VALUES (?, ?, ?, ?, ?)";
    for (const { id, part, text } of items) this.#database.run(insert, record, owner, id, part, this.#textKey(owner, text));
  }

  /** The key of a text, which is kept once for each owner. */
  #textKey(owner: string, text: string): number {
    const digest = hash("sha256", text, "buffer");
    const known = this.#database.row("SELECT key FROM texts WHERE owner = ? AND hash = ?", owner, digest);
    if (known) return Number(known["key"]);
    return this.#database.run("INSERT INTO texts (owner, hash, text) VALUES (?, ?, ?)", owner, digest, text).key;
  }

  /** A record last used then has expired. */
  #oldest(): number {
    return this.#now() - this.#options.ttlMs;
  }

  /**
   * Removes what has expired, and where there is too much what was not used for longest. Nobody finds what has expired, so
   * that much of it may go bit by bit.
   * @param until when to stop, as `performance` tells the time.
   * @returns whether there is more to remove.
   */
  #makeRoom(until: number): boolean {
    const removeOne = "DELETE FROM records WHERE key = (SELECT key FROM records WHERE used_at <= ? ORDER BY used_at, key LIMIT 1)";
    for (let removed = 0; removed < REMOVING.records || performance.now() < until; removed += 1) {
      const isFull = Number(this.#database.row("SELECT bytes FROM totals")?.["bytes"]) > this.#options.maxBytes;
      const { changes } = this.#database.run(removeOne, isFull ? Number.MAX_SAFE_INTEGER : this.#oldest());
      if (changes === 0) return false;
    }
    return true;
  }

  /** Writing nothing makes room. */
  #sweep(): void {
    this.#write(0, () => undefined);
    this.#flushUnheard();
    try {
      this.#database.shrink();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  /** Notes what is to be written when the event loop has a moment. @param soon not before, in ms. */
  #write(bytes: number, write: () => void, soon = 0): void {
    this.#waiting.push(write);
    this.#waitingBytes += bytes;
    this.#timer ??= setTimeout(() => this.#flushUnheard(), soon);
  }

  /** Writes what waits, and says what becomes of it where nobody else would. */
  #flushUnheard(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.#flush();
    } catch (error) {
      this.#options.onError(error);
      if (this.#waiting.length === 0) return;
      this.#timer = setTimeout(() => this.#flushUnheard(), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS.longest);
    }
  }

  /** @throws StorageError when it cannot be written; what another process is in the way of waits on, all else is given up. */
  #flush(): void {
    if (this.#waiting.length === 0) return;
    const began = performance.now();
    try {
      const isMore = this.#database.transaction(() => {
        for (const write of this.#waiting) write();
        const now = performance.now();
        return this.#makeRoom(now + (now - began) + REMOVING.forMs);
      });
      this.#forgetWaiting();
      this.#retryMs = RETRY_MS.first;
      if (isMore) this.#write(0, () => undefined, REMOVING.againMs);
    } catch (error) {
      if (!(error instanceof DatabaseBusy) || this.#waitingBytes > MAX_WAITING_BYTES) this.#forgetWaiting();
      throw error;
    }
  }

  #forgetWaiting(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}

function itemOf({ id, part, text }: Row): RecordItem {
  return { id: String(id), part: part === "output" ? "output" : "input", text: String(text) };
}
