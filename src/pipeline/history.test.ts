import { expect, test } from "vitest";
import type { KeptItem } from "../protocols/stateful.ts";
import { MemoryRecords } from "../storage/memory-records.ts";
import { historyOf } from "./history.ts";
import { KeptRecords } from "./kept-records.ts";

/** Counts what is read of it. */
class CountedRecords extends MemoryRecords {
  read = 0;

  constructor() {
    super({ ttlMs: 3_600_000, maxBytes: 1_000_000_000 });
  }

  override get(owner: string, id: string): ReturnType<MemoryRecords["get"]> {
    this.read += 1;
    return super.get(owner, id);
  }
}

const said = (id: string, text = `"${id}"`): KeptItem => ({ id, part: "input", text });

/** Answers of these ids, each after the one before it. */
function chain(ids: readonly string[], text?: string): { records: KeptRecords; store: CountedRecords } {
  const store = new CountedRecords();
  const records = new KeptRecords("alice", undefined, () => store);
  for (const [i, id] of ids.entries()) {
    const previous = ids[i - 1];
    const answer = { id, told: {}, showsState: false, input: [said(`msg_${i}`, text)], output: [] };
    records.keepAnswer({ ...answer, ...(previous !== undefined && { previous }) }, true);
  }
  return { records, store };
}

test("answers that lead back to themselves, for an upstream gave one id twice, have a gap and no end of reading", () => {
  for (const ids of [
    ["a", "a"],
    ["a", "b", "a"],
  ]) {
    const { records, store } = chain(ids);
    expect(historyOf(records, "a", "previous_response_id")).toMatchObject({ gap: true });
    expect(store.read).toBeLessThanOrEqual(ids.length);
  }
});

test.each([
  ["characters", Array.from({ length: 10 }, (_, i) => `r${i}`), JSON.stringify("x".repeat(17_000_000)), 5],
  ["responses", Array.from({ length: 6_000 }, (_, i) => `r${i}`), undefined, 5_001],
])("a conversation of too many %s is refused, and read no further than it may be long", (what, ids, text, most) => {
  const { records, store } = chain(ids, text);
  const asked = (): unknown => historyOf(records, ids.at(-1) ?? "", "previous_response_id");
  expect(asked).toThrow(
    expect.objectContaining({
      kind: "invalid-request",
      detail: { field: "previous_response_id" },
      message: expect.stringMatching(new RegExp(`more than \\d+ ${what}\\. Begin a new one`)) as unknown,
    }),
  );
  expect(store.read).toBeLessThanOrEqual(most);
});
