import { describe, expect, test } from "vitest";
import { answer } from "../../../../test/support/answers.ts";
import { chatAnswerContext, chunksOf, deltasOf, encodeChatStream, streamOf, textOf } from "../../../../test/support/chat-client.ts";
import type { Content } from "../../../chat/chat.ts";
import { replay } from "../../../chat/collect.ts";
import { GatewayError } from "../../../chat/error.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import { client } from "./index.ts";

const text = (words: string): Content => ({ type: "text", text: words });
const call = (id: string, input: string, kind: "function" | "custom" = "function"): Content => ({
  type: "tool-call",
  kind,
  id,
  name: "f",
  input,
});
const start: ChatEvent = { type: "start", id: "chatcmpl-up", native: { protocol: "openai-chat", fields: { system_fingerprint: "fp" } } };
const done: ChatEvent = { type: "finish", finish: { reason: "stop" } };

test("rules 261, 262 and 279: one head for all chunks, the role first, then content, the reason, the end", () => {
  const stream = encodeChatStream([start, ...replay(answer([text("a"), text("b")])).slice(1)]);
  const head = { id: "chatcmpl-up", object: "chat.completion.chunk", created: 1_764_000_000, model: "the-model", system_fingerprint: "fp" };
  const chunk = (delta: object, reason: string | null = null): object => ({
    ...head,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
  });
  expect(chunksOf(stream)).toEqual([
    chunk({ role: "assistant", content: "", refusal: null }),
    chunk({ content: "a" }),
    chunk({ content: "b" }),
    chunk({}, "stop"),
  ]);
  expect(stream.endsWith("data: [DONE]\n\n")).toBe(true);
});

test("another vendor's id is none of this protocol's", () => {
  expect(chunksOf(encodeChatStream([{ type: "start", id: "msg_1" }, done]))[0]).toMatchObject({ id: "chatcmpl-req01" });
});

test("rules 258 and 259: usage in the last chunk, null in all others, only for who asked", () => {
  const response = answer([text("a")], { reason: "stop" }, { input: 3, output: 2 });
  expect(streamOf(response)).not.toContain("usage");
  const chunks = chunksOf(streamOf(response, chatAnswerContext({ stream_options: { include_usage: true } })));
  const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
  expect(chunks.map((chunk) => chunk["usage"])).toEqual([null, null, null, usage]);
  expect(chunks.at(-1)?.choices).toEqual([]);
});

test("a usage that nobody told is no usage of zero", () => {
  const context = chatAnswerContext({ stream_options: { include_usage: true } });
  expect(chunksOf(streamOf(answer([text("a")]), context)).at(-1)?.choices).toHaveLength(1);
});

test("rule 146: reasoning has a field of its own, and never stands in the content", () => {
  const reasoning = { type: "reasoning", text: "why" } as const;
  const deltas = deltasOf(streamOf(answer([reasoning, { ...reasoning, text: "how" }, text("so")])));
  expect(textOf(deltas, "reasoning_content")).toBe("why\n\nhow");
  expect(textOf(deltas, "content")).toBe("so");
});

test("rules 56, 57, 58, 63 and 280: calls are numbered, named once, and never without arguments", () => {
  const deltas = deltasOf(streamOf(answer([text("a"), call("x", '{"n":1.0}'), call("y", ""), call("z", "", "custom")])));
  expect(deltas.flatMap((delta) => (delta["tool_calls"] as object[] | undefined) ?? [])).toEqual([
    { index: 0, id: "x", type: "function", function: { name: "f", arguments: "" } },
    { index: 0, function: { arguments: '{"n":1.0}' } },
    { index: 1, id: "y", type: "function", function: { name: "f", arguments: "" } },
    { index: 1, function: { arguments: "{}" } },
    { index: 2, id: "z", type: "custom", custom: { name: "f", input: "" } },
  ]);
});

test("calls that interleave keep their numbers", () => {
  const open = (index: number): ChatEvent => ({ type: "item-start", index, item: call(`c${index}`, "") });
  const delta = (index: number, words: string): ChatEvent => ({ type: "delta", index, text: words });
  const end = (index: number): ChatEvent => ({ type: "item-end", index });
  const deltas = deltasOf(
    encodeChatStream([start, open(0), open(1), delta(1, "{"), delta(0, "["), delta(1, "}"), delta(0, "]"), end(0), end(1), done]),
  );
  const args = ["", ""];
  for (const { index, function: fn } of deltas.flatMap(
    (one) => (one["tool_calls"] as { index: number; function: { arguments: string } }[] | undefined) ?? [],
  ))
    args[index] = (args[index] ?? "") + fn.arguments;
  expect(args).toEqual(["[]", "{}"]);
});

