/**
 * The thread that has the file: it writes what it is given, one transaction a batch, answers queries, removes what has
 * expired or is too much, and waits for the disk, so that the event loop never does. An error that is not the file's is a
 * bug and ends it.
 */
import { parentPort, workerData } from "node:worker_threads";
import { CHECKPOINT_MS, Database } from "./database.ts";
import { StorageError } from "./home.ts";
import { requestRow, RequestTable } from "./request-table.ts";
import { StateTable } from "./state-table.ts";
import type { FromStoreWorker, StoreWorkerData, ToStoreWorker, WriteBatch } from "./store-messages.ts";

/** How long after a write, and how soon after a step, something is removed, in ms: others may write in between. */
const TRIM_MS = { afterWrite: 20, afterStep: 5 };
/** How often what has expired is looked for while nobody writes, in ms. */
const SWEEP_EVERY_MS = 3_600_000;

if (!parentPort) throw new Error("not a thread");
const port = parentPort;
const { path, requests: limits } = workerData as StoreWorkerData;

interface Tables {
  readonly database: Database;
  readonly requests: RequestTable;
  readonly state: StateTable;
}
let opened: Tables | undefined;
let trimTimer: NodeJS.Timeout | undefined;

/** @throws StorageError when the file cannot be used now. */
function tables(): Tables {
  if (opened) return opened;
  const database = new Database(path, "own");
  opened = { database, requests: new RequestTable(database, limits), state: new StateTable(database) };
  return opened;
}

function write({ records, changes }: WriteBatch): void {
  // Nobody else writes during a transaction: what can be done before it is.
  const rows = records.map((text) => requestRow(text));
  const { database, requests, state } = tables();
  database.transaction(() => {
    for (const row of rows) requests.insert(row);
    for (const change of changes) state.apply(change);
  });
  trimTimer ??= setTimeout(trim, TRIM_MS.afterWrite);
}

function trim(): void {
  trimTimer = undefined;
  upkeep(({ database, requests, state }) => {
    if (!requests.isOver && !state.isOver) return;
    database.transaction(() => {
      requests.trim();
      state.trim();
    });
    trimTimer ??= setTimeout(trim, TRIM_MS.afterStep);
  });
}

/** Work that can wait: it is tried again by itself, and what is wrong with the file is told to whoever writes next. */
function upkeep(work: (tables: Tables) => void): void {
  try {
    work(tables());
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
  }
}

/** What `work` returns, or what is wrong with the file. */
function answered<T extends object>(work: () => T): T | { readonly failed: string } {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return { failed: error.message };
  }
}

function close(): void {
  clearInterval(checkpoints);
  clearInterval(sweeps);
  clearTimeout(trimTimer);
  opened?.database.close();
  port.close();
}

const checkpoints = setInterval(() => upkeep(({ database }) => database.checkpoint()), CHECKPOINT_MS);
const sweeps = setInterval(() => {
  trimTimer ??= setTimeout(trim);
  upkeep(({ database }) => database.shrink());
}, SWEEP_EVERY_MS);
trim();

port.on("message", (message: ToStoreWorker) => {
  if (message === "close") return close();
  let answer: FromStoreWorker;
  if ("write" in message) {
    answer = answered(() => {
      write(message.write);
      return { written: true as const };
    });
  } else {
    const { query, number } = message;
    answer = { number, ...answered(() => ({ records: tables().requests.find(query) })) };
  }
  port.postMessage(answer);
});
