/** The table of requests, as the thread of the store uses it. */
import type { Database, Row } from "./database.ts";
import { priced } from "./priced-record.ts";
import type { RequestLogLimits, RequestRecord } from "./request-log.ts";
import type { RecordQuery } from "./store-messages.ts";

/** How many go in one step: removing them takes about a millisecond, in which nobody else writes. */
const REMOVED_AT_ONCE = 64;

const INSERT = `INSERT OR IGNORE INTO requests (id, at, key, protocol, model, outcome, target, credential,
  input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, cost_usd, record)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const LIST = "SELECT record FROM requests WHERE at > ?";
const NEWEST = "ORDER BY at DESC, rowid DESC LIMIT ?";

/** One row: the record's text and what of it stands in columns. */
type RequestRow = readonly (string | number | null)[];

/** @param written a record as JSON. */
export function requestRow(written: string): RequestRow {
  const record = priced(JSON.parse(written) as RequestRecord);
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
    JSON.stringify(record),
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
    return this.#rows(query, oldest).map(({ record }) => String(record));
  }

  #rows(query: RecordQuery, oldest: number): readonly Row[] {
    if ("id" in query) return this.#database.rows("SELECT record FROM requests WHERE id = ? AND at > ?", query.id, oldest);
    const { limit, olderThan } = query;
    if (olderThan === undefined) return this.#database.rows(`${LIST} ${NEWEST}`, oldest, limit);
    return this.#database.rows(
      `${LIST} AND (at, rowid) < (SELECT at, rowid FROM requests WHERE id = ?) ${NEWEST}`,
      oldest,
      olderThan,
      limit,
    );
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