test("rules 234 and 266: sources are told at once, their offsets in the whole text", () => {
  const cited: Content = {
    type: "text",
    text: "☺ b c",
    citations: [
      { url: "https://a.example", title: "A", range: { start: 2, end: 3 } },
      { url: "https://b.example" },
      { title: "a document" },
    ],
  };
  const context = chatAnswerContext();
  const annotations = deltasOf(streamOf(answer([text("One. "), cited]), context)).flatMap(
    (delta) => (delta["annotations"] as object[] | undefined) ?? [],
  );
  expect(annotations).toEqual([
    { type: "url_citation", url_citation: { start_index: 7, end_index: 8, url: "https://a.example", title: "A" } },
    { type: "url_citation", url_citation: { start_index: 5, end_index: 10, url: "https://b.example", title: "https://b.example" } },
  ]);
  expect(context.losses.losses).toMatchObject([{ code: "answer-content", path: "answer.citations" }]);
});

test("rule 183: pictures go beside the text, other media leave a note", () => {
  const context = chatAnswerContext();
  const image: Content = { type: "media", kind: "image", mediaType: "image/png", source: { base64: "AA==" } };
  const sound: Content = { type: "media", kind: "audio", mediaType: "audio/wav", source: { base64: "AA==" } };
  const deltas = deltasOf(streamOf(answer([image, image, sound]), context));
  const url = "data:image/png;base64,AA==";
  expect(deltas.flatMap((delta) => (delta["images"] as object[] | undefined) ?? [])).toEqual([
    { type: "image_url", image_url: { url }, index: 0 },
    { type: "image_url", image_url: { url }, index: 1 },
  ]);
  expect(textOf(deltas, "content")).toContain("audio/wav");
  expect(context.losses.losses).toMatchObject([{ code: "media-output", path: "answer.audio" }]);
});

test("searches are not shown, other tools of a provider are losses", () => {
  const hosted = (kind: "web-search" | "code-execution"): Content => ({ type: "hosted-tool-call", id: "h", kind, name: "n", input: "{}" });
  const context = chatAnswerContext();
  const deltas = deltasOf(streamOf(answer([hosted("web-search"), hosted("code-execution"), text("a")]), context));
  expect(textOf(deltas, "content")).toBe("a");
  expect(context.losses.losses).toMatchObject([{ code: "hosted-tool-call", path: "answer.code-execution" }]);
});

describe("reasons to finish (rules 41, 88, 241, 244, 245)", () => {
  test.each([
    ["stop", [text("a")], "stop"],
    ["stop-sequence", [text("a")], "stop"],
    ["stop", [call("x", "{}")], "tool_calls"],
    ["tool-calls", [], "stop"],
    ["tool-calls", [call("x", "{}")], "tool_calls"],
    ["length", [call("x", "{")], "length"],
    ["context-full", [text("a")], "length"],
    ["continuation", [text("a")], "length"],
    ["refusal", [text("a")], "content_filter"],
    ["refusal", [{ type: "refusal", text: "No." }], "stop"],
    ["content-filter", [text("a")], "content_filter"],
    ["pause", [text("a")], "stop"],
    ["other", [text("a")], "stop"],
  ] as const)("%s with %j is %s", (reason, items, expected) => {
    expect(chunksOf(streamOf(answer([...items], { reason }))).at(-1)?.choices[0]?.finish_reason).toBe(expected);
    expect(client.encodeResponse(answer([...items], { reason }), chatAnswerContext())).toMatchObject({
      choices: [{ finish_reason: expected }],
    });
  });

  test("a call that its provider could not read is a failure", () => {
    expect(streamOf(answer([], { reason: "malformed-call" }))).toMatch(/^data: \{"error":/);
    expect(() => client.encodeResponse(answer([], { reason: "malformed-call" }), chatAnswerContext())).toThrow("could not read");
  });

  test("rule 41: the old form has room for one call", () => {
    const context = chatAnswerContext({ functions: [{ name: "f", parameters: {} }] });
    const deltas = deltasOf(streamOf(answer([call("x", '{"a":1}'), call("y", "{}")]), context));
    expect(deltas.filter((delta) => delta["function_call"])).toEqual([
      { function_call: { name: "f", arguments: "" } },
      { function_call: { arguments: '{"a":1}' } },
    ]);
    expect(context.losses.losses).toMatchObject([{ path: "answer.tool-call" }]);
  });
});

test("rules 281 and 347: after the end or a failure nothing comes", () => {
  const encoder = client.streamEncoder(chatAnswerContext());
  for (const event of [start, ...replay(answer([text("a")])).slice(1)]) encoder.push(event);
  expect(encoder.push({ type: "usage", usage: { output: 1 } })).toBe("");
  const failed = client.streamEncoder(chatAnswerContext());
  const error = new GatewayError("upstream", "Broken.");
  expect(failed.push({ type: "error", error })).toBe(
    'data: {"error":{"message":"Broken.","type":"server_error","param":null,"code":null}}\n\n',
  );
  expect(failed.push(done)).toBe("");
});

test("rule 282: a sign of life is a comment", () => {
  expect(client.streamStyle({ operation: "generate" }).heartbeat).toBe(": keepalive\n\n");
  expect(client.streamEncoder(chatAnswerContext()).push({ type: "ping" })).toBe(": keepalive\n\n");
});
