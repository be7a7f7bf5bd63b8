import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Database, DatabaseBusy } from "./database.ts";
import { StorageError } from "./home.ts";
import { MemoryRecords } from "./memory-records.ts";
import { MIGRATIONS } from "./migrations.ts";
import type { RecordStore } from "./records.ts";
import { SqliteRecords } from "./sqlite-records.ts";

const LIMITS = { ttlMs: 3_600_000, maxBytes: 10_000_000 };

let directory: string;
let path: string;
const open: { close(): void }[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dragoman-sqlite-"));
  path = join(directory, "home", "dragoman.db");
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
  rmSync(directory, { recursive: true });
});

function start(onError = (error: unknown): void => void Promise.reject(error)): SqliteRecords {
  const store = new SqliteRecords({ ...LIMITS, path, now: () => 1_000_000, onError });
  open.push(store);
  return store;
}

function database(): Database {
  const opened = new Database(path);
  open.push(opened);
  return opened;
}

const RECORD = { id: "r", head: "1", items: [{ id: "i", part: "output", text: '"text"' }] } as const;
const mode = (name: string) => (statSync(name).mode & 0o777).toString(8);

test("what is kept is for its owner's eyes only", () => {
  start().put("alice", RECORD);
  database();
  expect(mode(join(directory, "home"))).toBe("700");
  for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(mode(file)).toBe("600");
});

test("what was written is there when the file is opened again", () => {
  const store = start();
  store.put("alice", RECORD);
  open.pop();
  store.close();
  expect(start().get("alice", "r")).toEqual(RECORD);
});

test("what is written without being read reaches the file by itself", async () => {
  start().put("alice", RECORD);
  const reader = database();
  await expect.poll(() => reader.row("SELECT id FROM records")).toEqual({ id: "r" });
});

test("two that share the file see each other's records", () => {
  const [one, other] = [start(), start()];
  one.put("alice", RECORD);
  expect(one.get("alice", "r")).toEqual(RECORD);
  expect(other.get("alice", "r")).toEqual(RECORD);
  other.append("alice", "r", [{ id: "j", part: "input", text: "2" }]);
  expect(other.get("alice", "r")?.items).toHaveLength(2);
  expect(one.findItem("alice", "j")?.item.text).toBe("2");
});

test("while another process holds the file what is to be written waits, and who reads is told", () => {
  const store = start(() => undefined);
  expect(store.get("alice", "r")).toBeUndefined();
  const holder = database();
  holder.transaction(() => {
    store.put("alice", RECORD);
    expect(() => store.get("alice", "r")).toThrow(DatabaseBusy);
  });
  expect(store.get("alice", "r")).toEqual(RECORD);
});

test("a text that is said again and again is kept once, until nobody says it any more", () => {
  const store = start();
  const text = JSON.stringify("x".repeat(100_000));
  for (let i = 0; i < 20; i += 1) store.put("alice", { id: `r${i}`, head: "1", items: [{ id: "i", part: "input", text }] });
  store.put("bob", { id: "r", head: "1", items: [{ id: "i", part: "input", text }] });
  expect(store.get("alice", "r19")?.items[0]?.text).toBe(text);
  const reader = database();
  const kept = () => reader.row("SELECT count(*) AS texts, (SELECT bytes < 300000 FROM totals) AS few FROM texts");
  expect(kept()).toEqual({ texts: 2, few: 1 });
  for (let i = 0; i < 19; i += 1) store.remove("alice", `r${i}`);
  expect(store.get("alice", "r19")?.items[0]?.text).toBe(text);
  store.remove("alice", "r19");
  expect(kept()).toEqual({ texts: 1, few: 1 });
});

test("much that has expired is there for nobody at once, and goes from the file bit by bit", async () => {
  let now = 1_000_000;
  const store = new SqliteRecords({ ...LIMITS, path, now: () => now, onError: (error) => void Promise.reject(error) });
  open.push(store);
  for (let i = 0; i < 4_000; i += 1) store.put("alice", { ...RECORD, id: `r${i}` });
  expect(store.get("alice", "r3999")).toBeDefined();
  now += LIMITS.ttlMs;
  store.put("alice", { ...RECORD, id: "new" });
  expect(store.get("alice", "r3999")).toBeUndefined();
  expect(store.findItem("alice", "i")?.record.id).toBe("new");
  const reader = database();
  const left = (): number => Number(reader.row("SELECT count(*) AS records FROM records")?.["records"]);
  expect(left()).toBeGreaterThan(1);
  await expect.poll(left, { timeout: 10_000 }).toBe(1);
});

