/** Answers of Chat servers, by hand where no recording has the case. */
import { describe, expect, test } from "vitest";
import { chunk, decodeChunks, fold, issuer, stop } from "../../../../test/support/chat-upstream.ts";
import { request } from "../../../../test/support/gemini.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import { legalName } from "../../shared/legal-names.ts";
import { ChatStreamDecoder, decodeResponse } from "./stream-decode.ts";
import { NAME_LAW } from "../wire.ts";

const called = (...calls: object[]): object => chunk({ tool_calls: calls });
const usage = (fields: object): object => ({ id: "c1", choices: [], usage: fields });
const callsOf = (chunks: readonly (object | string)[]) =>
  fold(chunks).items.flatMap((item) => (item.type === "tool-call" ? [[item.name, item.input]] : []));
const errorOf = (events: readonly ChatEvent[]) => events.flatMap((event) => (event.type === "error" ? [event.error] : []))[0];

describe("the end", () => {
  test("rule 305: usage stands before the finish, wherever it came, and the last one counts", () => {
    const types = (chunks: readonly (object | string)[]) => decodeChunks(chunks).map(({ type }) => type);
    const counted = usage({ prompt_tokens: 1, completion_tokens: 2 });
    for (const chunks of [
      [chunk({ content: "a" }), stop, counted, "[DONE]"],
      [chunk({ content: "a" }), { ...stop, usage: { prompt_tokens: 1 } }],
    ]) {
      expect(types(chunks)).toContain("usage");
      expect(types(chunks).at(-1)).toBe("finish");
    }
    expect(fold([{ ...chunk({ content: "a" }), usage: { prompt_tokens: 1, completion_tokens: 1 } }, counted, stop]).usage?.output).toBe(2);
  });

  test("rule 306: a stream that only closes is complete with a reason, and cut without", () => {
    expect(fold([chunk({ content: "a" }), stop]).finish).toEqual({ reason: "stop", raw: "stop" });
    expect(fold([chunk({ content: "a" }), "[DONE]"]).finish).toEqual({ reason: "stop" });
    expect(errorOf(decodeChunks([chunk({ content: "a" })]))?.kind).toBe("transport");
    expect(errorOf(decodeChunks([]))?.kind).toBe("transport");
    expect(errorOf(decodeChunks(["[DONE]"]))?.kind).toBe("upstream");
  });

  test("it is known to be complete once a reason was told", () => {
    const decoder = new ChatStreamDecoder({ issuer });
    decoder.push({ event: "", data: JSON.stringify(chunk({ content: "a" })) });
    expect(decoder.finished).toBe(false);
    decoder.push({ event: "", data: JSON.stringify(stop) });
    expect(decoder.finished).toBe(true);
  });

  test.each([
    ["function_call", "stop"],
    ["eos", "stop"],
    ["tool_calls", "stop"],
    ["of-tomorrow", "stop"],
    ["max_tokens", "length"],
    ["content_filter", "content-filter"],
    ["model_context_window_exceeded", "context-full"],
  ])("rules 245, 246, 247: %s without a call is %s", (word, reason) => {
    expect(fold([chunk({ content: "a" }), chunk({}, { finish_reason: word })]).finish).toEqual({ reason, raw: word });
  });

  test("rule 246: with calls even stop means them; rule 88: but a limit stays one", () => {
    const call = called({ index: 0, id: "c", function: { name: "f", arguments: '{"a' } });
    expect(fold([call, stop]).finish.reason).toBe("tool-calls");
    const cut = fold([call, chunk({}, { finish_reason: "length" })]);
    expect(cut.finish.reason).toBe("length");
    expect(cut.items).toMatchObject([{ input: '{"a' }]);
  });

  test("a refusal is content of its own, and the reason", () => {
    const answer = fold([chunk({ refusal: "No" }), chunk({ refusal: "." }), stop]);
    expect(answer).toMatchObject({ items: [{ type: "refusal", text: "No." }], finish: { reason: "refusal" } });
  });

  test("rule 264: probabilities come with the finish when they were asked for", () => {
    const one = { token: "a", logprob: -0.1, top_logprobs: [{ token: "b", logprob: -2 }] };
    const chunks = [chunk({ content: "a" }, { logprobs: { content: [one] } }), stop];
    expect(fold(chunks, { issuer, request: { ...request, logprobs: { alternatives: 1 } } }).finish.logprobs).toEqual([
      { token: "a", logprob: -0.1, alternatives: [{ token: "b", logprob: -2 }] },
    ]);
    expect(fold(chunks).finish).not.toHaveProperty("logprobs");
  });
});

