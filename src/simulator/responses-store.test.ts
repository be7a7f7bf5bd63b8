import { expect, test } from "vitest";
import { ResponseStore } from "./responses-store.ts";

const kept = (id: string, bytes: number) => ({ response: { id, output: [{ id: `item of ${id}` }] }, input: [], bytes });

test("the oldest answers make room, and their items go with them", () => {
  const store = new ResponseStore();
  for (const id of ["a", "b", "c"]) store.keep("k", kept(id, 15 * 1024 * 1024));
  expect(["a", "b", "c"].map((id) => store.response("k", id) !== undefined)).toEqual([false, true, true]);
  expect(["a", "b"].map((id) => store.item("k", `item of ${id}`) !== undefined)).toEqual([false, true]);
});

test("an answer that is given again takes the place of the first", () => {
  const store = new ResponseStore();
  for (let time = 0; time < 3; time++) store.keep("k", kept("a", 15 * 1024 * 1024));
  expect(store.response("k", "a")).toBeDefined();
  expect([store.remove("k", "a"), store.remove("k", "a")]).toEqual([true, false]);
});

test("keys do not see each other's", () => {
  const store = new ResponseStore();
  store.keep("k", kept("a", 1));
  store.keep(undefined, kept("b", 1));
  expect([store.response("", "a"), store.response("l", "a"), store.response("k", "b"), store.item("l", "item of a")]).toEqual(
    Array(4).fill(undefined),
  );
});
