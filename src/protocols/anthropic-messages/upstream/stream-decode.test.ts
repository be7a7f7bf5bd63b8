import { describe, expect, test } from "vitest";
import { anthropic, answerContext, client, decodeStream, encodeStream, framesOf, upstream } from "../../../../test/support/messages.ts";
import { collect } from "../../../chat/collect.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import { checkGrammar } from "../../../chat/grammar.ts";
import { formatFrame } from "../../../wire/sse.ts";

const frame = (data: { type: string; [key: string]: unknown }): string => formatFrame(data.type, JSON.stringify(data));
const start = frame({
  type: "message_start",
  message: { id: "msg_1", model: "claude-x", content: [], stop_reason: null, usage: { input_tokens: 3, output_tokens: 1 } },
});
const textStart = (index: number, text = ""): string =>
  frame({ type: "content_block_start", index, content_block: { type: "text", text } });
const delta = (index: number, value: object): string => frame({ type: "content_block_delta", index, delta: value });
const stop = (index: number): string => frame({ type: "content_block_stop", index });
const end = (reason: string | null): string =>
  frame({ type: "message_delta", delta: { stop_reason: reason }, usage: { output_tokens: 9 } });
const messageStop = frame({ type: "message_stop" });

function decode(...frames: string[]): ChatEvent[] {
  const events = decodeStream([Buffer.from(frames.join(""))]);
  expect(checkGrammar(events)).toBeUndefined();
  return events;
}

const last = (...frames: string[]): unknown => decode(...frames).at(-1);
const failure = (kind: string): unknown => ({ type: "error", error: expect.objectContaining({ kind }) as unknown });

describe("how a stream ends", () => {
  test("rule 307: no message_stop, but a reason: complete", () => {
    expect(last(start, textStart(0), stop(0), end("end_turn"))).toMatchObject({ type: "finish", finish: { reason: "stop" } });
  });

  test("rule 307: cut before a reason was given: a failure", () => {
    expect(last(start, textStart(0), delta(0, { type: "text_delta", text: "a" }))).toEqual(failure("transport"));
    expect(last(start, end(null))).toEqual(failure("transport"));
    expect(last()).toEqual(failure("transport"));
  });

  test("message_stop without a reason ends it all the same", () => {
    expect(last(start, messageStop)).toMatchObject({ type: "finish", finish: { reason: "other" } });
  });

  test("blocks nobody closed are closed", () => {
    expect(decode(start, textStart(0), end("end_turn"), messageStop).map(({ type }) => type)).toEqual([
      "start",
      "usage",
      "item-start",
      "usage",
      "item-end",
      "finish",
    ]);
  });

  test("nothing counts after the end", () => {
    expect(last(start, end("end_turn"), messageStop, textStart(0), start)).toMatchObject({ type: "finish" });
  });
});

describe("what breaks the wire's grammar is a failure of the upstream's", () => {
  test.each([
    ["content before message_start", [textStart(0)]],
    ["a second message_start", [start, start]],
    ["a delta for no block", [start, delta(0, { type: "text_delta", text: "a" })]],
    ["a block started twice", [start, textStart(0), textStart(0)]],
    ["no JSON", [start, "data: {oops\n\n"]],
    ["no object", [start, "data: 3\n\n"]],
  ])("%s", (_name, frames) => expect(last(...frames)).toEqual(failure("upstream")));
});

describe("errors inside", () => {
  test.each([
    ["overloaded_error", "overloaded"],
    ["rate_limit_error", "rate-limited"],
    ["api_error", "upstream"],
    ["of_tomorrow", "upstream"],
  ])("rule 345: %s is %s", (type, kind) => {
    expect(last(start, frame({ type: "error", error: { type, message: "x" } }), messageStop)).toEqual(failure(kind));
  });

  test("a proxy's own error, in its own words", () => {
    expect(last(start, 'data: {"error":{"message":"bad gateway"}}\n\n')).toMatchObject({ error: { message: "bad gateway" } });
  });

  test("rule 322: an error body that came with status 200", () => {
    const body = { type: "error", error: { type: "overloaded_error", message: "x" } };
    expect(upstream.decodeResponse(body, { issuer: anthropic })).toEqual([failure("overloaded")]);
    expect(upstream.decodeResponse({ choices: [] }, { issuer: anthropic })).toEqual([failure("upstream")]);
  });
});