describe("failures", () => {
  const failure = { error: { message: "busy", code: 529 } };

  test("rules 322, 347: an error in a chunk, beside one, or as an event ends the answer", () => {
    expect(errorOf(decodeChunks([chunk({ content: "a" }), failure]))).toMatchObject({ kind: "overloaded", message: "busy" });
    expect(errorOf(decodeChunks([{ ...chunk({ content: "" }), ...failure }]))?.kind).toBe("overloaded");
    const decoder = new ChatStreamDecoder({ issuer });
    expect(decoder.push({ event: "error", data: '{"message":"broken"}' })).toMatchObject([{ type: "error", error: { message: "broken" } }]);
    expect(decoder.end()).toEqual([]);
  });

  test.each([null, "", false, {}])("an error that is %j is none", (error) => {
    expect(
      fold([
        { ...chunk({ content: "a" }), error },
        { ...stop, error },
      ]),
    ).toMatchObject({ items: [{ text: "a" }] });
    const whole = { id: "c", choices: [{ index: 0, message: { content: "a" }, finish_reason: "stop" }], error };
    expect(decodeResponse(whole, { issuer }).at(-1)).toMatchObject({ type: "finish" });
  });

  test("an error after the reason to finish is one all the same (recordings, oddity 24)", () => {
    expect(errorOf(decodeChunks([chunk({ content: "a" }), stop, failure]))?.kind).toBe("overloaded");
  });

  test.each(["{", "<html>", "3"])("%s is no chunk", (data) => {
    expect(errorOf(decodeChunks([data]))?.kind).toBe("upstream");
  });

  test("a whole answer needs a choice", () => {
    expect(errorOf(decodeResponse({ choices: [] }, { issuer }))?.message).toBe("The upstream's answer holds no choices.");
    expect(errorOf(decodeResponse({ error: "no", choices: null }, { issuer }))?.message).toBe("no");
  });

  test("a server may say in the reason that it failed", () => {
    expect(errorOf(decodeChunks([chunk({ content: "a" }), chunk({}, { finish_reason: "error" })]))?.kind).toBe("upstream");
  });
});

describe("calls", () => {
  test("rule 62: without index they are told apart by id, without id by name", () => {
    const whole = (id: string, name: string): object => ({ id, function: { name, arguments: "{}" } });
    expect(callsOf([called(whole("1", "a"), whole("2", "b")), stop])).toEqual([
      ["a", "{}"],
      ["b", "{}"],
    ]);
    expect(callsOf([called(whole("", "a")), called(whole("", "a")), stop])).toEqual([
      ["a", "{}"],
      ["a", "{}"],
    ]);
    expect(callsOf([called({ id: "1", function: { name: "a", arguments: "{" } }), called({ function: { arguments: "}" } }), stop])).toEqual(
      [["a", "{}"]],
    );
  });

  test("one index for two calls is two calls (recordings, oddity 19)", () => {
    const whole = (id: string, name: string): object => ({ index: 0, id, function: { name, arguments: "{}" } });
    expect(callsOf([called(whole("1", "a"), whole("2", "b")), stop])).toEqual([
      ["a", "{}"],
      ["b", "{}"],
    ]);
  });

  test("rule 60: a name comes repeated, grown or split", () => {
    const named = (...names: string[]): object[] => [
      ...names.map((name) => called({ index: 0, id: "1", function: { name } })),
      called({ index: 0, function: { arguments: "{}" } }),
      stop,
    ];
    for (const names of [
      ["get_time", "get_time"],
      ["get_", "get_time"],
      ["get", "_time"],
      ["get_time", ""],
    ]) {
      expect(callsOf(named(...names))).toEqual([["get_time", "{}"]]);
    }
  });

  test("rule 61: interleaved calls each get what is theirs", () => {
    const part = (index: number, args: string, id?: string): object =>
      called({ index, ...(id && { id }), function: { ...(id && { name: id }), arguments: args } });
    expect(callsOf([part(0, "", "a"), part(1, "", "b"), part(0, "{"), part(1, "["), part(0, "}"), part(1, "]"), stop])).toEqual([
      ["a", "{}"],
      ["b", "[]"],
    ]);
  });

  test("rules 5, 59: a call without an id gets one, always the same, and another in another place", () => {
    const idOf = (name: string, items: number) => {
      const context = { issuer, request: { ...request, items: Array.from({ length: items }, () => ({}) as never) } };
      const [item] = fold([called({ index: 0, function: { name, arguments: "{}" } }), stop], context).items;
      return item?.type === "tool-call" ? item.id : "";
    };
    expect(idOf("a", 1)).toMatch(/^call_[0-9a-f]{24}$/);
    expect(idOf("a", 1)).toBe(idOf("a", 1));
    expect(new Set([idOf("a", 1), idOf("b", 1), idOf("a", 2)]).size).toBe(3);
  });

  test("rule 58: arguments that come as an object keep their numbers", () => {
    const raw = `{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":{"a":1.0,"b":12345678901234567890}}}]}}]}`;
    expect(callsOf([raw, stop])).toEqual([["f", '{"a":1.0,"b":12345678901234567890}']]);
  });

  test("rule 66: free text that was wrapped comes back as it was; a real one streams", () => {
    const context = { issuer, request: { ...request, tools: [{ type: "custom", name: "patch", path: "tools[0]" }] as const } };
    const wrapped = [
      called({ index: 0, id: "1", function: { name: "patch", arguments: '{"input":"a\\n' } }),
      called({ index: 0, function: { arguments: 'b"}' } }),
      stop,
    ];
    expect(fold(wrapped, context).items).toMatchObject([{ kind: "custom", name: "patch", input: "a\nb" }]);
    const real = [
      called({ index: 0, id: "1", type: "custom", custom: { name: "patch", input: "a" } }),
      called({ index: 0, custom: { input: "b" } }),
      stop,
    ];
    expect(fold(real, context).items).toMatchObject([{ kind: "custom", input: "ab" }]);
  });

  test("rule 72: the caller's own name comes back", () => {
    const tools = [{ type: "function", name: "a.b", path: "tools[0]", inputSchema: {} }] as const;
    const wire = legalName("a.b", NAME_LAW);
    expect(wire).not.toBe("a.b");
    const chunks = [called({ index: 0, id: "1", function: { name: wire, arguments: "{}" } }), stop];
    expect(fold(chunks, { issuer, request: { ...request, tools } }).items).toMatchObject([{ name: "a.b" }]);
  });

  test("rule 41: the legacy function_call is a call", () => {
    expect(callsOf([chunk({ function_call: { name: "f", arguments: "{" } }), chunk({ function_call: { arguments: "}" } }), stop])).toEqual([
      ["f", "{}"],
    ]);
  });

  test("a signature in the call's extension is its state", () => {
    const extra_content = { google: { thought_signature: "sig" } };
    const [item] = fold([called({ index: 0, id: "1", function: { name: "f", arguments: "{}" }, extra_content }), stop]).items;
    expect(item).toMatchObject({ state: { issuer, kind: "thought-signature", value: "sig" } });
  });
});

