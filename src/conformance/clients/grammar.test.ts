/** The grammars must be able to find fault: each stream here lacks or breaks one thing. */
import { describe, expect, test } from "vitest";
import { messagesGrammar, messagesHeartbeats } from "./anthropic-grammar.ts";
import { chatGrammar } from "./chat-grammar.ts";
import { geminiGrammar, geminiHeartbeats } from "./gemini-grammar.ts";

const sse = (events: readonly object[]): string => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");

describe("Messages", () => {
  const frames: readonly { readonly type: string; readonly [field: string]: unknown }[] = [
    { type: "message_start", message: {} },
    { type: "content_block_start", index: 0, content_block: { type: "text" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn" } },
    { type: "message_stop" },
  ];
  const stream = (events: readonly { readonly type: string }[]): string =>
    events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");

  test("a good stream is good, pings and all", () => {
    const text = `${stream(frames.slice(0, 1))}event: ping\ndata: {"type":"ping"}\n\n: comment\n\n${stream(frames.slice(1))}`;
    expect(messagesGrammar(text)).toEqual([]);
    expect(messagesHeartbeats(text)).toBe(2);
  });

  // A block may be empty, so a missing delta is no fault.
  test.each([0, 1, 3, 4, 5])("without its event %i it is not", (index) => {
    expect(messagesGrammar(stream(frames.toSpliced(index, 1)))).not.toEqual([]);
  });

  test("a delta of another kind, a block inside a block, and an unknown event are faults", () => {
    const thinking = { type: "content_block_delta", index: 0, delta: { type: "thinking_delta" } };
    expect(messagesGrammar(stream(frames.toSpliced(2, 1, thinking)))).toEqual(["thinking_delta in a block of type text"]);
    expect(messagesGrammar(stream(frames.toSpliced(3, 0, { ...frames[1], type: "content_block_start", index: 1 })))).not.toEqual([]);
    expect(messagesGrammar(stream(frames.toSpliced(3, 0, { type: "news" })))).toEqual(["an event of type news"]);
  });
});

describe("Chat Completions", () => {
  const head = { id: "c", object: "chat.completion.chunk", created: 1, model: "m" };
  const chunks = [
    { ...head, choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }] },
    { ...head, choices: [{ index: 0, delta: { content: "Hi" }, finish_reason: null }] },
    { ...head, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    { ...head, choices: [], usage: { prompt_tokens: 1 } },
  ];
  const done = "data: [DONE]\n\n";

  test("a good stream is good", () => {
    expect(chatGrammar(sse(chunks) + done)).toEqual([]);
  });

  test.each([
    ["no [DONE] at the end", sse(chunks)],
    ["the first delta has no role", sse(chunks.slice(1)) + done],
    ["0 finish reasons", sse(chunks.toSpliced(2, 1)) + done],
    ["0 chunks with usage", sse(chunks.slice(0, 3)) + done],
    ["content after the finish reason", sse(chunks.toSpliced(3, 0, chunks[1] as (typeof chunks)[number])) + done],
    ['id changes: "c", "d"', sse(chunks.with(1, { ...chunks[1], id: "d" } as (typeof chunks)[number])) + done],
  ])("%s", (fault, text) => {
    expect(chatGrammar(text)).toContain(fault);
  });
});

describe("generateContent", () => {
  const text = (words: string, more: object = {}): object => ({
    candidates: [{ content: { role: "model", parts: [{ text: words }] }, ...more }],
  });
  const last = { ...text("!", { finishReason: "STOP" }), usageMetadata: { promptTokenCount: 1 } };

  test("a good stream is good, and a response that says nothing is a sign of life", () => {
    expect(geminiGrammar(sse([text("Hi"), last]))).toEqual([]);
    expect(geminiHeartbeats(sse([{ candidates: [] }, text("Hi"), last]))).toBe(1);
  });

  test.each([
    ["0 finish reasons", sse([text("Hi")])],
    ["no usage at the end", sse([text("!", { finishReason: "STOP" })])],
    ["content after the finish reason", sse([last, text("Hi")])],
    ["2 finish reasons", sse([last, last])],
  ])("%s", (fault, stream) => {
    expect(geminiGrammar(stream)).toContain(fault);
  });
});
