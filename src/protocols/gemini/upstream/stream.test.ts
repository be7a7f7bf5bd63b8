import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeTexts, fold, frame, issuer, request, signed, stop } from "../../../../test/support/gemini.ts";
import { collect } from "../../../chat/collect.ts";
import { checkGrammar } from "../../../chat/grammar.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { decodeResponse, GeminiStreamDecoder } from "./stream.ts";

test("rule 264: probabilities of the tokens of every frame come with the finish", () => {
  const told = (token: string, logProbability: number): JsonObject => ({ chosenCandidates: [{ token, logProbability }] });
  const of = (text: string, logprobsResult: JsonObject, more: object = {}): JsonObject => ({
    candidates: [{ content: { role: "model", parts: [{ text }] }, index: 0, logprobsResult, ...more }],
  });
  const alternatives = {
    topCandidates: [
      {
        candidates: [
          { token: "b", logProbability: -0.5 },
          { token: "x", logProbability: -2 },
        ],
      },
    ],
  };
  const { finish } = fold([of("a", told("a", -0.1)), of("b", { ...told("b", -0.5), ...alternatives }, { finishReason: "STOP" })]);
  expect(finish.logprobs).toEqual([
    { token: "a", logprob: -0.1, alternatives: [] },
    {
      token: "b",
      logprob: -0.5,
      alternatives: [
        { token: "b", logprob: -0.5 },
        { token: "x", logprob: -2 },
      ],
    },
  ]);
});

describe("text, thoughts and signatures", () => {
  test("rule 309: thought, text and call of one frame keep their order", () => {
    const { items, finish } = fold([
      frame([{ thought: true, text: "hm" }, { text: "a" }, { functionCall: { id: "c1", name: "f", args: {} } }, { text: "b" }], stop),
    ]);
    expect(items.map((item) => [item.type, "text" in item ? item.text : ""])).toEqual([
      ["reasoning", "hm"],
      ["text", "a"],
      ["tool-call", ""],
      ["text", "b"],
    ]);
    expect(finish).toEqual({ reason: "tool-calls", raw: "STOP" });
  });

  test("text and thoughts over several frames are one item each", () => {
    const { items } = fold([
      frame([{ thought: true, text: "h" }]),
      frame([{ thought: true, text: "m" }]),
      frame([{ text: "a" }]),
      frame([{ text: "" }]),
      frame([{ text: "b" }], stop),
    ]);
    expect(items).toEqual([
      { type: "reasoning", text: "hm" },
      { type: "text", text: "ab" },
    ]);
  });

  test("rule 141: a signed text is an item of its own, and keeps its signature from the start", () => {
    const events = decodeTexts([JSON.stringify(frame([{ text: "a" }, { text: "b", thoughtSignature: "s1" }, { text: "c" }], stop))]);
    expect(events.find((event) => event.type === "item-start" && event.index === 1)).toMatchObject({ item: { state: signed("s1") } });
    expect(collect(events).items).toEqual([
      { type: "text", text: "a" },
      { type: "text", text: "b", state: signed("s1") },
      { type: "text", text: "c" },
    ]);
  });

  test("rule 142: a signature on an empty last text is not discarded", () => {
    const { items } = fold([frame([{ text: "a" }]), frame([{ text: "", thoughtSignature: "s1" }], stop)]);
    expect(items).toEqual([
      { type: "text", text: "a" },
      { type: "text", text: "", state: signed("s1") },
    ]);
    expect(fold([frame([{ text: "a" }, { thoughtSignature: "s1" }], stop)]).items).toHaveLength(2);
  });

  test("a signature in the middle keeps its place", () => {
    const { items } = fold([frame([{ text: "a" }, { text: "", thoughtSignature: "s1" }]), frame([{ text: "b" }], stop)]);
    expect(items.map((item) => ("text" in item ? item.text : ""))).toEqual(["a", "", "b"]);
  });

  test("a thought's own signature ends it", () => {
    const { items } = fold([
      frame(
        [
          { thought: true, text: "hm", thoughtSignature: "s1" },
          { thought: true, text: "more" },
        ],
        stop,
      ),
    ]);
    expect(items).toEqual([
      { type: "reasoning", text: "hm", state: signed("s1") },
      { type: "reasoning", text: "more" },
    ]);
  });

  test("a text frame is one event", () => {
    const decoder = new GeminiStreamDecoder({ issuer });
    decoder.push({ event: "", data: JSON.stringify(frame([{ text: "a" }])) });
    expect(decoder.push({ event: "", data: JSON.stringify(frame([{ text: "b" }])) })).toEqual([{ type: "delta", index: 0, text: "b" }]);
  });
});