describe("reasoning", () => {
  const reasoningOf = (...deltas: object[]) =>
    fold([...deltas.map((delta) => chunk(delta)), stop]).items.flatMap((item) => (item.type === "reasoning" ? [item] : []));

  test("rule 312: the same text in two fields is told once", () => {
    expect(
      reasoningOf({ reasoning: "a", reasoning_content: "a", reasoning_details: [{ type: "reasoning.text", text: "a" }] }),
    ).toMatchObject([{ text: "a" }]);
    expect(reasoningOf({ reasoning_details: [{ type: "reasoning.summary", summary: "b" }] })).toMatchObject([{ text: "b" }]);
  });

  test("rule 145: plain reasoning is proved by its field, for any account of the platform", () => {
    expect(reasoningOf({ reasoning: "a" }, { content: "b" })).toEqual([
      { type: "reasoning", text: "a", state: { issuer: { platform: "openai", model: "m" }, kind: "thinking", value: "reasoning" } },
    ]);
  });

  test("details are kept whole: texts joined, a signature with them, also behind the answer", () => {
    const piece = (more: object): object => ({ reasoning_details: [{ type: "reasoning.text", format: "f", index: 0, ...more }] });
    const [signed] = reasoningOf(piece({ text: "a" }), piece({ text: "b" }), piece({ signature: "s" }), { content: "c" });
    expect(signed).toMatchObject({ text: "ab", state: { issuer, kind: "encrypted-reasoning" } });
    expect(JSON.parse(signed?.state?.value ?? "")).toEqual([{ type: "reasoning.text", format: "f", index: 0, text: "ab", signature: "s" }]);
    const late = reasoningOf({ content: "c" }, { reasoning_details: [{ type: "reasoning.encrypted", data: "x" }] });
    expect(late).toMatchObject([{ text: "", state: { value: '[{"type":"reasoning.encrypted","data":"x"}]' } }]);
    expect(reasoningOf({ content: "c", reasoning_details: [{ type: "reasoning.text", text: "" }] })).toEqual([]);
  });

  test("rule 311: tags inside the text stay text", () => {
    expect(fold([chunk({ content: "<think>a</th" }), chunk({ content: "ink>b" }), stop]).items).toMatchObject([
      { type: "text", text: "<think>a</think>b" },
    ]);
  });

  test("parts of a content list, in their order", () => {
    const content = [
      { type: "thinking", thinking: [{ type: "text", text: "a" }] },
      { type: "text", text: "b" },
      { type: "chart", data: 1 },
    ];
    expect(fold([chunk({ content }), stop]).items).toMatchObject([
      { type: "reasoning", text: "a" },
      { type: "text", text: "b" },
      { type: "opaque", name: "chart", native: { fields: { data: 1 } } },
    ]);
    const others = [
      { type: "refusal", refusal: "No." },
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    ];
    expect(fold([chunk({ content: others }), stop])).toMatchObject({
      items: [
        { type: "refusal", text: "No." },
        { type: "media", kind: "image", source: { base64: "AAAA" } },
      ],
      finish: { reason: "refusal" },
    });
  });

  test("details with ids of their own stay apart, wherever their numbers are missing", () => {
    const details = (id: string, data: string): object => chunk({ reasoning_details: [{ type: "reasoning.encrypted", id, data }] });
    const [reasoning] = fold([details("rs_1", "AA"), details("rs_2", "BB"), stop]).items;
    expect(reasoning).toMatchObject({ type: "reasoning" });
    expect(JSON.parse((reasoning as { state: { value: string } }).state.value)).toMatchObject([
      { id: "rs_1", data: "AA" },
      { id: "rs_2", data: "BB" },
    ]);
  });
});

