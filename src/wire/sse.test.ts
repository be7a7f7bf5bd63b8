import { createParser } from "eventsource-parser";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Frame } from "./frames.ts";
import { formatFrame, SseReader } from "./sse.ts";

function read(chunks: readonly Uint8Array[]): Frame[] {
  const reader = new SseReader();
  return [...chunks.flatMap((chunk) => reader.push(chunk)), ...reader.end()];
}

const cut = (bytes: Buffer, at: readonly number[]): Buffer[] => {
  const points = [...new Set(at.map((n) => n % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...points, bytes.length].map((end, i) => bytes.subarray(i === 0 ? 0 : points[i - 1], end));
};

const line = fc.oneof(
  fc.string({ unit: "grapheme" }).map((s) => `data: ${s.replaceAll(/[\r\n]/g, "")}`),
  fc.constantFrom("data:x", "data", "event: ping", "event:e", ": comment", "id: 7", "retry: 10", "", "", "data: {}"),
);
const stream = fc
  .array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\r")), { maxLength: 30 })
  .map((lines) => Buffer.from(lines.map(([text, end]) => text + end).join("")));

describe("SseReader", () => {
  test("rules 313–316: any chunking of any stream gives what the reference parser gives", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (bytes, at) => {
        const expected: Frame[] = [];
        const parser = createParser({ onEvent: (event) => expected.push({ event: event.event ?? "", data: event.data }) });
        parser.feed(bytes.toString("utf8"));
        // The reference keeps an unfinished frame for itself; ours hands it over at the end, so only finished ones compare.
        expect(read(cut(Buffer.concat([bytes, Buffer.from("\n\n")]), at))).toEqual(read([Buffer.concat([bytes, Buffer.from("\n\n")])]));
        expect(read(cut(bytes, at)).slice(0, expected.length)).toEqual(expected);
      }),
    );
  });

  test("rule 313: characters survive reads of one byte", () => {
    const bytes = Buffer.from("\uFEFFevent: é\r\ndata: 😀漢字\r\n\r\n");
    expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual([{ event: "é", data: "😀漢字" }]);
  });

  test("rule 317: an event without its blank line is read at the end of the stream", () => {
    expect(read([Buffer.from("event: message_stop\ndata: {}")])).toEqual([{ event: "message_stop", data: "{}" }]);
  });

  test("bare JSON at the end of a stream is handed over", () => {
    expect(read([Buffer.from('data: 1\n\n{\n "error": {\n  "code": 1\n }\n}\n')])).toEqual([
      { event: "", data: "1" },
      { event: "", data: '{\n "error": {\n  "code": 1\n }\n}' },
    ]);
  });

  test("case 11, rule 318: an event of 5 MB in small reads passes intact", () => {
    const text = "é".repeat(2_500_000);
    const bytes = Buffer.from(formatFrame("big", text));
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 1_000) chunks.push(bytes.subarray(at, at + 1_000));
    expect(read(chunks)).toEqual([{ event: "big", data: text }]);
  });

  test("an event beyond the limit is refused", () => {
    const reader = new SseReader(10);
    expect(() => [reader.push(Buffer.from("data: 12345")), reader.push(Buffer.from("67890"))]).toThrow("larger than 10 bytes");
  });
});