describe("how answers end", () => {
  test.for([
    ["MAX_TOKENS", "length"],
    ["SAFETY", "content-filter"],
    ["RECITATION", "content-filter"],
    ["MODEL_ARMOR", "content-filter"],
    ["IMAGE_PROHIBITED_CONTENT", "content-filter"],
    ["MALFORMED_FUNCTION_CALL", "malformed-call"],
    ["UNEXPECTED_TOOL_CALL", "malformed-call"],
    ["LANGUAGE", "other"],
    ["FAKE_ENUM", "other"],
    [1, "stop"],
    [2, "length"],
  ] as const)("rules 237–239: %s is %s, and what was said stays", ([finishReason, reason]) => {
    const { items, finish } = fold([frame([{ text: "partial" }], { finishReason, finishMessage: "why" })]);
    expect(items).toEqual([{ type: "text", text: "partial" }]);
    expect(finish.reason).toBe(reason);
    expect(finish.explanation).toBe(reason === "stop" ? undefined : "why");
  });

  test("rule 235: a blocked prompt is a refusal without content", () => {
    const { items, finish } = fold([{ promptFeedback: { blockReason: "SAFETY", blockReasonMessage: "no" } }]);
    expect(items).toEqual([]);
    expect(finish).toEqual({ reason: "content-filter", raw: "SAFETY", explanation: "no" });
  });

  test("rule 236: no content and STOP is an empty answer", () => {
    for (const candidate of [{}, { content: null }, { content: {} }, { content: { parts: [] } }, { content: { parts: [{}] } }]) {
      expect(fold([{ candidates: [{ ...candidate, finishReason: "STOP" }] }])).toMatchObject({ items: [], finish: { reason: "stop" } });
    }
  });

  test("rule 239: nothing said for no good reason is an error, so that clients try again", () => {
    const events = decodeTexts([JSON.stringify(frame([], { finishReason: "OTHER" }))]);
    expect(events.at(-1)).toMatchObject({ type: "error", error: { kind: "upstream" } });
  });

  test.each([
    ["at the end", [frame([{ text: "a" }], { finishReason: "CONTINUATION", continuationToken: "dG9rZW4=" })]],
    ["before it", [frame([{ text: "a" }], { continuationToken: "dG9rZW4=" }), frame([], { finishReason: "CONTINUATION" })]],
  ])("rule 240: a continuation keeps the token that came %s", (_when, frames) => {
    const { finish } = fold(frames);
    expect(finish).toMatchObject({ reason: "continuation", native: { fields: { continuationToken: "dG9rZW4=" } } });
  });

  test("a length that cuts a call is no call to answer", () => {
    const { finish } = fold([frame([{ functionCall: { name: "f", args: {} } }], { finishReason: "MAX_TOKENS" })]);
    expect(finish.reason).toBe("length");
  });

  test("oddity 42: what follows a reason still counts, and the answer is finished once", () => {
    const events = decodeTexts(
      [frame([{ text: "a" }], stop), frame([{ text: "b" }], stop), { usageMetadata: { promptTokenCount: 1 } }].map((one) =>
        JSON.stringify(one),
      ),
    );
    expect(events.filter(({ type }) => type === "finish")).toHaveLength(1);
    expect(collect(events).items).toEqual([{ type: "text", text: "ab" }]);
  });

  test("rule 308: an end without a reason is a broken stream", () => {
    for (const frames of [[], ["{}"], [JSON.stringify(frame([{ text: "a" }]))]]) {
      expect(decodeTexts(frames).at(-1)).toMatchObject({ type: "error", error: { kind: "transport" } });
    }
  });

  test("a whole answer cannot be cut, but it must say something", () => {
    expect(collect(decodeResponse(frame([{ text: "a" }]) as JsonObject, { issuer }))).toMatchObject({
      items: [{ text: "a" }],
      finish: { reason: "other" },
    });
    expect(decodeResponse({ name: "cachedContents/1" }, { issuer })).toMatchObject([{ type: "error", error: { kind: "upstream" } }]);
  });

  test("rule 322: an error in a body is an error, and nothing follows it", () => {
    const error = { error: { code: 503, status: "UNAVAILABLE", message: "The model is overloaded." } };
    for (const data of [JSON.stringify(error), JSON.stringify([error])]) {
      const events = decodeTexts([JSON.stringify(frame([{ text: "a" }])), data, JSON.stringify(frame([{ text: "b" }], stop))]);
      expect(events.at(-1)).toMatchObject({ type: "error", error: { kind: "overloaded", message: "The model is overloaded." } });
    }
    expect(decodeResponse(error, { issuer })).toMatchObject([{ type: "error", error: { kind: "overloaded" } }]);
  });

  test("text that is no JSON fails once", () => {
    const events = decodeTexts(["<html>", "<html>", "7"]);
    expect(events).toMatchObject([{ type: "error", error: { kind: "upstream" } }]);
  });

  test("heartbeats and a foreign end mark are passed over", () => {
    expect(collect(decodeTexts(["{}", "", JSON.stringify(frame([{ text: "a" }], stop)), "[DONE]"])).id).toBe("r1");
  });
});

