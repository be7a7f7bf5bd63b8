/** Answers as Gemini's clients get them (dossier A.4.4, B.10). */
import { describe, expect, test } from "vitest";
import {
  answerContext,
  bodiesOf,
  client,
  decodeTurns,
  encodeStream,
  model,
  partsOf,
  question,
} from "../../../../test/support/gemini-client.ts";
import { loadRecordings } from "../../../../test/support/recordings.ts";
import type { ChatResponse, Content, Finish } from "../../../chat/chat.ts";
import { collect, replay } from "../../../chat/collect.ts";
import { GatewayError } from "../../../chat/error.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { SseReader } from "../../../wire/sse.ts";
import { scanObject } from "../../../wire/json-scan.ts";
import { anthropicMessages } from "../../anthropic-messages/index.ts";
import { gemini } from "../index.ts";
import { SIGNATURE_SENTINEL } from "../state.ts";

const stop: Finish = { reason: "stop" };
const answer = (items: readonly Content[], more: Partial<ChatResponse> = {}): ChatResponse => ({ id: "r", items, finish: stop, ...more });
const whole = (response: ChatResponse, context = answerContext()): JsonObject => client.encodeResponse(response, context);
const partsOfWhole = (items: readonly Content[], context = answerContext()): JsonObject[] => partsOf([whole(answer(items), context)]);
const streamed = (response: ChatResponse, context = answerContext()): ReturnType<typeof bodiesOf> =>
  bodiesOf(encodeStream(replay(response), context));
const last = (response: ChatResponse): JsonObject => streamed(response).at(-1)?.candidates?.[0] ?? {};

const said = { type: "text", text: "hello" } as const;
const claude = { issuer: { platform: "anthropic", model: "c" }, kind: "thinking", value: "sig" } as const;
const thought = { type: "reasoning", text: "hm", state: claude } as const;
const call = { type: "tool-call", kind: "function", id: "c1", name: "f", input: '{"a":1}' } as const;
const shown = { thinkingConfig: { includeThoughts: true } };

describe("bodies", () => {
  test("rule 265: one candidate of role model and index 0, and who answered", () => {
    expect(whole(answer([said]))).toEqual({
      candidates: [{ content: { role: "model", parts: [{ text: "hello" }] }, finishReason: "STOP", index: 0 }],
      modelVersion: "asked",
      responseId: "r",
    });
    for (const body of streamed(answer([said, call]))) {
      expect(body).toMatchObject({ candidates: [{ content: { role: "model" }, index: 0 }], modelVersion: "asked", responseId: "r" });
    }
  });

  test("rule 253: reasoning is counted apart, and the total is the sum", () => {
    const usage = { input: 10, cacheRead: 4, output: 80, reasoning: 30 };
    const counts = {
      promptTokenCount: 10,
      cachedContentTokenCount: 4,
      candidatesTokenCount: 50,
      thoughtsTokenCount: 30,
      totalTokenCount: 90,
    };
    expect(whole(answer([said], { usage }))["usageMetadata"]).toEqual(counts);
    expect(whole(answer([said]))).not.toHaveProperty("usageMetadata");
    expect(streamed(answer([said], { usage })).at(-1)?.["usageMetadata"]).toEqual(counts);
  });

  test.each([
    ["tool-calls", undefined, "STOP"],
    ["stop-sequence", undefined, "STOP"],
    ["pause", undefined, "STOP"],
    ["length", undefined, "MAX_TOKENS"],
    ["context-full", undefined, "MAX_TOKENS"],
    ["content-filter", "content_filter", "SAFETY"],
    ["content-filter", "PROHIBITED_CONTENT", "PROHIBITED_CONTENT"],
    ["malformed-call", undefined, "MALFORMED_FUNCTION_CALL"],
    ["other", "odd", "OTHER"],
  ] as const)("an end for %s (%s) is %s", (reason, raw, finishReason) => {
    expect(last(answer([said], { finish: { reason, ...(raw !== undefined && { raw }) } }))).toMatchObject({ finishReason });
  });

  test("rule 243: a refusal ends for safety, with its reason", () => {
    expect(last(answer([], { finish: { reason: "refusal", explanation: "no" } }))).toMatchObject({
      finishReason: "SAFETY",
      finishMessage: "no",
    });
    const refused = answer([{ type: "refusal", text: "I cannot" }], { finish: { reason: "refusal" } });
    expect(last(refused)).toMatchObject({ finishReason: "SAFETY", finishMessage: "I cannot" });
    expect(partsOf([whole(refused)])).toEqual([{ text: "I cannot" }]);
  });

  test("probabilities of tokens (rule 264)", () => {
    const logprobs = [{ token: "a", logprob: -1, alternatives: [{ token: "b", logprob: -2 }] }];
    expect(last(answer([said], { finish: { ...stop, logprobs } }))).toMatchObject({
      avgLogprobs: -1,
      logprobsResult: {
        chosenCandidates: [{ token: "a", logProbability: -1 }],
        topCandidates: [{ candidates: [{ token: "b", logProbability: -2 }] }],
      },
    });
  });
});

