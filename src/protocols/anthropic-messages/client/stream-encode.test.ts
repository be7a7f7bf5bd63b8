import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answer, call, text, thought } from "../../../../test/support/answers.ts";
import { answerContext, blocksOf, client, encodeStream, fault, framesOf, replayed, shape } from "../../../../test/support/messages.ts";
import type { Content, Finish, FinishReason } from "../../../chat/chat.ts";
import { replay } from "../../../chat/collect.ts";
import { GatewayError } from "../../../chat/error.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import type { JsonObject } from "../../../chat/json.ts";
import type { OpaqueState } from "../../../chat/state.ts";

const start: ChatEvent = { type: "start" };
const stop: ChatEvent = { type: "finish", finish: { reason: "stop" } };
const signature: OpaqueState = { issuer: { platform: "gemini", account: "a" }, kind: "thought-signature", value: "c2ln" };

/** An answer that ends in text ends there: proof behind its last word is not sent. */
function withoutTrailingProof(items: readonly Content[]): readonly Content[] {
  const end = items.findLastIndex((item) => item.type !== "text" || item.text !== "") + 1;
  return items[end - 1]?.type === "text" ? items.slice(0, end) : items;
}

describe("the grammar of a stream", () => {
  test("rules 269, 270, 276: one message, blocks in order, an event line on each frame, no [DONE]", () => {
    const stream = encodeStream(replay(answer([thought("hm"), text("Hi"), call("t1", '{"a":1}'), text("Bye")])));
    expect(fault(stream)).toBeUndefined();
    expect(stream).not.toContain("[DONE]");
    expect(shape(stream)).toEqual([
      "message_start",
      "content_block_start 0 thinking",
      "content_block_delta 0 thinking_delta",
      "content_block_delta 0 signature_delta",
      "content_block_stop 0",
      "content_block_start 1 text",
      "content_block_delta 1 text_delta",
      "content_block_stop 1",
      "content_block_start 2 tool_use",
      "content_block_delta 2 input_json_delta",
      "content_block_stop 2",
      "content_block_start 3 text",
      "content_block_delta 3 text_delta",
      "content_block_stop 3",
      "message_delta",
      "message_stop",
    ]);
  });

  const state = fc.option(fc.constant(signature), { nil: undefined });
  const item = fc.oneof(
    fc.tuple(fc.string(), state).map(([value, proof]) => text(value, proof)),
    fc.tuple(fc.string(), state).map(([value, proof]) => thought(value, proof)),
    fc
      .tuple(fc.string(), fc.dictionary(fc.string(), fc.integer()), state)
      .map(([id, input, proof]) => call(id, JSON.stringify(input), proof)),
  );

  test("rules 61, 269, 273: items that interleave come one after the other, and nothing is lost", () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 5 }), fc.infiniteStream(fc.nat()), (items, dice) => {
        const sequence = replay(answer(items));
        const queues = items.map((_, index) => sequence.filter((event) => "index" in event && event.index === index));
        const events: ChatEvent[] = [start];
        let started = 0;
        for (let left = queues.filter((queue) => queue.length > 0); left.length > 0; left = queues.filter((queue) => queue.length > 0)) {
          // Any item that has started may go on, and the next may start.
          const candidates = queues.filter((queue, index) => queue.length > 0 && index <= started);
          const queue = candidates[(dice.next().value as number) % candidates.length] as ChatEvent[];
          if (queue[0]?.type === "item-start") started += 1;
          events.push(queue.shift() as ChatEvent);
        }
        const stream = encodeStream([...events, stop]);
        expect(fault(stream)).toBeUndefined();
        expect(blocksOf(stream)).toEqual(blocksOf(encodeStream(sequence)));
      }),
    );
  });

  test("rule 272: text after a call is a block of its own", () => {
    const stream = encodeStream(replay(answer([text("I look."), call("c1", "{}"), text("Found.")])));
    expect(fault(stream)).toBeUndefined();
    expect(blocksOf(stream)).toMatchObject([
      { type: "text", text: "I look." },
      { type: "tool_use", id: "c1" },
      { type: "text", text: "Found." },
    ]);
  });

  test("a thought without words after one with words leaves no block open", () => {
    const stream = encodeStream(replay(answer([thought("hm"), thought("")])));
    expect(fault(stream)).toBeUndefined();
    expect(blocksOf(stream)).toHaveLength(1);
  });

  test("a whole answer is the fold of the stream", () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 5 }), (items) => {
        const whole = client.encodeResponse(answer(items), answerContext());
        expect(blocksOf(encodeStream(replay(answer(items))))).toEqual(whole["content"]);
      }),
    );
  });

  test("rules 141, 143: what a client replays holds the same items, each with its own state", () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 6 }), (items) => {
        const whole = client.encodeResponse(answer(items), answerContext());
        // What says nothing and proves nothing leaves no trace.
        const kept = items.filter(
          (one) => one.type === "tool-call" || !("text" in one) || one.text !== "" || ("state" in one && one.state),
        );
        expect(replayed(whole["content"] as JsonObject[])).toEqual(withoutTrailingProof(kept));
      }),
    );
  });
});

