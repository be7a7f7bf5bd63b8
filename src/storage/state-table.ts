/** The table of small facts. */
import type { Database } from "./database.ts";
import type { StateEntry, StateKind } from "./state-store.ts";
import type { StateChange } from "./store-messages.ts";

/** How many go in one step. */
const REMOVED_AT_ONCE = 64;

/** More of one kind are not read, whatever the file holds. */
const MAX_READ = 10_000;

const LAST_TO_EXPIRE = `SELECT * FROM (SELECT key, value, expires_at FROM state WHERE kind = ? ORDER BY expires_at DESC LIMIT ${MAX_READ})
  ORDER BY expires_at`;

const SET = `INSERT INTO state (kind, key, value, expires_at) VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`;

export class StateTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Those that expire last, in the order in which they do: as many as a process has use for. */
  read(kind: StateKind): readonly StateEntry[] {
    return this.#database.rows(LAST_TO_EXPIRE, kind).map((row) => ({
      key: String(row["key"]),
      value: String(row["value"]),
      expiresAt: Number(row["expires_at"]),
    }));
  }

  apply({ kind, key, entry }: StateChange): void {
    if (entry) this.#database.run(SET, kind, key, entry.value, Math.round(entry.expiresAt));
    else this.#database.run("DELETE FROM state WHERE kind = ? AND key = ?", kind, key);
  }

  /** Whether {@link trim} has something to do. */
  get isOver(): boolean {
    return this.#database.row("SELECT 1 FROM state WHERE expires_at <= ? LIMIT 1", Date.now()) !== undefined;
  }

  /** Removes some of what has expired. */
  trim(): void {
    this.#database.run(
      "DELETE FROM state WHERE (kind, key) IN (SELECT kind, key FROM state WHERE expires_at <= ? LIMIT ?)",
      Date.now(),
      REMOVED_AT_ONCE,
    );
  }
}