describe("parts", () => {
  test("rule 296: a call is one part, whatever its arguments came in", () => {
    const events: ChatEvent[] = [
      { type: "start" },
      { type: "item-start", index: 0, item: { ...call, input: "" } },
      { type: "delta", index: 0, text: '{"a"' },
      { type: "delta", index: 0, text: ":1.0}" },
      { type: "item-end", index: 0 },
      { type: "finish", finish: { reason: "tool-calls" } },
    ];
    const sse = encodeStream(events);
    expect(partsOf(bodiesOf(sse))[0]).toMatchObject({ functionCall: { id: "c1", name: "f", args: { a: 1 } } });
    // Numbers stay as they were written (rule 58).
    expect(sse).toContain('"args":{"a":1.0}');
    expect(partsOfWhole([{ ...call, input: "" }])).toMatchObject([{ functionCall: { id: "c1", name: "f", args: {} } }]);
  });

  test("arguments nobody can read are a malformed call, unless the answer was cut (rule 88)", () => {
    const broken = { ...call, input: '{"a":' };
    expect(last(answer([broken], { finish: { reason: "tool-calls" } }))).toMatchObject({ finishReason: "MALFORMED_FUNCTION_CALL" });
    const context = answerContext();
    const cut = whole(answer([said, broken], { finish: { reason: "length" } }), context);
    expect(cut).toMatchObject({ candidates: [{ finishReason: "MAX_TOKENS", content: { parts: [{ text: "hello" }] } }] });
    expect(context.losses.losses).toMatchObject([{ code: "cut-tool-call" }]);
  });

  test.each([
    [shown, [{ text: "hm", thought: true }]],
    [{}, []],
  ])("rule 298: thoughts with %j; their proof always", (config, thoughts) => {
    const parts = partsOfWhole([thought, said, call], answerContext(config));
    expect(parts.slice(0, -2)).toEqual(thoughts);
    expect(parts.slice(-2)).toEqual([
      { text: "hello", thoughtSignature: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/) },
      { functionCall: { id: "c1", name: "f", args: { a: 1 } }, thoughtSignature: expect.any(String) },
    ]);
  });

  test("rule 137: a first call that nobody signed says so, that Gemini may take it, and is no proof when it comes back", () => {
    const parts = partsOfWhole([said, call, { ...call, id: "c2" }]);
    expect(parts.map(({ thoughtSignature }) => thoughtSignature !== undefined)).toEqual([false, true, false]);
    expect(decodeTurns(question, model(...parts)).items.some((item) => "state" in item && item.state)).toBe(false);
    const bytes = Buffer.from(JSON.stringify({ contents: [question, model(...parts)] }));
    const { sealer, losses } = answerContext();
    const target = { model: "m", issuer: { platform: "gemini" }, sealer, losses, mintedBy: () => undefined };
    expect(gemini.upstream.relayBody(bytes, scanObject(bytes), target).toString()).toContain(`"thoughtSignature":"${SIGNATURE_SENTINEL}"`);
  });

  test("B.10: proof comes back to the thought it belongs to, from a call, from a text, and alone", () => {
    const redacted = { type: "reasoning", text: "", state: { ...claude, kind: "redacted-thinking", value: "red" } } as const;
    for (const items of [
      [thought, call],
      [thought, redacted, said],
      [redacted, thought, call, thought, said],
      [said, thought],
    ] as Content[][]) {
      for (const config of [shown, {}]) {
        const response = answer(items);
        const parts = [partsOf([whole(response, answerContext(config))]), partsOf(streamed(response, answerContext(config)))];
        // Words come back inside their proof, from clients that send no thoughts back as well (rule 145).
        for (const given of [...parts, ...parts.map((all) => all.filter((part) => part["thought"] !== true))]) {
          const back = decodeTurns(question, model(...given)).items.slice(1);
          expect(back.map((item) => ({ ...item, turn: 0, path: "" }))).toEqual(items.map((item) => ({ ...item, turn: 0, path: "" })));
        }
      }
    }
  });

  test("Gemini's own signature goes out as it came, on its part", () => {
    const state = { issuer: { platform: "gemini" }, kind: "thought-signature", value: "AbC=" } as const;
    expect(
      partsOfWhole([
        { ...said, state },
        { ...call, state },
        { type: "text", text: "", state },
      ]),
    ).toEqual([
      { text: "hello", thoughtSignature: "AbC=" },
      { functionCall: { id: "c1", name: "f", args: { a: 1 } }, thoughtSignature: "AbC=" },
      { text: "", thoughtSignature: "AbC=" },
    ]);
  });

  test("rule 266: sources are counted in bytes over all of the text", () => {
    const cited = { type: "text", text: "😀 é b", citations: [{ url: "https://a", title: "A", range: { start: 3, end: 4 } }] } as const;
    const after = { type: "text", text: "all", citations: [{ url: "https://b" }, { url: "https://a" }] } as const;
    const search = { type: "hosted-tool-call", id: "s", kind: "web-search", name: "web_search", input: '{"query":"q"}' } as const;
    const found = {
      type: "hosted-tool-result",
      callId: "s",
      kind: "web-search",
      text: "",
      sources: [{ url: "https://a", title: "A" }],
    } as const;
    const grounding = {
      webSearchQueries: ["q"],
      groundingChunks: [{ web: { uri: "https://a", title: "A" } }, { web: { uri: "https://b" } }],
      groundingSupports: [
        { segment: { startIndex: 5, endIndex: 7, text: "é" }, groundingChunkIndices: [0] },
        { segment: { startIndex: 9, endIndex: 12, text: "all" }, groundingChunkIndices: [1, 0] },
      ],
    };
    const response = answer([search, found, cited, after]);
    expect(whole(response)).toMatchObject({ candidates: [{ groundingMetadata: grounding, content: { parts: [{ text: "😀 é ball" }] } }] });
    expect(last(response)).toMatchObject({ groundingMetadata: grounding });
  });

  test("pages, code and pictures", () => {
    const context = answerContext();
    const body = whole(
      answer([
        { type: "hosted-tool-call", id: "p", kind: "web-fetch", name: "web_fetch", input: '{"url":"https://a"}' },
        { type: "hosted-tool-result", callId: "p", kind: "web-fetch", text: "" },
        { type: "hosted-tool-call", id: "c", kind: "code-execution", name: "code", input: '{"code":"1+1"}' },
        { type: "hosted-tool-result", callId: "c", kind: "code-execution", text: "2" },
        { type: "media", kind: "image", mediaType: "image/png", source: { base64: "AAAA" } },
        { type: "hosted-tool-call", id: "m", kind: "mcp", name: "x", input: "{}" },
      ]),
      context,
    );
    expect(partsOf([body])).toEqual([
      { executableCode: { language: "PYTHON", code: "1+1" } },
      { codeExecutionResult: { outcome: "OUTCOME_OK", output: "2" } },
      { inlineData: { mimeType: "image/png", data: "AAAA" } },
    ]);
    expect(body).toMatchObject({ candidates: [{ urlContextMetadata: { urlMetadata: [{ retrievedUrl: "https://a" }] } }] });
    expect(context.losses.losses).toMatchObject([{ code: "hosted-tool-call", path: "answer.mcp" }]);
  });

  test("items that interleave wait for their turn", () => {
    const other = { ...call, id: "c2", input: "" };
    const events: ChatEvent[] = [
      { type: "start" },
      { type: "item-start", index: 0, item: { ...call, input: "" } },
      { type: "item-start", index: 1, item: other },
      { type: "delta", index: 1, text: '{"b":2}' },
      { type: "delta", index: 0, text: '{"a":1}' },
      { type: "item-end", index: 1 },
      { type: "item-end", index: 0 },
      { type: "finish", finish: stop },
    ];
    const calls = partsOf(bodiesOf(encodeStream(events))).slice(0, 2);
    expect(calls).toMatchObject([{ functionCall: { id: "c1", args: { a: 1 } } }, { functionCall: { id: "c2", args: { b: 2 } } }]);
  });
});

