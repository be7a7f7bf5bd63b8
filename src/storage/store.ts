/** What a gateway remembers of requests and of its pool: in the database file, written by a thread of its own, or in memory. */
import { Database, DatabaseBusy } from "./database.ts";
import { MemoryRequestLog } from "./memory-request-log.ts";
import { MemoryStateStore } from "./memory-state-store.ts";
import type { RequestLog, RequestLogLimits, RequestRecord } from "./request-log.ts";
import { STATE_KINDS, type StateEntry, type StateKind, type StateStore } from "./state-store.ts";
import { StateTable } from "./state-table.ts";
import { StoreClient, type StoreClientOptions } from "./store-client.ts";

/** Processes that start at once wait for each other: so often, each time so long beside what SQLite waits, in ms. */
const OPENING = { attempts: 20, pauseMs: 50 };

export interface Store {
  readonly requestLog: RequestLog;
  readonly stateStore: StateStore;
  /** The file; absent: in memory, until the process ends. */
  readonly path?: string;
  /** Why nothing can be written now; `undefined`: it can, as far as is known. */
  trouble(): string | undefined;
  /** Once: writes what is not yet written, as far as it can be. Closing one of the two closes both. */
  close(): Promise<void>;
}

/**
 * Opens the file, which is made when there is none, and reads the state from it: that waits for the disk.
 * @throws StorageError when the file cannot be used.
 */
export function openStore(options: StoreClientOptions): Store {
  const state = readState(options.path);
  const client = new StoreClient(options);
  const close = (): Promise<void> => client.close();
  const recordsOf = (texts: readonly string[]): readonly RequestRecord[] => texts.map((text) => JSON.parse(text) as RequestRecord);
  return {
    requestLog: {
      write: (record) => client.writeRecord(JSON.stringify(record)),
      get: async (id) => recordsOf(await client.read({ id }))[0],
      list: async (query) => recordsOf(await client.read(query)),
      close,
    },
    stateStore: {
      load: (kind) => (state.get(kind) ?? []).filter(({ expiresAt }) => expiresAt > Date.now()),
      set: (kind, entry) => client.writeChange({ kind, key: entry.key, entry }),
      delete: (kind, key) => client.writeChange({ kind, key }),
      close,
    },
    path: options.path,
    trouble: () => client.trouble,
    close,
  };
}

/** A store that ends with the process. */
export function memoryStore(limits: RequestLogLimits): Store {
  return {
    requestLog: new MemoryRequestLog(limits),
    stateStore: new MemoryStateStore(),
    trouble: () => undefined,
    close: () => Promise.resolve(),
  };
}

function readState(path: string): ReadonlyMap<StateKind, readonly StateEntry[]> {
  const database = openPatiently(path);
  try {
    const table = new StateTable(database);
    return new Map(STATE_KINDS.map((kind) => [kind, table.read(kind)]));
  } finally {
    database.close();
  }
}

function openPatiently(path: string): Database {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return new Database(path, "own");
    } catch (error) {
      if (!(error instanceof DatabaseBusy) || attempt === OPENING.attempts) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, OPENING.pauseMs);
    }
  }
}
