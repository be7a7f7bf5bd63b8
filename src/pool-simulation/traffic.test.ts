import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { readTraffic, type Traffic } from "./traffic.ts";

const RECORD = { at: 5, protocol: "anthropic-messages", operation: "generate", stream: true, model: "m", ms: 10, outcome: "answered" };
const GOOD = { ...RECORD, target: "p/m", credential: "a" };

/** @param size of the chunks in which it comes. */
function read(text: string, size = text.length || 1): Promise<Traffic> {
  const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, index) => text.slice(index * size, (index + 1) * size));
  return readTraffic(Readable.from(chunks));
}

const lines = (...records: object[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join("");

test("what was recorded, in the order in which it came", async () => {
  const full = { ...GOOD, at: 2, key: "alice", session: "s", ttftMs: 4, usage: { input: 3, output: 2, cacheRead: 1, reasoning: 1 } };
  const { requests, leftOut } = await read(lines(GOOD, full, { ...GOOD, at: 5, outcome: "cancelled" }));
  expect(requests).toEqual([
    {
      at: 2,
      key: "alice",
      protocol: "anthropic-messages",
      model: "m",
      session: "s",
      usage: { input: 3, output: 2, cacheRead: 1 },
      ms: 10,
      ttftMs: 4,
      cancelled: false,
      target: "p/m",
    },
    { at: 5, protocol: "anthropic-messages", model: "m", ms: 10, cancelled: false, target: "p/m" },
    { at: 5, protocol: "anthropic-messages", model: "m", ms: 10, cancelled: true, target: "p/m" },
  ]);
  expect(leftOut).toBe(0);
});

test("empty lines, line breaks of Windows, a last line without one, and chunks of any size", async () => {
  const text = `\n${JSON.stringify(GOOD)}\r\n   \n\n${JSON.stringify({ ...GOOD, model: "größer" })}`;
  for (const size of [1, 2, 3, 7, 64]) expect((await read(text, size)).requests.map(({ model }) => model)).toEqual(["m", "größer"]);
});

test("what asks no upstream is left out and counted; what failed before it found one is not", async () => {
  const { model: _model, ...nameless } = GOOD;
  const { target: _target, ...local } = GOOD;
  const records = [
    nameless,
    { ...GOOD, operation: "list-models" },
    { ...local, operation: "count-tokens" },
    { ...local, outcome: "failed" },
  ];
  const { requests, leftOut } = await read(lines(...records));
  expect([requests.length, leftOut]).toEqual([1, 3]);
});

test.each<[string, string]>([
  ['{"at": 1, "secret', "line 2: is no JSON"],
  ["[]", "line 2: expected an object"],
  [JSON.stringify({ ...GOOD, at: undefined }), "line 2: `at`: expected a number of at least 0"],
  [JSON.stringify({ ...GOOD, at: 1e300 }), "line 2: `at`: expected ms since 1970"],
  [JSON.stringify({ ...GOOD, ms: -1 }), "line 2: `ms`: expected a number of at least 0"],
  [JSON.stringify({ ...GOOD, usage: { input: "3" } }), "line 2: `usage.input`: expected a number of at least 0"],
  [JSON.stringify({ ...GOOD, session: 7 }), "line 2: `session`: expected text"],
  [
    JSON.stringify({ ...GOOD, protocol: "soap" }),
    "line 2: `protocol`: expected one of anthropic-messages, gemini, openai-responses, openai-chat",
  ],
  [JSON.stringify({ ...GOOD, outcome: "lost" }), "line 2: `outcome`: expected one of answered, cancelled, failed"],
  ["x".repeat(1024 * 1024 + 1), "line 2: has more than 1048576 characters"],
])("a line that cannot be read is named, and what is wrong with it (%#)", async (line, message) => {
  await expect(read(`\n${line}\n${lines(GOOD)}`, 65_536)).rejects.toMatchObject({ name: "TrafficError", message });
});

test("a line without an end is not collected for ever", async () => {
  let chunks = 0;
  async function* endless(): AsyncGenerator<string> {
    for (;;) {
      chunks += 1;
      yield "x".repeat(65_536);
    }
  }
  await expect(readTraffic(endless())).rejects.toThrow("line 1: has more than");
  expect(chunks).toBe(17);
});