describe("framing", () => {
  const array = answerContext({}, { operation: "generate", framing: "json-array" });

  test("rule 294: one JSON object in each frame, the reason to finish in the last", () => {
    const sse = encodeStream(replay(answer([{ ...said, text: "a\n\nb\u2028" }, call])));
    expect(sse).toMatch(/^(?:data: \{[^\n]*\}\n\n)+$/);
    const reasons = bodiesOf(sse).map(({ candidates }) => candidates?.[0]?.["finishReason"]);
    expect(reasons).toEqual([undefined, undefined, "STOP"]);
  });

  test("rule 295: an array is one JSON text with the same elements", () => {
    const response = answer([thought, said, call]);
    // What is held back when the answer begins still opens the array.
    const opening = { candidates: [], modelVersion: "asked", responseId: "r" };
    expect(JSON.parse(encodeStream(replay(response), array))).toEqual([opening, ...streamed(response)]);
    expect(client.streamStyle(array.route).contentType).toMatch(/^application\/json/);
  });

  test("rules 295, 297: an array stays one, whatever has been written when it fails", () => {
    const style = client.streamStyle(array.route);
    const error = new GatewayError("overloaded", "busy");
    const events = replay(answer([call, said]));
    for (let n = 0; n < events.length - 1; n += 1) {
      const written = encodeStream(events.slice(0, n), array);
      // The answer has begun for the pipeline with the first event of an item.
      const begun = events.slice(0, n).some(({ type }) => type === "item-start");
      const elements = JSON.parse(`${style.heartbeat}${written}${style.heartbeat}${style.error(error, "r", begun)}`) as JsonObject[];
      expect(elements.at(-1)).toMatchObject({ error: { code: 503, message: "busy", status: "UNAVAILABLE" } });
    }
    expect(JSON.parse(encodeStream([{ type: "start" }, { type: "error", error }], array))).toMatchObject([{ error: { code: 503 } }]);
  });

  test("heartbeats are frames that say nothing, as comments break some clients", () => {
    expect(client.streamStyle({ operation: "generate", framing: "sse" }).heartbeat).toBe('data: {"candidates":[]}\n\n');
  });
});

