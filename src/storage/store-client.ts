/** The event loop's side of the store: hands over what is to be written, batch by batch, and waits for nothing. */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { StorageError } from "./home.ts";
import type { FromStoreWorker, RecordQuery, StateChange, StoreWorkerData, ToStoreWorker, WriteBatch } from "./store-messages.ts";
import { WriteQueue } from "./write-queue.ts";

/** A thread collects its garbage when it must: without limits it would take as much memory as the rest of the process. In MB. */
const MEMORY = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };
/** As this file: the sources and what is built of them have different names. */
const WORKER = new URL(`store-worker${extname(import.meta.url)}`, import.meta.url);

/**
 * How far batches that are not full lie apart, in ms: a transaction of its own, and waking a thread for it, cost each record more
 * than all else that is done with it.
 */
const APART_MS = 50;
/** How soon what could not be written is tried again, in ms; doubles. */
const RETRY_MS = { first: 100, longest: 5_000 };
/** How long whoever asks for records waits, in ms: a disk may never answer, and a shutdown waits for whoever asks. */
const READ_WITHIN_MS = 10_000;
/** Closing tries again so often, and takes no longer than so many ms. */
const CLOSING = { attempts: 3, withinMs: 10_000 };

export interface StoreClientOptions extends StoreWorkerData {
  /** Hears of what could not be written: once when that begins, and once when it is over if something was lost. */
  readonly onError: (error: unknown) => void;
  readonly readWithinMs?: number;
}

interface Waiter {
  readonly resolve: (records: readonly string[]) => void;
  readonly reject: (error: StorageError) => void;
  readonly limit: NodeJS.Timeout;
}

export class StoreClient {
  readonly #options: StoreClientOptions;
  readonly #queue = new WriteQueue();
  readonly #queries = new Map<number, Waiter>();
  #worker: Worker | undefined;
  /** What the thread was given to write and has not answered. */
  #sent: WriteBatch | undefined;
  #queriesAsked = 0;
  #trouble: string | undefined;
  /** When the last batch was sent, by the process's own clock. */
  #sentAt = -Infinity;
  #sendTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MS.first;
  #closed: Promise<void> | undefined;
  #closing: { attemptsLeft: number; readonly end: () => void } | undefined;

  /** Starts the thread, which holds no process up. */
  constructor(options: StoreClientOptions) {
    this.#options = options;
    this.#worker = this.#start();
  }

