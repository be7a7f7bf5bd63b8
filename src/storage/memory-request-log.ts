/** Records of requests in memory: for tests, and where nothing is to reach a disk. */
import { priced } from "./priced-record.ts";
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

  write(written: RequestRecord): void {
    if (this.#byId.has(written.id)) return;
    const record = priced(written);
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

  list({ limit, olderThan }: { readonly limit: number; readonly olderThan?: string }): Promise<readonly RequestRecord[]> {
    const oldest = this.#oldest();
    const end =
      olderThan === undefined
        ? this.#records.length
        : Math.max(
            this.#records.findIndex(({ id }) => id === olderThan),
            0,
          );
    const found = this.#records.slice(0, end).filter(({ at }) => at > oldest);
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