describe("recorded answers of Anthropic's, through our bytes, as our own decoder of Gemini reads them", () => {
  const answers = loadRecordings("anthropic-messages").flatMap(({ name, response }) => {
    if (response.status !== 200 || response.sse === undefined) return [];
    const decoder = anthropicMessages.upstream.streamDecoder({ issuer: { platform: "anthropic" } });
    const reader = new SseReader();
    const frames = [...reader.push(response.bytes), ...reader.end()];
    const events = [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()];
    return events.some(({ type }) => type === "error") ? [] : [{ name, events }];
  });

  test("there are many", () => expect(answers.length).toBeGreaterThan(25));

  test.each(answers)("$name", ({ events }) => {
    const given = collect(events);
    const decoder = gemini.upstream.streamDecoder({ issuer: { platform: "gemini" } });
    const reader = new SseReader();
    const frames = reader.push(Buffer.from(encodeStream(events, answerContext(shown))));
    const read = collect([...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()]);
    const words = ({ items }: ChatResponse, type: "text" | "reasoning"): string =>
      items.map((item) => (item.type === type ? item.text : "")).join("");
    const calls = ({ items }: ChatResponse): unknown[] =>
      items.flatMap((item) => {
        if (item.type !== "tool-call") return [];
        const input: unknown = item.input === "" ? {} : isCut(item.input) ? undefined : JSON.parse(item.input);
        return input === undefined ? [] : [{ id: item.id, name: item.name, input }];
      });
    expect(words(read, "text")).toBe(words(given, "text"));
    expect(words(read, "reasoning")).toBe(words(given, "reasoning"));
    expect(calls(read)).toEqual(calls(given));
    expect([read.usage?.input, read.usage?.output]).toEqual([given.usage?.input, given.usage?.output]);
  });
});

function isCut(json: string): boolean {
  try {
    JSON.parse(json);
    return false;
  } catch {
    return true;
  }
}