describe("pieces of an answer", () => {
  test("rule 233: no text, no block", () => {
    expect(blocksOf(encodeStream(replay(answer([text(""), thought("")]))))).toEqual([]);
  });

  test("rule 275: a call without input has no delta", () => {
    const stream = encodeStream(replay(answer([call("t", "")])));
    expect(shape(stream)).not.toContain("content_block_delta 0 input_json_delta");
    expect(blocksOf(stream)).toEqual([{ type: "tool_use", id: "t", name: "f", input: {} }]);
  });

  test("rules 48, 58: an id that is not legal here comes back, and input stays as it was written", () => {
    const items = [call("call:1|x", '{"n":12345678901234567890,"f":1.0}')];
    const stream = encodeStream(replay(answer(items)));
    expect(blocksOf(stream)[0]?.["id"]).toMatch(/^[a-zA-Z0-9_-]+$/);
    expect(stream).toContain(String.raw`{\"n\":12345678901234567890,\"f\":1.0}`);
    const whole = JSON.stringify(client.encodeResponse(answer(items), answerContext()));
    expect(whole).toContain('{"n":12345678901234567890,"f":1.0}');
    expect(replayed(blocksOf(stream))[0]).toMatchObject({ id: "call:1|x" });
  });

  test("rule 221: another vendor's search is shown as Claude's own, and recognised when it comes back", () => {
    const hosted: Content[] = [
      { type: "hosted-tool-call", id: "s:1", kind: "web-search", name: "google_search", input: '{"query":"q"}' },
      { type: "hosted-tool-result", callId: "s:1", kind: "web-search", text: "A: https://a", sources: [{ url: "https://a", title: "A" }] },
      { type: "text", text: "found", citations: [{ url: "https://a", title: "A", citedText: "x", range: { start: 0, end: 5 } }] },
    ];
    const context = answerContext();
    const whole = client.encodeResponse(answer(hosted), context);
    const id = expect.stringMatching(/^srvtoolu_[a-zA-Z0-9_]+$/) as string;
    expect(whole["content"]).toEqual([
      { type: "server_tool_use", id, name: "web_search", input: { query: "q" } },
      {
        type: "web_search_tool_result",
        tool_use_id: id,
        content: [{ type: "web_search_result", url: "https://a", title: "A", encrypted_content: "", page_age: null }],
      },
      {
        type: "text",
        text: "found",
        citations: [{ type: "web_search_result_location", url: "https://a", title: "A", cited_text: "x", encrypted_index: "" }],
      },
    ]);
    expect(context.losses.losses.map(({ code }) => code)).toEqual(["citation-range"]);
    const back = replayed(whole["content"] as JsonObject[]);
    expect(back.map((item) => item.native)).toEqual([undefined, undefined, undefined]);
    expect(back[2]).toMatchObject({ citations: [{ url: "https://a", title: "A", citedText: "x" }] });
  });

  test("code and pages of other vendors have blocks, other tools are a loss", () => {
    const context = answerContext();
    const hosted: Content[] = [
      { type: "hosted-tool-call", id: "c", kind: "code-execution", name: "code_execution", input: '{"code":"1"}' },
      { type: "hosted-tool-result", callId: "c", kind: "code-execution", text: "1" },
      { type: "hosted-tool-result", callId: "f", kind: "web-fetch", text: "page", sources: [{ url: "https://a" }] },
      { type: "hosted-tool-call", id: "m", kind: "mcp", name: "x", input: "{}" },
    ];
    const whole = client.encodeResponse(answer(hosted), context);
    expect((whole["content"] as JsonObject[]).map(({ type }) => type)).toEqual([
      "server_tool_use",
      "code_execution_tool_result",
      "web_fetch_tool_result",
    ]);
    expect(context.losses.losses.map(({ path }) => path)).toEqual(["answer.mcp"]);
  });

  test("media becomes a note, on the ledger", () => {
    const context = answerContext();
    const stream = encodeStream(
      replay(answer([{ type: "media", kind: "image", mediaType: "image/png", source: { base64: "AA==" } }])),
      context,
    );
    expect(blocksOf(stream)[0]?.["text"]).toContain("image (image/png)");
    expect(stream).not.toContain("AA==");
    expect(context.losses.losses).toEqual([{ code: "media-output", path: "answer.image", severity: "semantic" }]);
  });

  test("content nobody has a word for is a loss, not an error", () => {
    const context = answerContext();
    const foreign: Content = { type: "opaque", name: "videoMetadata", native: { protocol: "gemini", fields: {} } };
    expect(blocksOf(encodeStream(replay(answer([foreign])), context))).toEqual([]);
    expect(context.losses.losses[0]?.path).toBe("answer.videoMetadata");
  });
});

