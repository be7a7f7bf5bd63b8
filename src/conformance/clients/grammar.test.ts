/** The grammars must be able to find fault: each stream here lacks or breaks one thing. */
import { describe, expect, test } from "vitest";
import { messagesGrammar, messagesHeartbeats } from "./anthropic-grammar.ts";
import { chatGrammar } from "./chat-grammar.ts";
import { geminiGrammar, geminiHeartbeats } from "./gemini-grammar.ts";
import { responsesGrammar, responsesHeartbeats } from "./responses-grammar.ts";

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

describe("Responses", () => {
  type Event = { readonly type: string; readonly [field: string]: unknown };
  const part = { type: "output_text", text: "Hi.", annotations: [] };
  const message = { type: "message", id: "msg_1", status: "completed", content: [part] };
  const call = { type: "function_call", id: "fc_1", arguments: "{}" };
  const inMessage = { output_index: 0, item_id: "msg_1", content_index: 0 };
  const inCall = { output_index: 1, item_id: "fc_1" };
  const response = (output: readonly object[]): object => ({ response: { id: "resp_1", output } });
  const events: readonly Event[] = [
    { type: "response.created", ...response([]) },
    { type: "response.in_progress", ...response([]) },
    { type: "response.output_item.added", output_index: 0, item: { ...message, content: [] } },
    { type: "response.content_part.added", ...inMessage, part: { ...part, text: "" } },
    { type: "response.output_text.delta", ...inMessage, delta: "H" },
    { type: "response.output_text.delta", ...inMessage, delta: "i." },
    { type: "response.output_text.done", ...inMessage, text: "Hi." },
    { type: "response.content_part.done", ...inMessage, part },
    { type: "response.output_item.done", output_index: 0, item: message },
    { type: "response.output_item.added", output_index: 1, item: { ...call, arguments: "" } },
    { type: "response.function_call_arguments.delta", ...inCall, delta: "{}" },
    { type: "response.function_call_arguments.done", ...inCall, arguments: "{}" },
    { type: "response.output_item.done", output_index: 1, item: call },
    { type: "response.completed", ...response([message, call]) },
  ];
  const stream = (all: readonly Event[]): string =>
    all.map((event, index) => `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: index })}\n\n`).join("");
  const changed = (index: number, change: object): string => stream(events.with(index, { ...(events[index] as Event), ...change }));

  test("a good stream is good, and whatever says nothing is a sign of life", () => {
    const text = `: comment\n\n${stream(events)}`;
    expect(responsesGrammar(text)).toEqual([]);
    expect(responsesHeartbeats(text)).toBe(1);
    expect(responsesHeartbeats(`event: keepalive\ndata: {"type":"keepalive"}\n\n`)).toBe(1);
  });

  test.each(events.map(({ type }, index) => [index, type] as const))("without its event %i, %s, it is not", (index) => {
    expect(responsesGrammar(stream(events.toSpliced(index, 1)))).not.toEqual([]);
  });

  test.each([
    ["an event is not JSON: oops", `${stream(events)}data: oops\n\n`],
    ["event  holds response.created", stream(events).replace("event: response.created\n", "")],
    ["sequence numbers are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12", stream(events).replace('number":13', 'number":12')],
    ["ids of the response are resp_1, resp_2", changed(1, { response: { id: "resp_2" } })],
    ["item 2 is added as number 1", changed(9, { output_index: 2 })],
    ["two items are msg_1", changed(9, { item: { ...call, id: "msg_1" } })],
    ["item msg_1 is done as msg_2", changed(8, { item: { ...message, id: "msg_2" } })],
    ["output_text.delta of msg_2 in msg_1", changed(5, { item_id: "msg_2" })],
    ["output_text.done is not what its deltas are", changed(6, { text: "Ho." })],
    ["output_text 0 of item msg_1 is not what was told", changed(8, { item: { ...message, content: [{ ...part, text: "Ho." }] } })],
    ["function_call_arguments 0 of item fc_1 is not what was told", changed(12, { item: { ...call, arguments: '{"a":1}' } })],
    ["the last event's output is not the items that were done", changed(13, response([message]))],
    ["output_text.delta outside item 0", stream(events.toSpliced(9, 0, events[5] as Event))],
    ["a part of type output_text is added with text", changed(3, { part })],
    ["content_part 0 is done before its text", stream(events.with(6, events[7] as Event).with(7, events[6] as Event))],
  ])("%s", (fault, text) => {
    expect(responsesGrammar(text)).toContain(fault);
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
