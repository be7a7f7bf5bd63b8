/** Streams and whole answers of Responses servers, event by event. */
import { describe, expect, test } from "vitest";
import { conversation, text } from "../../../../test/support/gemini.ts";
import {
  added,
  completed,
  created,
  decodeStream,
  done,
  event,
  fold,
  functionCall,
  issuer,
  message,
  textDelta,
  textsOf,
} from "../../../../test/support/responses-upstream.ts";
import type { ChatRequest } from "../../../chat/chat.ts";
import { collect } from "../../../chat/collect.ts";
import type { DecodeContext } from "../../protocol.ts";
import { decodeResponse, ResponsesStreamDecoder } from "./stream-decode.ts";

const asked = (more: Partial<ChatRequest>): DecodeContext => ({
  issuer,
  request: conversation([{ role: "user", content: [text("hi")] }], more),
});
const failureOf = (...stream: readonly (object | string)[]) => {
  const last = decodeStream(stream).at(-1);
  return last?.type === "error" ? last.error : undefined;
};

describe("text", () => {
  const opening = [created, added(0, message("", { content: [] }))];
  const parted = [
    event("content_part.added", 0, { content_index: 0, part: { type: "output_text", text: "" } }),
    textDelta("He"),
    textDelta("llo"),
    event("output_text.done", 0, { content_index: 0, text: "Hello" }),
    event("content_part.done", 0, { content_index: 0, part: { type: "output_text", text: "Hello" } }),
    done(0, message("Hello")),
  ];

  test("rules 302–304: told once, whatever says it again, and whatever leaves it out", () => {
    for (const stream of [
      [...opening, ...parted, completed([message("Hello")])],
      [...opening, ...parted, completed()],
      [...opening, textDelta("Hello"), completed([message("Hello")])],
      [...opening, textDelta("Hello"), completed()],
      [...opening, textDelta("Hel"), done(0, message("Hello")), completed()],
      [...opening, event("output_text.done", 0, { content_index: 0, text: "Hello" }), completed()],
      [created, done(0, message("Hello")), completed()],
      [created, textDelta("Hello"), completed()],
      [completed([message("Hello")])],
      [{ ...(completed([message("Hello")]) as { response: object }).response }],
    ]) {
      const { items, finish } = fold(stream);
      expect(items).toMatchObject([{ type: "text", text: "Hello" }]);
      expect(finish).toEqual({ reason: "stop", raw: "completed" });
    }
  });

  test("it streams: each delta is told when it comes", () => {
    const decoder = new ResponsesStreamDecoder({ issuer });
    const pushed = [...opening, textDelta("He")].map((one) => decoder.push({ event: "", data: JSON.stringify(one) }));
    expect(pushed.map((events) => events.map(({ type }) => type))).toEqual([["start"], [], ["item-start", "delta"]]);
    expect(decoder.finished).toBe(false);
  });

  test("oddity 30: an item is known by its place, whatever its id", () => {
    const ids = [textDelta("He", 0, { item_id: "a" }), textDelta("llo", 0, { item_id: "b" }), done(0, message("Hello", { id: "c" }))];
    expect(textsOf(fold([...opening, ...ids, completed()]))).toEqual(["Hello"]);
    const unplaced = [...opening, textDelta("Hello"), done(0, message("Hello"))].map((one) => ({ ...one, output_index: undefined }));
    expect(textsOf(fold([...unplaced, completed()]))).toEqual(["Hello"]);
  });

  test("oddity 31: parts may begin to count anywhere, and are pieces of their own", () => {
    const parts = [textDelta("a", 0, { content_index: 1 }), textDelta("b", 0, { content_index: 2 })];
    const whole = message("", { content: ["a", "b"].map((words) => ({ type: "output_text", text: words })) });
    expect(textsOf(fold([...opening, ...parts, done(0, whole), completed()]))).toEqual(["a", "b"]);
  });

  test("what only the end tells is told, and nothing twice, wherever the items that streamed stand", () => {
    const reasoning = { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm." }] };
    const output = [reasoning, message("Hello")];
    const streamed = [added(1, message("", { content: [] })), textDelta("Hello", 1), done(1, message("Hello"))];
    expect(textsOf(fold([created, ...streamed, completed(output)]))).toEqual(["Hello", "Hm."]);
    expect(textsOf(fold([created, ...streamed, completed([...output, message("Bye")])]))).toEqual(["Hello", "Hm.", "Bye"]);
    // A server that gives all items one place.
    const items = ["a", "b", "c"].map((words) => message(words, { id: words }));
    const alike = items.slice(0, 2).map((item) => done(0, item));
    expect(textsOf(fold([created, ...alike, completed(items)]))).toEqual(["a", "b", "c"]);
  });

  test("an item that is done comes once, however often it is told", () => {
    const stream = [...opening, textDelta("Hello"), done(0, message("Hello")), added(0, message("")), done(0, message("Hello"))];
    expect(textsOf(fold([...stream, completed([message("Hello")])]))).toEqual(["Hello"]);
    expect(textsOf(fold([...stream, done(0, message("Bye", { id: "msg_2" })), completed()]))).toEqual(["Hello", "Bye"]);
  });

  test("oddity 32: what nobody knows is passed over; a sign of life is one", () => {
    const odd = [{ type: "keepalive" }, event("reasoning_part.added", 0), { type: "response.something_new" }, { type: "other" }, {}];
    const events = decodeStream([...opening, ...odd, ...parted, completed()]);
    expect(textsOf(collect(events))).toEqual(["Hello"]);
    expect(events.filter(({ type }) => type === "ping")).toHaveLength(1);
  });

  test("the type may stand in the event's line only, and [DONE] may follow", () => {
    const decoder = new ResponsesStreamDecoder({ issuer });
    const ended = { ...completed([message("Hello")]), type: null };
    const events = decoder.push({ event: "response.completed", data: JSON.stringify(ended) });
    expect(events.at(-1)).toMatchObject({ type: "finish" });
    expect(decoder.push({ event: "", data: "[DONE]" })).toEqual([]);
    expect(decoder.end()).toEqual([]);
    expect(decoder.finished).toBe(true);
  });

  test("rule 266: sources come with the text, once", () => {
    const annotation = { type: "url_citation", url: "https://a", title: "A", start_index: 0, end_index: 5 };
    const citation = { url: "https://a", title: "A", range: { start: 0, end: 5 } };
    const whole = message("", { content: [{ type: "output_text", text: "Hello", annotations: [annotation] }] });
    const cited = event("output_text.annotation.added", 0, { content_index: 0, annotation_index: 0, annotation });
    for (const stream of [[textDelta("Hello"), cited, done(0, whole)], [cited, textDelta("Hello"), done(0, whole)], [done(0, whole)]]) {
      expect(fold([...opening, ...stream, completed([whole])]).items).toMatchObject([{ text: "Hello", citations: [citation] }]);
    }
    const { items } = fold([
      done(0, message("", { content: [{ type: "output_text", text: "a", annotations: [{ type: "file_citation", filename: "f" }] }] })),
      completed(),
    ]);
    expect(items).toMatchObject([{ citations: [{ title: "f", native: { protocol: "openai-responses" } }] }]);
  });

  test("rule 264: probabilities where they were asked for, once", () => {
    const logprobs = [{ token: "a", logprob: -0.1, bytes: [97], top_logprobs: [] }];
    const whole = message("", { content: [{ type: "output_text", text: "a", logprobs }] });
    const stream = [...opening, textDelta("a", 0, { logprobs }), done(0, whole), completed()];
    expect(fold(stream, asked({ logprobs: { alternatives: 0 } })).finish.logprobs).toHaveLength(1);
    expect(fold([done(0, whole), completed()], asked({ logprobs: { alternatives: 0 } })).finish.logprobs).toHaveLength(1);
    expect(fold(stream).finish).not.toHaveProperty("logprobs");
  });

  test("rule 219: a fence around JSON that was asked for is no part of it", () => {
    const fenced = [...opening, textDelta("```json\n{"), textDelta("}\n```"), completed()];
    expect(textsOf(fold(fenced, asked({ outputFormat: { type: "json" } })))).toEqual(["{}"]);
  });

  test("what a message says beside its text stays with it", () => {
    const phased = message("Hello", { phase: "commentary" });
    expect(fold([created, added(0, { ...phased, content: [] }), textDelta("Hello"), done(0, phased), completed()]).items).toMatchObject([
      { native: { protocol: "openai-responses", fields: { item: { phase: "commentary", id: "msg_1" } } } },
    ]);
  });
});

describe("refusals and ends", () => {
  test("a refusal is no text, and how the answer ended", () => {
    const whole = message("", { content: [{ type: "refusal", refusal: "No." }] });
    for (const stream of [[event("refusal.delta", 0, { content_index: 0, delta: "No." }), done(0, whole)], [done(0, whole)]]) {
      const { items, finish } = fold([created, ...stream, completed()]);
      expect(items).toMatchObject([{ type: "refusal", text: "No." }]);
      expect(finish.reason).toBe("refusal");
    }
  });

  test.each([
    ["max_output_tokens", "length"],
    ["max_messages", "length"],
    ["content_filter", "content-filter"],
    ["some_day", "other"],
  ])("oddity 34: an answer that is not complete because of %s ends, and does not fail", (reason, neutral) => {
    const { response } = completed([], { status: "incomplete", incomplete_details: { reason } }) as { response: object };
    const { finish, items } = fold([
      created,
      added(0, { type: "reasoning", id: "rs_1", summary: [] }),
      { type: "response.incomplete", response },
    ]);
    expect(finish).toEqual({ reason: neutral, raw: reason });
    expect(items).toEqual([]);
  });

  test("dossier B.0.1: calls in it make it end with calls", () => {
    expect(fold([done(0, functionCall("c", "f", "{}")), completed()]).finish).toEqual({ reason: "tool-calls", raw: "completed" });
  });

  test("rule 257: tokens as they are counted, and nothing where nobody counted", () => {
    const usage = {
      input_tokens: 10,
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 },
      output_tokens: 5,
      output_tokens_details: { reasoning_tokens: 3 },
    };
    const { raw, ...counted } = fold([completed([], { usage })]).usage ?? {};
    expect(counted).toEqual({ input: 10, cacheRead: 4, cacheWrite: 2, output: 5, reasoning: 3 });
    expect(raw).toEqual({ protocol: "openai-responses", fields: usage });
    expect(fold([completed([], { usage: null })]).usage).toBeUndefined();
  });
});