describe("beside the text", () => {
  test("citations stand on it, and pages that were searched", () => {
    const citation = { type: "url_citation", url_citation: { url: "https://a", title: "A", start_index: 0, end_index: 2 } };
    expect(fold([chunk({ content: "ab" }), chunk({ annotations: [citation] }), stop]).items).toMatchObject([
      { text: "ab", citations: [{ url: "https://a", title: "A", range: { start: 0, end: 2 } }] },
    ]);
    expect(fold([chunk({ annotations: [citation] }), chunk({ content: "ab" }), stop]).items).toMatchObject([
      { text: "ab", citations: [{ url: "https://a" }] },
    ]);
    expect(fold([{ ...chunk({ content: "ab" }), citations: ["https://a"] }, stop]).items).toMatchObject([
      { citations: [{ url: "https://a" }] },
    ]);
  });

  test("pictures and sound the model made", () => {
    const images = [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }];
    expect(fold([chunk({ content: "a", images }), stop]).items.at(-1)).toMatchObject({
      type: "media",
      kind: "image",
      mediaType: "image/png",
    });
    const audio = (data: string, transcript: string): object => chunk({ audio: { id: "a", data, transcript } });
    expect(fold([audio("AAA=", "he"), audio("AQ==", "y"), stop]).items).toMatchObject([
      { text: "hey" },
      { kind: "audio", source: { base64: "AAAB" } },
    ]);
  });

  test("rule 219: a code fence around JSON that was asked for is taken off, any other stays", () => {
    const fenced = ["``", "`json\n{", '"a":1}', "\n`", "``"].map((content) => chunk({ content }));
    const textOf = (context: object): unknown => fold([...fenced, stop], { issuer, ...context }).items;
    expect(textOf({ request: { ...request, outputFormat: { type: "json" } } })).toMatchObject([{ text: '{"a":1}' }]);
    expect(textOf({ request })).toMatchObject([{ text: '```json\n{"a":1}\n```' }]);
  });

  test("only the first of several answers is read", () => {
    const second = { choices: [{ index: 1, delta: { content: "x" }, finish_reason: "length" }] };
    expect(fold([chunk({ content: "a" }), second, stop])).toMatchObject({ items: [{ text: "a" }], finish: { reason: "stop" } });
  });
});

describe("usage", () => {
  const counts = (fields: object) => fold([chunk({ content: "a" }), stop, usage(fields)]).usage;

  test("rules 248, 249: cached tokens in whichever field", () => {
    const base = { prompt_tokens: 1000, completion_tokens: 10 };
    expect(counts({ ...base, prompt_tokens_details: { cached_tokens: 800, cache_write_tokens: 100 } })).toMatchObject({
      input: 1000,
      cacheRead: 800,
      cacheWrite: 100,
    });
    for (const key of ["prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens"]) {
      expect(counts({ ...base, [key]: 800 })?.cacheRead).toBe(800);
    }
    expect(counts({ prompt_tokens: null, completion_tokens: null })).toBeUndefined();
  });

  test("rule 163: reasoning is part of the output, also where a server leaves it out of the sum", () => {
    const details = { completion_tokens_details: { reasoning_tokens: 6 } };
    expect(counts({ prompt_tokens: 1, completion_tokens: 10, total_tokens: 11, ...details })).toMatchObject({ output: 10, reasoning: 6 });
    expect(counts({ prompt_tokens: 1, completion_tokens: 4, total_tokens: 11, ...details })).toMatchObject({ output: 10, reasoning: 6 });
  });
});