  /** Why nothing can be written now; `undefined`: it can, as far as is known. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** @param record as JSON. After {@link close} it is lost. */
  writeRecord(record: string): void {
    if (this.#closed) return;
    const hasDropped = this.#queue.addRecord(record);
    if (hasDropped)
      this.#troubled(new StorageError(`${this.#options.path} is not written in time: the oldest records of requests are lost.`));
    this.#send();
  }

  /** After {@link close} it is lost. */
  writeChange(change: StateChange): void {
    if (this.#closed) return;
    this.#queue.addChange(change);
    this.#send();
  }

  /**
   * The records that a query finds, as JSON.
   * @throws StorageError when the file cannot be read now, or not in time.
   */
  read(query: RecordQuery): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new StorageError("The store is closed."));
      const number = (this.#queriesAsked += 1);
      const { path, readWithinMs = READ_WITHIN_MS } = this.#options;
      const limit = setTimeout(() => {
        this.#settled(number);
        reject(new StorageError(`${path} does not answer.`));
      }, readWithinMs);
      this.#queries.set(number, { resolve, reject, limit });
      this.#post({ query, number });
      this.#worker?.ref();
    });
  }

  /** Once: writes what is not yet written, as far as it can be, and ends the thread. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      const deadline = setTimeout(() => this.#giveUp(), CLOSING.withinMs);
      const end = (): void => {
        clearTimeout(deadline);
        this.#reportLost();
        resolve();
      };
      this.#closing = { attemptsLeft: CLOSING.attempts, end };
      this.#worker?.ref();
      this.#retry();
    });
    return this.#closed;
  }

  #start(): Worker {
    const { path, requests } = this.#options;
    const workerData: StoreWorkerData = { path, requests };
    const worker = new Worker(WORKER, { workerData, execArgv: [], resourceLimits: MEMORY });
    worker.on("message", (message: FromStoreWorker) => this.#heard(message));
    worker.on("error", (error) => this.#crashed(error));
    worker.on("exit", () => {
      this.#worker = undefined;
      this.#rejectQueries();
      this.#closeWhenDone();
    });
    if (!this.#closed) worker.unref();
    return worker;
  }

  #post(message: ToStoreWorker): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(message);
  }

  /** One batch at a time: what comes meanwhile goes together in the next. */
  #send(): void {
    clearTimeout(this.#sendTimer);
    if (this.#sent || this.#retryTimer || this.#queue.isEmpty) return;
    const waitMs = this.#sentAt + APART_MS - performance.now();
    if (waitMs > 0 && !this.#queue.hasFullBatch && !this.#closing) {
      this.#sendTimer = setTimeout(() => this.#send(), waitMs).unref();
      return;
    }
    this.#sent = this.#queue.take();
    this.#sentAt = performance.now();
    this.#post({ write: this.#sent });
  }

  #heard(message: FromStoreWorker): void {
    if ("number" in message) return this.#answered(message);
    const batch = this.#sent;
    this.#sent = undefined;
    if ("written" in message) {
      this.#retryMs = RETRY_MS.first;
      // Where more comes than can be written, it is not over with every batch.
      if (this.#queue.hasRoom) this.#recovered();
      this.#send();
    } else {
      if (batch) this.#queue.putBack(batch);
      this.#troubled(new StorageError(message.failed));
      this.#retryLater();
    }
    this.#closeWhenDone();
  }

  #answered(message: Extract<FromStoreWorker, { readonly number: number }>): void {
    const waiter = this.#settled(message.number);
    if ("records" in message) waiter?.resolve(message.records);
    else waiter?.reject(new StorageError(message.failed));
  }

  /** Nobody waits for it any more. */
  #settled(number: number): Waiter | undefined {
    const waiter = this.#queries.get(number);
    clearTimeout(waiter?.limit);
    this.#queries.delete(number);
    if (this.#queries.size === 0 && !this.#closed) this.#worker?.unref();
    return waiter;
  }

  /** A bug, or no memory: what the thread had is not tried again, because it may be why. */
  #crashed(error: unknown): void {
    this.#options.onError(error);
    this.#trouble = "The thread that writes has failed; the log has the details.";
    if (this.#sent) this.#queue.drop(this.#sent);
    this.#sent = undefined;
    this.#retryLater();
  }

  #rejectQueries(): void {
    for (const number of this.#queries.keys()) this.#settled(number)?.reject(new StorageError("The store's thread has ended."));
  }

  #troubled(error: StorageError): void {
    if (this.#trouble === undefined) this.#options.onError(error);
    this.#trouble = error.message;
  }

  #recovered(): void {
    this.#trouble = undefined;
    this.#reportLost();
  }

  #reportLost(): void {
    const lost = this.#queue.takeDropped();
    if (lost > 0) this.#options.onError(new StorageError(`${this.#options.path} could not be written. Records of requests lost: ${lost}.`));
  }

  #retryLater(): void {
    if (this.#closing && (this.#closing.attemptsLeft -= 1) <= 0) return this.#queue.clear();
    this.#retryTimer ??= setTimeout(() => this.#retry(), this.#retryMs);
    if (!this.#closing) this.#retryTimer.unref();
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS.longest);
  }

  #retry(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#send();
    this.#closeWhenDone();
  }

  /** The thread has not answered for too long: the disk may never. */
  #giveUp(): void {
    if (this.#sent) this.#queue.drop(this.#sent);
    this.#queue.clear();
    void this.#worker?.terminate();
    this.#closing?.end();
  }

  #closeWhenDone(): void {
    if (!this.#closing || this.#sent || !this.#queue.isEmpty) return;
    if (this.#worker) return this.#post("close");
    this.#closing.end();
  }
}