describe("failures", () => {
  const failed = (error: object) => ({ type: "response.failed", response: { object: "response", status: "failed", error } });

  test.each([
    ["rate_limit_exceeded", "Rate limit reached.", "rate-limited"],
    ["insufficient_quota", "You exceeded your current quota.", "billing"],
    ["server_is_overloaded", "Overloaded.", "overloaded"],
    ["context_length_exceeded", "Your input exceeds the context window.", "context-too-long"],
    ["invalid_prompt", "Your prompt was flagged.", "content-policy"],
    ["server_error", "The server had an error.", "upstream"],
  ])("rules 290, 322: %s within the stream", (code, words, kind) => {
    for (const stream of [
      [created, failed({ code, message: words })],
      [created, { type: "error", code, message: words, param: null }],
      [created, { type: "error", error: { type: code, code, message: words } }, failed({ code, message: words })],
    ]) {
      const errors = decodeStream(stream).flatMap((one) => (one.type === "error" ? one.error : []));
      expect(errors.map(({ kind: told }) => told)).toEqual([kind]);
    }
  });

  test("rule 306: a stream that only stops was cut off", () => {
    expect(failureOf(created, textDelta("He"))?.kind).toBe("transport");
    expect(failureOf()?.kind).toBe("transport");
    expect(failureOf(created, "no JSON")?.kind).toBe("upstream");
  });

  test("nothing counts that comes behind the end", () => {
    expect(failureOf(created, failed({ code: "server_error", message: "a" }), completed())?.message).toBe("a");
    expect(textsOf(fold([completed([message("a")]), textDelta("b"), failed({})]))).toEqual(["a"]);
  });

  test("the name of the last event says how the answer ended where its response does not", () => {
    for (const response of [undefined, null, {}, { status: "in_progress", output: [] }, { status: "completed", error: null, output: [] }]) {
      for (const type of ["response.failed", "response.cancelled"])
        expect(failureOf(created, textDelta("He"), { type, response })?.kind).toBe("upstream");
      expect(fold([created, textDelta("He"), { type: "response.incomplete", response }]).finish.raw).toBe("incomplete");
      expect(fold([created, textDelta("He"), { type: "response.completed", response }]).finish).toEqual({
        reason: "stop",
        raw: "completed",
      });
    }
    expect(failureOf(created, { type: "response.completed", response: { status: "failed" } })?.kind).toBe("upstream");
  });

  test("oddity 36: an answer that is still to come, or was cancelled, is none", () => {
    for (const status of ["queued", "in_progress", "failed", "cancelled"]) {
      const [first] = decodeResponse({ object: "response", id: "r", status, output: [] }, { issuer });
      expect(first).toMatchObject({ type: "error", error: { kind: "upstream" } });
    }
    expect(decodeResponse({ id: "x" }, { issuer })).toMatchObject([{ type: "error" }]);
    expect(decodeResponse({ error: { message: "no", code: "rate_limit_exceeded" } }, { issuer })).toMatchObject([
      { type: "error", error: { kind: "rate-limited" } },
    ]);
  });
});