describe("the beginning", () => {
  const first = (events: readonly ChatEvent[]): JsonObject => framesOf(encodeStream(events))[0]?.["message"] as JsonObject;

  test("message_start waits for usage, so that its input tokens are right", () => {
    const encoder = client.streamEncoder(answerContext());
    expect(encoder.push({ type: "start", id: "x" })).toBe("");
    expect(encoder.push({ type: "usage", usage: { input: 100, cacheRead: 60, cacheWrite: 30 } })).toBe("");
    const message = framesOf(encoder.push({ type: "item-start", index: 0, item: text("") }))[0]?.["message"];
    expect(message).toMatchObject({
      usage: { input_tokens: 10, cache_read_input_tokens: 60, cache_creation_input_tokens: 30, output_tokens: 0 },
      content: [],
      stop_reason: null,
    });
  });

  test("rule 278: a ping passes before anything else", () => {
    const encoder = client.streamEncoder(answerContext());
    encoder.push(start);
    expect(encoder.push({ type: "ping" })).toBe('event: ping\ndata: {"type":"ping"}\n\n');
    expect(client.streamStyle({ operation: "generate" }).heartbeat).toBe('event: ping\ndata: {"type":"ping"}\n\n');
  });

  test("rules 261, 263: the id is ours unless Claude gave one, the model is the one that was asked for", () => {
    expect(first([{ type: "start", id: "msg_up", model: "other" }, stop])).toMatchObject({ id: "msg_up", model: "claude-test" });
    expect(first([{ type: "start", id: "resp-1" }, stop])).toMatchObject({ id: "msg_req01" });
  });
});