test("every process of several that start at once can use the file", async () => {
  const script = `
    import { DatabaseBusy } from ${JSON.stringify(new URL("database.ts", import.meta.url).href)};
    import { SqliteRecords } from ${JSON.stringify(new URL("sqlite-records.ts", import.meta.url).href)};
    // On a busy machine the others may hold the file for longer than anybody is kept waiting: then it is tried again.
    const unlessBusy = (error) => { if (!(error instanceof DatabaseBusy)) throw error; };
    const patiently = (run) => { for (;;) try { return run(); } catch (error) { unlessBusy(error); } };
    const options = { ttlMs: 3600000, maxBytes: 1e9, path: ${JSON.stringify(path)}, onError: unlessBusy };
    const store = patiently(() => new SqliteRecords(options));
    for (let i = 0; i < 50; i += 1) {
      store.put("o", { id: process.argv[1] + i, head: "1", items: [{ id: "i", part: "input", text: "1" }] });
      if (patiently(() => store.get("o", process.argv[1] + i)) === undefined) throw new Error("not there");
    }
    patiently(() => store.close());`;
  const run = (name: string) => promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script, name]);
  const outputs = await Promise.all(["a", "b", "c", "d"].map((name) => run(name)));
  expect(outputs.map(({ stderr }) => stderr).join("")).toBe("");
  expect(database().row("SELECT count(*) AS records, (SELECT count(*) FROM texts) AS texts FROM records")).toEqual({
    records: 200,
    texts: 1,
  });
});

test("what was committed survives a process that is killed while it writes", async () => {
  const script = `
    import { SqliteRecords } from ${JSON.stringify(new URL("sqlite-records.ts", import.meta.url).href)};
    const store = new SqliteRecords({ ttlMs: 3600000, maxBytes: 1e9, path: ${JSON.stringify(path)}, onError(error) { throw error } });
    const items = [{ id: "i", part: "input", text: JSON.stringify("x".repeat(10000)) }];
    for (let i = 0; ; i += 1) {
      store.put("o", { id: "r" + i, head: "1", items });
      store.get("o", "r" + i);
      if (i === 20) process.kill(process.pid, "SIGKILL");
    }`;
  await expect(promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script])).rejects.toMatchObject({
    signal: "SIGKILL",
  });
  const survivor = database();
  expect(survivor.row("PRAGMA integrity_check")).toEqual({ integrity_check: "ok" });
  expect(survivor.row("SELECT count(*) AS records FROM records")).toEqual({ records: 21 });
});

describe("a file that cannot be used is told of by name", () => {
  test("because it is no database", () => {
    start();
    open.pop()?.close();
    writeFileSync(path, "something else, and long enough to be taken for a database's first page".repeat(100));
    expect(() => database()).toThrow(StorageError);
    expect(() => database()).toThrow(/dragoman\.db cannot be used \(file is not a database\)/);
  });

  test("because there is no directory for it", () => {
    writeFileSync(join(directory, "home"), "");
    expect(() => database()).toThrow(/dragoman\.db cannot be used \((?:EEXIST|ENOTDIR)\)/);
  });

  test("because a newer version made it", () => {
    database().run(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    expect(() => database()).toThrow(/newer Dragoman/);
  });
});

/** One thing done to a store, and what it answered. */
const step = fc
  .record({
    what: fc.constantFrom("put", "append", "setHead", "touch", "get", "findItem", "remove", "removeItem"),
    owner: fc.constantFrom("a", "b"),
    id: fc.constantFrom("r", "s", "t"),
    items: fc.array(
      fc.record({ id: fc.constantFrom("i", "j", "k"), part: fc.constantFrom("input", "output"), text: fc.constantFrom("1", '"ü"', "[3]") }),
      { maxLength: 4 },
    ),
    head: fc.constantFrom("1", "22", '"ö"'),
  })
  .map(({ what, owner, id, items, head }) => (store: RecordStore): unknown => {
    const item = items[0]?.id ?? "i";
    switch (what) {
      case "put":
        return store.put(owner, { id, head, items });
      case "append":
        return store.append(owner, id, items);
      case "setHead":
        return store.setHead(owner, id, head);
      case "touch":
        return store.touch(owner, [id]);
      case "get":
        return store.get(owner, id);
      case "findItem":
        return store.findItem(owner, item);
      case "remove":
        return store.remove(owner, id);
      default:
        return store.removeItem(owner, id, item);
    }
  });

test("the file and memory answer the same, and what is counted is what is there", () => {
  const store = start();
  const reader = database();
  const counted = (): unknown => reader.row("SELECT bytes FROM totals")?.["bytes"];
  const summed = (): unknown =>
    reader.row(`SELECT (SELECT coalesce(sum(256 + octet_length(head)), 0) FROM records) + (SELECT coalesce(sum(128 + 2 * octet_length(id)), 0) FROM items)
      + (SELECT coalesce(sum(octet_length(text)), 0) FROM texts) AS bytes`)?.["bytes"];
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const memory = new MemoryRecords(LIMITS, () => 1_000_000);
      for (const act of steps) expect(act(store)).toEqual(act(memory));
      store.get("a", "r");
      expect(counted()).toBe(summed());
      for (const owner of ["a", "b"]) for (const id of ["r", "s", "t"]) store.remove(owner, id);
      expect(counted()).toBe(0);
      expect(reader.row("SELECT count(*) AS texts FROM texts")).toEqual({ texts: 0 });
    }),
    { numRuns: 60 },
  );
});
