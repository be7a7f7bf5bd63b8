/** Records of requests in memory: for tests, and where nothing is to reach a disk. */
import type { RequestLog, RequestLogLimits, RequestRecord } from "./request-log.ts";

/** More than this is not held in memory, whatever the limits allow a file: a record takes a few kilobytes. */
const MAX_RECORDS = 2_000;

export class MemoryRequestLog implements RequestLog {
  readonly #maxRecords: number;
  readonly #ttlMs: number;
  /** By when they came, the oldest first. */
  readonly #records: RequestRecord[] = [];
  readonly #byId = new Map<string, RequestRecord>();

  constructor({ maxRecords, ttlMs }: RequestLogLimits) {
    this.#maxRecords = Math.min(maxRecords, MAX_RECORDS);
    this.#ttlMs = ttlMs;
  }

  write(record: RequestRecord): void {
    if (this.#byId.has(record.id)) return;
    this.#byId.set(record.id, record);
    // Requests end in about the order in which they came.
    const place = this.#records.findLastIndex(({ at }) => at <= record.at) + 1;
    this.#records.splice(place, 0, record);
    const removed = this.#records.length > this.#maxRecords ? this.#records.shift() : undefined;
    if (removed) this.#byId.delete(removed.id);
  }

  get(id: string): Promise<RequestRecord | undefined> {
    const record = this.#byId.get(id);
    return Promise.resolve(record && record.at > this.#oldest() ? record : undefined);
  }

  list({ limit, before = Infinity }: { readonly limit: number; readonly before?: number }): Promise<readonly RequestRecord[]> {
    const oldest = this.#oldest();
    const found = this.#records.filter(({ at }) => at > oldest && at < before);
    return Promise.resolve(found.toReversed().slice(0, limit));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** A request that came then has expired. */
  #oldest(): number {
    return Date.now() - this.#ttlMs;
  }
}
