/** The table of requests, as the thread of the store uses it. */
import type { Database } from "./database.ts";
import type { RequestLogLimits, RequestRecord } from "./request-log.ts";
import type { RecordQuery } from "./store-messages.ts";

/** How many go in one step: removing them takes about a millisecond, in which nobody else writes. */
const REMOVED_AT_ONCE = 64;

const INSERT = `INSERT OR IGNORE INTO requests (id, at, key, protocol, model, outcome, target, credential,
  input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, cost_usd, record)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** One row: the record's text and what of it stands in columns. */
type RequestRow = readonly (string | number | null)[];

/** @param text a record as JSON. */
export function requestRow(text: string): RequestRow {
  const record = JSON.parse(text) as RequestRecord;
  const { id, at, key, protocol, model, outcome, target, credential, usage, costUsd } = record;
  return [
    id,
    Math.round(at),
    key ?? null,
    protocol,
    model ?? null,
    outcome,
    target ?? null,
    credential ?? null,
    tokens(usage?.input),
    tokens(usage?.cacheRead),
    tokens(usage?.cacheWrite),
    tokens(usage?.output),
    costUsd ?? null,
    text,
  ];
}

/** Providers say how many; nothing holds them to whole numbers, which the column has. */
function tokens(count: number | undefined): number | null {
  return count === undefined ? null : Math.round(count);
}

export class RequestTable {
  readonly #database: Database;
  readonly #limits: RequestLogLimits;

  constructor(database: Database, limits: RequestLogLimits) {
    this.#database = database;
    this.#limits = limits;
  }

  /** A row whose id is there changes nothing. */
  insert(row: RequestRow): void {
    this.#database.run(INSERT, ...row);
  }

  /** The texts of those that have not expired, the newest first. */
  find(query: RecordQuery): readonly string[] {
    const oldest = this.#oldest();
    const rows =
      "id" in query
        ? this.#database.rows("SELECT record FROM requests WHERE id = ? AND at > ?", query.id, oldest)
        : this.#database.rows(
            "SELECT record FROM requests WHERE at > ? AND at < ? ORDER BY at DESC, rowid DESC LIMIT ?",
            oldest,
            query.before ?? Number.MAX_SAFE_INTEGER,
            query.limit,
          );
    return rows.map(({ record }) => String(record));
  }

  /** Whether {@link trim} has something to do. */
  get isOver(): boolean {
    if (this.#excess() > 0) return true;
    return this.#database.row("SELECT 1 FROM requests WHERE at <= ? LIMIT 1", this.#oldest()) !== undefined;
  }

  /** Removes some of those that have expired or are too many, the oldest first. */
  trim(): void {
    const remove = "DELETE FROM requests WHERE rowid IN (SELECT rowid FROM requests WHERE at <= ? ORDER BY at, rowid LIMIT ?)";
    const { changes } = this.#database.run(remove, this.#oldest(), REMOVED_AT_ONCE);
    const excess = Math.min(this.#excess(), REMOVED_AT_ONCE - changes);
    if (excess > 0) this.#database.run(remove, Number.MAX_SAFE_INTEGER, excess);
  }

  #excess(): number {
    return Number(this.#database.row("SELECT requests FROM request_totals")?.["requests"]) - this.#limits.maxRecords;
  }

  /** A request that came then has expired. */
  #oldest(): number {
    return Date.now() - this.#limits.ttlMs;
  }
}
