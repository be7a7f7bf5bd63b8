import { expect, test } from "vitest";
import type { StateChange } from "./store-messages.ts";
import { WriteQueue } from "./write-queue.ts";

const said = (key: string, value: string): StateChange => ({ kind: "rest", key, entry: { key, value, expiresAt: 1 } });

/** All that waits, in order. */
function drain(queue: WriteQueue): { records: string[]; changes: StateChange[] } {
  const all = { records: [] as string[], changes: [] as StateChange[] };
  while (!queue.isEmpty) {
    const { records, changes } = queue.take();
    all.records.push(...records);
    all.changes.push(...changes);
  }
  return all;
}

test("what was added comes in order, in batches", () => {
  const queue = new WriteQueue();
  const records = Array.from({ length: 150 }, (_, i) => `r${i}`);
  for (const record of records) queue.addRecord(record);
  expect(queue.take().records).toEqual(records.slice(0, 64));
  expect(drain(queue).records).toEqual(records.slice(64));
});

test("large records go in smaller batches, but one at least", () => {
  const queue = new WriteQueue();
  for (const length of [100_000, 100_000, 100_000, 1_000_000, 1]) queue.addRecord("x".repeat(length));
  const lengths = (): number[] => queue.take().records.map((record) => record.length);
  expect([lengths(), lengths(), lengths()]).toEqual([[100_000, 100_000, 100_000], [1_000_000], [1]]);
});

test("what was put back is the oldest again, but newer words about a key count", () => {
  const queue = new WriteQueue();
  queue.addRecord("a");
  queue.addRecord("b");
  queue.addChange(said("x", "1"));
  queue.addChange(said("y", "1"));
  const batch = queue.take();
  expect(queue.isEmpty).toBe(true);
  queue.addRecord("c");
  queue.addChange({ kind: "rest", key: "x" });
  queue.addChange(said("z", "1"));
  queue.putBack(batch);
  expect(drain(queue)).toEqual({
    records: ["a", "b", "c"],
    changes: [{ kind: "rest", key: "x" }, said("y", "1"), said("z", "1")],
  });
  expect(queue.takeDropped()).toBe(0);
});

test("the oldest records go when they are too many, counted once; facts stay, one for each key", () => {
  const queue = new WriteQueue();
  const record = (i: number): string => `${i} ${"x".repeat(1_000_000)}`;
  for (let i = 0; i < 16; i += 1) expect(queue.addRecord(record(i))).toBe(false);
  for (let i = 0; i < 1_000; i += 1) queue.addChange(said(`k${i % 10}`, String(i)));
  const batch = queue.take();
  expect(batch.records).toHaveLength(1);
  for (let i = 16; i < 26; i += 1) queue.addRecord(record(i));
  queue.putBack(batch);
  expect(queue.hasRoom).toBe(false);
  const { records, changes } = drain(queue);
  expect(queue.hasRoom).toBe(true);
  expect(records.map((text) => text.split(" ")[0])).toEqual(Array.from({ length: 16 }, (_, i) => String(i + 10)));
  expect(changes.map(({ entry }) => entry?.value)).toEqual(Array.from({ length: 10 }, (_, i) => String(990 + i)));
  expect(queue.takeDropped()).toBe(10);
  expect(queue.takeDropped()).toBe(0);
});

test("a record that is larger than all that may wait does not stay", () => {
  const queue = new WriteQueue();
  expect(queue.addRecord("x".repeat(17 * 1_048_576))).toBe(true);
  expect([queue.isEmpty, queue.takeDropped()]).toEqual([true, 1]);
});

test("the oldest facts go when they are too many", () => {
  const queue = new WriteQueue();
  const add = (from: number, to: number): void => {
    for (let i = from; i < to; i += 1) queue.addChange(said(`k${i}`, "1"));
  };
  add(0, 20_000);
  const batch = queue.take();
  add(20_000, 20_100);
  queue.putBack(batch);
  const keys = drain(queue).changes.map(({ key }) => key);
  expect([keys.length, keys[0], keys.at(-1)]).toEqual([20_000, "k100", "k20099"]);
});
