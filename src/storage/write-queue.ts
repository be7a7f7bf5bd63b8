/** What waits to be written: bounded in memory however long that takes. */
import type { StateChange, WriteBatch } from "./store-messages.ts";

/** So much goes at once: a transaction takes about a millisecond, in which nobody else writes. */
const BATCH = { entries: 64, characters: 262_144 };
/** More records than this are not held in memory, in characters. */
const MAX_WAITING = 16 * 1_048_576;
/** More facts than this are not held: conversations come and go as long as the disk does not answer. */
const MAX_CHANGES = 20_000;

export class WriteQueue {
  #records: string[] = [];
  #characters = 0;
  /** One for each key, the oldest first. */
  #changes = new Map<string, StateChange>();
  #dropped = 0;

  get isEmpty(): boolean {
    return this.#records.length === 0 && this.#changes.size === 0;
  }

  /** Whether a batch gains nothing from waiting for more. */
  get hasFullBatch(): boolean {
    return this.#records.length >= BATCH.entries || this.#characters >= BATCH.characters || this.#changes.size >= BATCH.entries;
  }

  /**
   * The oldest record goes when they are too many.
   * @returns whether one had to go.
   */
  addRecord(record: string): boolean {
    this.#records.push(record);
    this.#characters += record.length;
    return this.#makeRoom();
  }

  /** Takes the place of what waits for its key. The oldest goes when they are too many: what it said ends by itself. */
  addChange(change: StateChange): void {
    this.#changes.set(keyOf(change), change);
    this.#makeRoomForChanges();
  }

  /** Whether what waits is far from being too much. */
  get hasRoom(): boolean {
    return this.#characters < MAX_WAITING / 2;
  }

  /** The oldest of both. */
  take(): WriteBatch {
    let count = 0;
    for (let characters = 0; count < BATCH.entries && characters < BATCH.characters; count += 1) {
      const record = this.#records[count];
      if (record === undefined) break;
      characters += record.length;
    }
    const records = this.#records.splice(0, count);
    for (const { length } of records) this.#characters -= length;
    const changes: StateChange[] = [];
    for (const [key, change] of this.#changes) {
      if (changes.length === BATCH.entries) break;
      changes.push(change);
      this.#changes.delete(key);
    }
    return { records, changes };
  }

  /** What was taken and not written is the oldest again; what was said of a key since counts. */
  putBack({ records, changes }: WriteBatch): void {
    this.#records.unshift(...records);
    for (const { length } of records) this.#characters += length;
    this.#changes = new Map([...changes.map((change) => [keyOf(change), change] as const), ...this.#changes]);
    this.#makeRoom();
    this.#makeRoomForChanges();
  }

  /** Counts what was taken and will never be written. */
  drop({ records }: WriteBatch): void {
    this.#dropped += records.length;
  }

  /** Gives up all that waits. */
  clear(): void {
    this.#dropped += this.#records.length;
    this.#records = [];
    this.#characters = 0;
    this.#changes.clear();
  }

  /** How many records were dropped since this was last asked. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  #makeRoomForChanges(): void {
    for (const oldest of this.#changes.keys()) {
      if (this.#changes.size <= MAX_CHANGES) return;
      this.#changes.delete(oldest);
    }
  }

  #makeRoom(): boolean {
    let gone = 0;
    while (this.#characters > MAX_WAITING && gone < this.#records.length) {
      this.#characters -= this.#records[gone]?.length ?? 0;
      gone += 1;
    }
    if (gone === 0) return false;
    this.#records.splice(0, gone);
    this.#dropped += gone;
    return true;
  }
}

function keyOf({ kind, key }: StateChange): string {
  return `${kind} ${key}`;
}
