import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { requestRecord } from "../../test/support/request-record.ts";
import type { RequestLogLimits } from "./request-log.ts";
import { memoryStore, openStore, type Store } from "./store.ts";

const HOUR_MS = 3_600_000;
/** As long as it takes on a busy machine. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 30_000 });
const LIMITS: RequestLogLimits = { maxRecords: 1_000, ttlMs: HOUR_MS };

let directory: string;
const open: Store[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dragoman-store-"));
});
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
  rmSync(directory, { recursive: true });
});

const inFile = (requests: RequestLogLimits): Store =>
  openStore({ path: join(directory, "dragoman.db"), requests, onError: (error) => void Promise.reject(error) });

interface Implementation {
  readonly name: string;
  readonly create: (limits: RequestLogLimits) => Store;
  /** The store as whoever starts anew finds it. */
  readonly again: (store: Store) => Promise<Store>;
}

const implementations: readonly Implementation[] = [
  { name: "in memory", create: memoryStore, again: (store) => Promise.resolve(store) },
  {
    name: "in a database",
    create: inFile,
    async again(store) {
      await store.close();
      return inFile(LIMITS);
    },
  },
];

describe.each(implementations)("a store $name", ({ create, again }) => {
  const start = (limits = LIMITS): Store => {
    const store = create(limits);
    open.push(store);
    return store;
  };
  const restart = async (store: Store): Promise<Store> => {
    const next = await again(store);
    open.push(next);
    return next;
  };
  const idsIn = async ({ requestLog }: Store, limit = 1_000, olderThan?: string): Promise<readonly string[]> => {
    const records = await requestLog.list({ limit, ...(olderThan !== undefined && { olderThan }) });
    return records.map(({ id }) => id);
  };

  test("gives records back as they were written", async () => {
    const { requestLog } = start();
    const whole = requestRecord("whole");
    const bare = { id: "bare", at: 5.5 + Date.now(), ms: 1, protocol: "gemini", operation: "list-models", stream: false } as const;
    const failed = { ...bare, outcome: "failed", error: { kind: "internal", message: "\u0000 'quoted' \u{1f600} %\n" } } as const;
    requestLog.write(whole);
    requestLog.write({ ...failed, attempts: [], losses: [] });
    await eventually(() => requestLog.get("whole")).toEqual(whole);
    await eventually(() => requestLog.get("bare")).toEqual({ ...failed, attempts: [], losses: [] });
    expect(await requestLog.get("none")).toBeUndefined();
    expect(await requestLog.get("'; DROP TABLE requests; --")).toBeUndefined();
  });

  test("lists the newest first by when they came, in whatever order they ended, and those that came at once always in one order", async () => {
    const store = start();
    const at = Date.now() - 1_000;
    for (const [id, after] of [
      ["c", 3],
      ["a", 1],
      ["d", 4],
      ["b", 2],
      ["b2", 2],
      ["b3", 2],
    ] as const)
      store.requestLog.write(requestRecord(id, { at: at + after }));
    await eventually(() => idsIn(store)).toEqual(["d", "c", "b3", "b2", "b", "a"]);
    expect(await idsIn(store, 2)).toEqual(["d", "c"]);
    expect(await idsIn(store, 2, "c")).toEqual(["b3", "b2"]);
    expect(await idsIn(store, 2, "b2")).toEqual(["b", "a"]);
    expect(await idsIn(store, 10, "a")).toEqual([]);
    expect(await idsIn(store, 10, "none")).toEqual([]);
    expect(await idsIn(store, 0)).toEqual([]);
    const next = await restart(store);
    expect(await idsIn(next)).toEqual(["d", "c", "b3", "b2", "b", "a"]);
  });

  test("counts no request twice: a record with an id that is there changes nothing", async () => {
    const store = start();
    const first = requestRecord("r");
    store.requestLog.write(first);
    store.requestLog.write(requestRecord("r", { model: "another" }));
    await eventually(() => store.requestLog.get("r")).toEqual(first);
    store.requestLog.write(requestRecord("r", { model: "a third" }));
    const next = await restart(store);
    next.requestLog.write(requestRecord("r", { model: "a fourth" }));
    next.requestLog.write(requestRecord("s"));
    await eventually(() => idsIn(next)).toContain("s");
    expect(await next.requestLog.get("r")).toEqual(first);
    expect(await idsIn(next)).toHaveLength(2);
  });

  test("finds nothing that has expired", async () => {
    const store = start();
    store.requestLog.write(requestRecord("old", { at: Date.now() - HOUR_MS }));
    store.requestLog.write(requestRecord("new", { at: Date.now() - HOUR_MS + 600_000 }));
    await eventually(() => idsIn(store)).toEqual(["new"]);
    expect(await store.requestLog.get("old")).toBeUndefined();
  });

  test("keeps the newest when there are too many", async () => {
    const store = start({ ...LIMITS, maxRecords: 3 });
    const at = Date.now() - 1_000;
    for (const after of [5, 1, 4, 2, 6, 3]) store.requestLog.write(requestRecord(`r${after}`, { at: at + after }));
    await eventually(() => idsIn(store)).toEqual(["r6", "r5", "r4"]);
    expect(await store.requestLog.get("r3")).toBeUndefined();
  });

  test("tells whoever starts anew the last that was said of each key, unless it has expired", async () => {
    const store = start();
    const expiresAt = Date.now() + HOUR_MS;
    store.stateStore.set("rest", { key: "google/first", value: "1", expiresAt });
    store.stateStore.set("rest", { key: "google/second", value: "1", expiresAt });
    store.stateStore.set("rest", { key: "google/first", value: '{"why":"\u{1f600}"}', expiresAt: expiresAt + 0.5 });
    store.stateStore.set("rest", { key: "gone", value: "1", expiresAt });
    store.stateStore.delete("rest", "gone");
    store.stateStore.delete("rest", "never there");
    store.stateStore.set("rest", { key: "expired", value: "1", expiresAt: Date.now() });
    store.stateStore.set("binding", { key: "google/first", value: "another kind", expiresAt });
    store.stateStore.delete("models", "google/second");
    const { stateStore } = await restart(store);
    const told = stateStore.load("rest").map(({ key, value }) => `${key}=${value}`);
    expect(told.toSorted()).toEqual(['google/first={"why":"\u{1f600}"}', "google/second=1"]);
    expect(stateStore.load("binding")).toEqual([{ key: "google/first", value: "another kind", expiresAt }]);
    expect(stateStore.load("models")).toEqual([]);
  });

  test("closes as often as it is asked to", async () => {
    const store = start();
    store.requestLog.write(requestRecord("r"));
    await Promise.all([store.close(), store.requestLog.close(), store.stateStore.close()]);
    await store.close();
  });
});

test("memory is bounded, whatever a file may hold", async () => {
  const { requestLog, stateStore } = memoryStore({ maxRecords: 1_000_000, ttlMs: HOUR_MS });
  for (let i = 0; i < 3_000; i += 1) requestLog.write(requestRecord(`r${i}`));
  const kept = await requestLog.list({ limit: 10_000 });
  expect([kept.length, kept[0]?.id]).toEqual([2_000, "r2999"]);
  for (let i = 0; i < 12_000; i += 1) stateStore.set("binding", { key: `k${i}`, value: "1", expiresAt: Date.now() + HOUR_MS });
  const entries = stateStore.load("binding");
  expect([entries.length, entries[0]?.key]).toEqual([10_000, "k2000"]);
});