describe("what a stream holds", () => {
  const folded = (...frames: string[]): unknown => collect(decode(start, ...frames, end("end_turn"), messageStop)).items;

  test("unknown events and pings pass by, unknown blocks stay whole", () => {
    const block = { type: "hologram", data: [1] };
    const frames = [
      frame({ type: "weather", is: "fine" }),
      frame({ type: "ping" }),
      frame({ type: "content_block_start", index: 0, content_block: block }),
    ];
    const unknownDelta = delta(0, { type: "hologram_delta", more: 1 });
    expect(folded(...frames, unknownDelta, stop(0))).toEqual([
      { type: "opaque", name: "hologram", native: { protocol: "anthropic-messages", fields: block } },
    ]);
  });

  test.each(["constructor", "__proto__", "toString"])("a block of type %s is nothing special", (type) => {
    const block = { type, input: {} };
    const events = decode(start, frame({ type: "content_block_start", index: 0, content_block: block }), stop(0), end("end_turn"));
    expect(collect(events).items).toMatchObject([{ type: "opaque", name: type }]);
    expect(framesOf(encodeStream(events))).toContainEqual(expect.objectContaining({ content_block: block }));
    expect(client.encodeResponse(collect(events), answerContext())["content"]).toEqual([block]);
  });

  test("text that came with its block's beginning is not lost", () => {
    expect(folded(textStart(0, "Hel"), delta(0, { type: "text_delta", text: "lo" }), stop(0))).toEqual([{ type: "text", text: "Hello" }]);
  });

  test("a citation may come before the text it supports", () => {
    const citation = { type: "char_location", cited_text: "x", document_title: "T" };
    expect(
      folded(textStart(0), delta(0, { type: "citations_delta", citation }), delta(0, { type: "text_delta", text: "a" }), stop(0)),
    ).toEqual([
      {
        type: "text",
        text: "a",
        citations: [{ title: "T", citedText: "x", native: { protocol: "anthropic-messages", fields: citation } }],
      },
    ]);
  });

  const toolStart = (input: object): string =>
    frame({ type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "t", name: "f", input } });
  const json = (partial: string): string => delta(0, { type: "input_json_delta", partial_json: partial });
  test.each([
    ["in deltas", [toolStart({}), json(""), json('{"a"'), json(": 1.0}"), stop(0)], '{"a": 1.0}'],
    ["in none", [toolStart({}), stop(0)], "{}"],
    ["in an empty one", [toolStart({}), json(""), stop(0)], "{}"],
    ["with its block's beginning", [toolStart({ a: 1 }), json(""), stop(0)], '{"a":1}'],
    ["in deltas that replace its beginning", [toolStart({ a: 1 }), json('{"b":2}'), stop(0)], '{"b":2}'],
  ])("a call's input comes %s", (_how, frames, input) => {
    expect(folded(...frames)).toEqual([{ type: "tool-call", kind: "function", id: "t", name: "f", input }]);
  });

  test("reasoning ends with its proof, minted by the target", () => {
    const issuer = { platform: "anthropic", model: "claude-up", account: "a" };
    const decoder = upstream.streamDecoder({ issuer });
    const thinking = frame({ type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature: "" } });
    const frames = [start, thinking, delta(0, { type: "signature_delta", signature: "c2ln" }), stop(0)];
    const events = frames.flatMap((text) => decoder.push({ event: "", data: text.slice(text.indexOf("data: ") + 6).trim() }));
    expect(events.at(-1)).toEqual({ type: "item-end", index: 0, state: { issuer, kind: "thinking", value: "c2ln" } });
  });

  test("a compaction that failed says nothing, one that worked keeps its proof", () => {
    const block = frame({ type: "content_block_start", index: 0, content_block: { type: "compaction", content: null } });
    expect(folded(block, delta(0, { type: "compaction_delta", content: null, encrypted_content: null }), stop(0))).toEqual([
      { type: "compaction" },
    ]);
    const pieces = [
      delta(0, { type: "compaction_delta", content: "a", encrypted_content: "ZQ==" }),
      delta(0, { type: "compaction_delta", content: "ll" }),
    ];
    expect(folded(block, ...pieces, stop(0))).toEqual([
      { type: "compaction", text: "all", state: { issuer: anthropic, kind: "compaction", value: "ZQ==" } },
    ]);
    expect(folded(block, delta(0, { type: "compaction_delta", content: "all", encrypted_content: "ZQ==" }), stop(0))).toEqual([
      { type: "compaction", text: "all", state: { issuer: anthropic, kind: "compaction", value: "ZQ==" } },
    ]);
  });

  test("rules 255, 256: usage is a running total, and iterations are what was billed", () => {
    const usage = (fields: object): string => frame({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: fields });
    const found = (...frames: string[]): unknown => collect(decode(start, ...frames, messageStop)).usage;
    expect(found(usage({ input_tokens: null, cache_read_input_tokens: 7, output_tokens: 9 }))).toMatchObject({
      input: 10,
      cacheRead: 7,
      output: 9,
    });
    const iterations = [
      { type: "compaction", input_tokens: 100, output_tokens: 20 },
      { type: "message", input_tokens: 5, cache_read_input_tokens: 2, output_tokens: 9 },
    ];
    expect(found(usage({ output_tokens: 9, iterations }))).toMatchObject({ input: 107, cacheRead: 2, output: 29 });
  });
});

test("a token count, and an answer without one", () => {
  expect(upstream.decodeTokenCount({ input_tokens: 12 })).toBe(12);
  expect(() => upstream.decodeTokenCount({})).toThrow(expect.objectContaining({ kind: "upstream" }) as Error);
});
