import { expect, test } from "vitest";
import type { MemoryRecords } from "../storage/memory-records.ts";
import { ConnectionMemories } from "./connection-memories.ts";

const put = (memory: MemoryRecords): boolean => memory.put("alice", { id: "resp_1", head: "x".repeat(700), items: [] });
const knows = (memory: MemoryRecords): boolean => memory.get("alice", "resp_1") !== undefined;

test("connections forget, those that rested longest first, when all together remember too much", () => {
  const memories = new ConnectionMemories(2_000);
  const [first, second, third] = [memories.open(1_000), memories.open(1_000), memories.open(1_000)];
  for (const memory of [first, second]) {
    put(memory);
    memories.used(memory);
  }
  memories.used(first);
  expect([first, second].map(knows)).toEqual([true, true]);
  put(third);
  memories.used(third);
  expect([first, second, third].map(knows)).toEqual([true, false, true]);
  // What was emptied is of use again.
  put(second);
  memories.used(second);
  expect([first, second, third].map(knows)).toEqual([false, true, true]);
});

test("no connection forgets for itself what it has just been told", () => {
  const memories = new ConnectionMemories(100);
  const only = memories.open(1_000);
  put(only);
  memories.used(only);
  expect(knows(only)).toBe(true);
});

test("a closed connection takes up nothing, though its last answer ends later", () => {
  const memories = new ConnectionMemories(1_500);
  const [gone, left] = [memories.open(1_000), memories.open(1_000)];
  memories.close(gone);
  put(gone);
  memories.used(gone);
  expect(gone.bytes).toBe(0);
  put(left);
  memories.used(left);
  expect(knows(left)).toBe(true);
});