describe("the end", () => {
  const ended = (finish: Finish, items: readonly Content[] = []): JsonObject =>
    framesOf(encodeStream(replay(answer(items, finish)))).at(-2) as JsonObject;

  test.each<[FinishReason, string]>([
    ["stop", "end_turn"],
    ["stop-sequence", "stop_sequence"],
    ["tool-calls", "end_turn"],
    ["length", "max_tokens"],
    ["context-full", "model_context_window_exceeded"],
    ["refusal", "refusal"],
    ["content-filter", "refusal"],
    ["pause", "pause_turn"],
    ["compaction", "compaction"],
    ["continuation", "max_tokens"],
    ["other", "end_turn"],
  ])("B.0.1: %s without calls is %s", (reason, expected) => {
    expect(ended({ reason })["delta"]).toMatchObject({ stop_reason: expected });
  });

  test.each<[FinishReason, string]>([
    ["stop", "tool_use"],
    ["tool-calls", "tool_use"],
    ["other", "tool_use"],
    ["length", "max_tokens"],
    ["continuation", "max_tokens"],
    ["content-filter", "refusal"],
  ])("B.0.1: %s with a call is %s", (reason, expected) => {
    expect(ended({ reason }, [call("t", "{}")])["delta"]).toMatchObject({ stop_reason: expected });
  });

  test("which sequence stopped it, and why it was refused", () => {
    expect(ended({ reason: "stop-sequence", stopSequence: "X" })["delta"]).toEqual({ stop_reason: "stop_sequence", stop_sequence: "X" });
    expect(ended({ reason: "refusal", explanation: "no" })["delta"]).toMatchObject({
      stop_details: { type: "refusal", category: null, explanation: "no" },
    });
    expect(ended({ reason: "stop" }, [{ type: "refusal", text: "I will not." }])["delta"]).toMatchObject({ stop_reason: "refusal" });
  });

  test("rule 271: usage is there even when nobody knows it, and totals replace each other", () => {
    expect(ended({ reason: "stop" })["usage"]).toMatchObject({ output_tokens: 0, input_tokens: 0 });
    const events: ChatEvent[] = [
      start,
      { type: "usage", usage: { input: 5, output: 1 } },
      { type: "usage", usage: { output: 9, reasoning: 4 } },
      stop,
    ];
    expect(framesOf(encodeStream(events)).at(-2)).toMatchObject({
      usage: { input_tokens: 5, output_tokens: 9, output_tokens_details: { thinking_tokens: 4 } },
    });
  });

  test("rule 249: more cached tokens than tokens count as none uncached", () => {
    const events: ChatEvent[] = [start, { type: "usage", usage: { input: 5, cacheRead: 9 } }, stop];
    expect(framesOf(encodeStream(events)).at(-2)).toMatchObject({ usage: { input_tokens: 0, cache_read_input_tokens: 9 } });
  });

  test("rule 277: an error before anything stands alone, after content it ends the stream", () => {
    const error: ChatEvent = { type: "error", error: new GatewayError("overloaded", "busy") };
    expect(shape(encodeStream([start, error]))).toEqual(["error"]);
    const begun: ChatEvent[] = [start, { type: "item-start", index: 0, item: text("") }, { type: "delta", index: 0, text: "a" }];
    const stream = encodeStream([...begun, error, { type: "delta", index: 0, text: "b" }, { type: "item-end", index: 0 }, stop]);
    expect(shape(stream).at(-1)).toBe("error");
    expect(framesOf(stream).at(-1)).toMatchObject({ error: { type: "overloaded_error", message: "busy" }, request_id: "req_01" });
  });

  test("a call its provider could not read is an error", () => {
    const finish: Finish = { reason: "malformed-call" };
    expect(framesOf(encodeStream([start, { type: "finish", finish }])).at(-1)).toMatchObject({
      type: "error",
      error: { type: "api_error" },
    });
    const upstreamFailed = expect.objectContaining({ kind: "upstream" }) as Error;
    expect(() => client.encodeResponse(answer([], finish), answerContext())).toThrow(upstreamFailed);
  });

  test("rule 88: half a call is left out of a whole answer, a wrong one is an error", () => {
    const context = answerContext();
    const cut = client.encodeResponse(answer([text("a"), call("t", '{"a":')], { reason: "length" }), context);
    expect(cut).toMatchObject({ content: [{ type: "text" }], stop_reason: "max_tokens" });
    expect(context.losses.losses[0]?.code).toBe("cut-tool-call");
    expect(() => client.encodeResponse(answer([call("t", '{"a":')]), answerContext())).toThrow("not a JSON object");
  });
});
