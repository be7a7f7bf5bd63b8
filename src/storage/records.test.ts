import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MemoryRecords } from "./memory-records.ts";
import type { RecordItem, RecordLimits, RecordStore } from "./records.ts";
import { SqliteRecords } from "./sqlite-records.ts";

const HOUR_MS = 3_600_000;
const LIMITS: RecordLimits = { ttlMs: 24 * HOUR_MS, maxBytes: 100_000 };

let directory: string;
let now: number;
const open: RecordStore[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dragoman-records-"));
  now = 1_000_000;
});
afterEach(() => {
  for (const store of open.splice(0)) store.close();
  rmSync(directory, { recursive: true });
});

const implementations: readonly (readonly [name: string, create: (limits: RecordLimits) => RecordStore])[] = [
  ["in memory", (limits) => new MemoryRecords(limits, () => now)],
  [
    "in a database",
    (limits) =>
      new SqliteRecords({
        ...limits,
        path: join(directory, "dragoman.db"),
        now: () => now,
        onError: (error) => {
          throw error;
        },
      }),
  ],
];

const said = (id: string, text = `"${id}"`): RecordItem => ({ id, part: "input", text });
const answered = (id: string, text = `"${id}"`): RecordItem => ({ id, part: "output", text });

describe.each(implementations)("records %s", (_name, create) => {
  const start = (limits = LIMITS): RecordStore => {
    const store = create(limits);
    open.push(store);
    return store;
  };

  test("are read as they were kept, at once, items in order", () => {
    const store = start();
    const record = { id: "r", head: '{"n":1.0}', items: [said("b"), answered("a"), said("b2", '"same"'), said("b3", '"same"')] };
    expect(store.put("alice", record)).toBe(true);
    expect(store.get("alice", "r")).toEqual(record);
    expect(store.get("alice", "none")).toBeUndefined();
  });

  test("are replaced by those of the same id, and removed once", () => {
    const store = start();
    store.put("alice", { id: "r", head: "1", items: [said("a")] });
    store.put("alice", { id: "r", head: "2", items: [said("b")] });
    expect(store.get("alice", "r")).toEqual({ id: "r", head: "2", items: [said("b")] });
    expect(store.findItem("alice", "a")).toBeUndefined();
    expect(store.remove("alice", "r")).toBe(true);
    expect(store.remove("alice", "r")).toBe(false);
    expect(store.get("alice", "r")).toBeUndefined();
    expect(store.findItem("alice", "b")).toBeUndefined();
  });

  test("belong to their owner: for any other there is nothing to read, change or remove", () => {
    const store = start();
    const record = { id: "r", head: "1", items: [said("a")] };
    store.put("alice", record);
    for (const other of ["bob", "", "Alice", "alice "]) {
      expect(store.get(other, "r")).toBeUndefined();
      expect(store.findItem(other, "a")).toBeUndefined();
      expect(store.removeItem(other, "r", "a")).toBe(false);
      expect(store.remove(other, "r")).toBe(false);
      store.append(other, "r", [said("b")]);
      store.setHead(other, "r", "2");
      store.touch(other, ["r"]);
    }
    expect(store.get("alice", "r")).toEqual(record);
  });

  test("of two owners may have one id", () => {
    const store = start();
    store.put("a", { id: "bc", head: "1", items: [said("x", '"same"')] });
    store.put("ab", { id: "c", head: "2", items: [said("x", '"same"')] });
    expect([store.get("a", "bc")?.head, store.get("ab", "c")?.head, store.get("a", "c"), store.get("ab", "bc")]).toEqual([
      "1",
      "2",
      undefined,
      undefined,
    ]);
    store.remove("a", "bc");
    expect(store.findItem("ab", "x")?.item.text).toBe('"same"');
  });

  test("grow and change in place, and not where there is none", () => {
    const store = start();
    store.put("alice", { id: "r", head: "1", items: [said("a")] });
    store.append("alice", "r", [answered("b"), said("c")]);
    store.setHead("alice", "r", "2");
    store.append("alice", "none", [said("lost")]);
    store.setHead("alice", "none", "lost");
    expect(store.get("alice", "r")).toEqual({ id: "r", head: "2", items: [said("a"), answered("b"), said("c")] });
    expect(store.removeItem("alice", "r", "b")).toBe(true);
    expect(store.removeItem("alice", "r", "b")).toBe(false);
    expect(store.get("alice", "r")?.items).toEqual([said("a"), said("c")]);
    expect(store.get("alice", "none")).toBeUndefined();
    expect(store.findItem("alice", "lost")).toBeUndefined();
  });

  test("are found by their items: what an answer said goes before what was said again, the first before the later", () => {
    const store = start();
    store.put("alice", { id: "first", head: "1", items: [said("x", '"again"')] });
    store.put("alice", { id: "second", head: "2", items: [answered("x", '"answer"')] });
    store.put("alice", { id: "third", head: "3", items: [answered("x", '"copy"')] });
    expect(store.findItem("alice", "x")).toEqual({ item: answered("x", '"answer"'), record: { id: "second", head: "2" } });
    store.remove("alice", "second");
    store.remove("alice", "third");
    expect(store.findItem("alice", "x")).toEqual({ item: said("x", '"again"'), record: { id: "first", head: "1" } });
  });

  test("expire when they were not used, and are kept while they are", () => {
    const store = start();
    store.put("alice", { id: "used", head: "1", items: [said("a")] });
    store.put("alice", { id: "idle", head: "2", items: [said("b")] });
    now += 20 * HOUR_MS;
    store.touch("alice", ["used", "none"]);
    now += 4 * HOUR_MS - 1;
    expect(store.get("alice", "idle")?.head).toBe("2");
    now += 1;
    expect(store.get("alice", "idle")).toBeUndefined();
    expect(store.findItem("alice", "b")).toBeUndefined();
    expect(store.remove("alice", "idle")).toBe(false);
    store.append("alice", "idle", [said("c")]);
    store.touch("alice", ["idle"]);
    expect(store.get("alice", "idle")).toBeUndefined();
    expect(store.get("alice", "used")?.head).toBe("1");
    expect(store.findItem("alice", "a")?.record.id).toBe("used");
  });

  test("make room when there are too many: those go that were not used for longest", () => {
    const store = start({ ttlMs: HOUR_MS, maxBytes: 30_000 });
    const put = (id: string) => {
      now += 120_000;
      store.put("alice", { id, head: "1", items: [said(`item-${id}`, JSON.stringify(`${id}${"x".repeat(8_000)}`))] });
    };
    put("a");
    put("b");
    put("c");
    now += 120_000;
    store.touch("alice", ["a"]);
    put("d");
    expect(["a", "b", "c", "d"].filter((id) => store.get("alice", id))).toEqual(["a", "c", "d"]);
    expect(store.findItem("alice", "item-b")).toBeUndefined();
    // What was removed makes room again.
    store.remove("alice", "c");
    put("e");
    expect(["a", "c", "d", "e"].filter((id) => store.get("alice", id))).toEqual(["a", "d", "e"]);
  });

  test("that are larger than all may be are not kept, and nothing goes for them", () => {
    const store = start({ ttlMs: HOUR_MS, maxBytes: 30_000 });
    store.put("alice", { id: "a", head: "1", items: [said("i")] });
    expect(store.put("alice", { id: "large", head: "1", items: [said("j", JSON.stringify("x".repeat(30_000)))] })).toBe(false);
    expect(store.get("alice", "large")).toBeUndefined();
    expect(store.get("alice", "a")?.head).toBe("1");
    expect(store.maxRecordBytes).toBe(30_000);
  });

  test("survive any text", () => {
    const store = start();
    const text = JSON.stringify("\u0000 'quoted' \u{1f600} \ud800");
    const record = { id: "'; DROP TABLE records; --", head: text, items: [said("%\n", text)] };
    store.put("bobby'\u0000", record);
    expect(store.get("bobby'\u0000", record.id)).toEqual(record);
    expect(store.findItem("bobby'\u0000", "%\n")?.item.text).toBe(text);
  });
});
