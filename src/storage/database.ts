/**
 * The database file in `$DRAGOMAN_HOME`, and the only place that knows SQLite. It is one file that any number of processes
 * may share; what was committed survives the end of any of them.
 */
import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import type * as sqlite from "node:sqlite";
import { Worker } from "node:worker_threads";
import { StorageError } from "./home.ts";
import { MIGRATIONS } from "./migrations.ts";

/** How long another process may hold the file, in ms. Everything waits so long, so it is short. */
const BUSY_MS = 250;
/** Of 4 KiB each: as many as take some milliseconds. */
const PAGES_SHRUNK = 2048;
/** SQLite's codes for a file that another process holds. */
const BUSY_CODES: ReadonlySet<number> = new Set([5, 6]);

const PRAGMAS = [
  // Takes effect in an empty file only.
  "auto_vacuum = INCREMENTAL",
  // Readers and a writer do not wait for each other. A commit survives the end of the process, not always that of the machine.
  "journal_mode = WAL",
  "synchronous = NORMAL",
  "journal_size_limit = 16777216",
  // See {@link CHECKPOINTS}.
  "wal_autocheckpoint = 0",
  // What is removed is overwritten, not just forgotten.
  "secure_delete = ON",
];

/** One row, by the names of its columns. */
export type Row = Readonly<Record<string, sqlite.SQLOutputValue>>;

/** The database is held by another process; the same may succeed a moment later. */
export class DatabaseBusy extends StorageError {}

/** All that waking up now and then needs, in MB. */
const CHECKPOINT_MEMORY = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 };
/** How often commits are brought from the log into the file, in ms. */
export const CHECKPOINT_MS = 1000;

/**
 * What a thread of its own does: bringing commits into the file waits for the disk, and everything else would wait with it.
 * A Node that warns of SQLite need not do so twice.
 */
const CHECKPOINTS = `
  process.emitWarning = () => undefined;
  const { DatabaseSync } = require("node:sqlite");
  const database = new DatabaseSync(require("node:worker_threads").workerData);
  setInterval(() => database.exec("PRAGMA wal_checkpoint(PASSIVE)"), ${CHECKPOINT_MS});
`;

export class Database {
  readonly #sqlite: sqlite.DatabaseSync;
  readonly #checkpoints: Worker | undefined;
  readonly #path: string;
  readonly #statements = new Map<string, sqlite.StatementSync>();

  /**
   * Opens the file, which is made when there is none, and brings it to this version.
   * @param checkpoints `own`: whoever opened it calls {@link checkpoint}, or is done with it soon.
   * @throws StorageError when it can be neither read nor written, is no database, or a newer version made it.
   */
  constructor(path: string, checkpoints: "thread" | "own" = "thread") {
    this.#path = path;
    this.#sqlite = this.#guarded(() => {
      createPrivately(path);
      return new (loadSqlite().DatabaseSync)(path, { timeout: BUSY_MS });
    });
    try {
      this.#guarded(() => {
        for (const pragma of PRAGMAS) this.#sqlite.exec(`PRAGMA ${pragma}`);
        this.#migrate();
      });
    } catch (error) {
      this.#sqlite.close();
      throw error;
    }
    if (checkpoints === "own") return;
    this.#checkpoints = new Worker(CHECKPOINTS, { eval: true, workerData: path, execArgv: [], resourceLimits: CHECKPOINT_MEMORY });
    this.#checkpoints.unref();
    // The log must not grow for ever: then it is done here, where everything waits.
    this.#checkpoints.on("error", () => this.#sqlite.isOpen && this.#sqlite.exec("PRAGMA wal_autocheckpoint = 1000"));
  }

  /** Runs a statement; returns the key of the row it inserted and the number of rows it changed. */
  run(sql: string, ...values: readonly sqlite.SQLInputValue[]): { readonly key: number; readonly changes: number } {
    const { lastInsertRowid, changes } = this.#guarded(() => this.#statement(sql).run(...values));
    return { key: Number(lastInsertRowid), changes: Number(changes) };
  }

  /** The first row. */
  row(sql: string, ...values: readonly sqlite.SQLInputValue[]): Row | undefined {
    return this.#guarded(() => this.#statement(sql).get(...values));
  }

  /** All rows. */
  rows(sql: string, ...values: readonly sqlite.SQLInputValue[]): readonly Row[] {
    return this.#guarded(() => this.#statement(sql).all(...values));
  }

  /** All of it or nothing; nobody else writes meanwhile. */
  transaction<T>(work: () => T): T {
    this.#guarded(() => this.#sqlite.exec("BEGIN IMMEDIATE"));
    try {
      const result = work();
      this.#guarded(() => this.#sqlite.exec("COMMIT"));
      return result;
    } catch (error) {
      if (this.#sqlite.isTransaction) this.#sqlite.exec("ROLLBACK");
      throw error;
    }
  }

  /** Gives some of what removed rows have left free back to the system. */
  shrink(): void {
    this.#guarded(() => this.#sqlite.exec(`PRAGMA incremental_vacuum(${PAGES_SHRUNK})`));
  }

  /** Brings commits from the log into the file, and waits for the disk. */
  checkpoint(): void {
    this.#guarded(() => this.#sqlite.exec("PRAGMA wal_checkpoint(PASSIVE)"));
  }

  /** Leaves everything in the one file, unless another process has it open. */
  close(): void {
    void this.#checkpoints?.terminate();
    try {
      this.#sqlite.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // What stays in the log is safe there.
    }
    this.#sqlite.close();
  }

  #statement(sql: string): sqlite.StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#sqlite.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #migrate(): void {
    const version = (): number => Number(this.#sqlite.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (version() > MIGRATIONS.length) {
      throw new StorageError(`${this.#path} was made by a newer Dragoman. Use that one, or another DRAGOMAN_HOME.`);
    }
    if (version() === MIGRATIONS.length) return;
    this.transaction(() => {
      // Another process may have been faster.
      for (const [i, step] of MIGRATIONS.entries()) {
        if (version() === i) this.#sqlite.exec(`${step}; PRAGMA user_version = ${i + 1}`);
      }
    });
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** What the system or SQLite failed at, in words fit to be shown; any other error is a bug and stays what it is. */
  #explained(error: unknown): unknown {
    const { errcode, errstr, code } = error as { readonly errcode?: number; readonly errstr?: string; readonly code?: string };
    // The low byte is the primary code.
    if (errcode !== undefined && BUSY_CODES.has(errcode & 0xff)) {
      return new DatabaseBusy(`${this.#path} is held by another process.`, { cause: error });
    }
    const reason = errstr ?? code;
    return reason === undefined ? error : new StorageError(`${this.#path} cannot be used (${reason}).`, { cause: error });
  }
}

/** What is in the file is for its owner only; SQLite gives the files beside it the same mode. */
function createPrivately(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
}

/** Node 22 warns of SQLite when it is first loaded, on the operator's terminal: what we use of it has not changed since. */
function loadSqlite(): typeof sqlite {
  const emitWarning = Object.getOwnPropertyDescriptor(process, "emitWarning");
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    if (emitWarning) Object.defineProperty(process, "emitWarning", emitWarning);
  }
}