describe("usage", () => {
  const usageOf = (metadata: object): object | undefined => fold([{ ...frame([{ text: "a" }], stop), usageMetadata: metadata }]).usage;

  test("rules 251 and 252: output includes thoughts, input what tools brought in", () => {
    expect(
      usageOf({
        promptTokenCount: 147,
        toolUsePromptTokenCount: 360,
        cachedContentTokenCount: 100,
        candidatesTokenCount: 108,
        thoughtsTokenCount: 168,
      }),
    ).toMatchObject({ input: 507, cacheRead: 100, output: 276, reasoning: 168 });
  });

  test("rule 260: a frame that says only which traffic it is says nothing", () => {
    expect(usageOf({ trafficType: "ON_DEMAND" })).toBeUndefined();
  });

  test("the size of the prompt is known before the content begins", () => {
    const events = decodeTexts([JSON.stringify({ ...frame([{ text: "a" }], stop), usageMetadata: { promptTokenCount: 5 } })]);
    expect(events.map(({ type }) => type)).toEqual(["start", "usage", "item-start", "delta", "item-end", "finish"]);
  });

  test("running totals are told when they change", () => {
    const totals = [1, 1, 2, 2].map((candidatesTokenCount) => ({
      ...frame([{ text: "a" }], stop),
      usageMetadata: { promptTokenCount: 5, candidatesTokenCount },
    }));
    const events = decodeTexts(totals.map((one) => JSON.stringify(one)));
    expect(events.filter(({ type }) => type === "usage")).toHaveLength(2);
    expect(collect(events).usage).toMatchObject({ output: 2 });
  });
});

describe("oddity 46: whatever comes", () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  const known = fc.constantFrom(
    "text",
    "thought",
    "thoughtSignature",
    "functionCall",
    "functionResponse",
    "inlineData",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
  );
  const part = fc.oneof(
    fc.dictionary(known, value),
    fc.record({ text: fc.string(), thought: fc.boolean(), thoughtSignature: fc.string() }, { requiredKeys: [] }),
    value,
  );
  const call = fc.record(
    {
      name: fc.constantFrom("f", ""),
      args: value,
      willContinue: fc.boolean(),
      partialArgs: fc.array(
        fc.record(
          { jsonPath: fc.constantFrom("$.a", "$.a[0].b", "$", "$['x']"), stringValue: fc.string(), numberValue: value },
          { requiredKeys: [] },
        ),
      ),
    },
    { requiredKeys: [] },
  );
  const candidate = fc.record(
    {
      content: fc.oneof(
        fc.record({
          parts: fc.array(
            fc.oneof(
              part,
              call.map((functionCall) => ({ functionCall })),
            ),
          ),
        }),
        value,
      ),
      finishReason: fc.oneof(fc.constantFrom("STOP", "OTHER", "MAX_TOKENS"), value),
      groundingMetadata: fc.oneof(
        value,
        fc.record({ groundingChunks: fc.array(value), groundingSupports: fc.array(value), webSearchQueries: fc.array(value) }),
      ),
      urlContextMetadata: fc.oneof(value, fc.record({ urlMetadata: fc.array(value) })),
    },
    { requiredKeys: [] },
  );
  const body = fc.oneof(
    fc.record(
      { candidates: fc.array(candidate, { maxLength: 2 }), usageMetadata: value, promptFeedback: value, error: value },
      { requiredKeys: [] },
    ),
    value,
  );

  test("nothing throws and the grammar holds", () => {
    fc.assert(
      fc.property(fc.array(body, { maxLength: 6 }), (bodies) => {
        decodeTexts(bodies.map((one) => JSON.stringify(one)));
        for (const one of bodies) {
          if (typeof one === "object" && one !== null && !Array.isArray(one))
            expect(checkGrammar(decodeResponse(one as JsonObject, { issuer, request }))).toBeUndefined();
        }
      }),
      { numRuns: 1000 },
    );
  });
});
