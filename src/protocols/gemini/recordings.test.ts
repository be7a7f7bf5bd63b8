/** Every recorded Gemini answer: no exception, the grammar, the content as it was recorded, whatever the chunks. */
import { describe, expect, test } from "vitest";
import { loadRecordings, rechunk, type Recording } from "../../../test/support/recordings.ts";
import { collect } from "../../chat/collect.ts";
import type { ChatEvent } from "../../chat/events.ts";
import { checkGrammar } from "../../chat/grammar.ts";
import { asObject, parseJson, type JsonObject } from "../../chat/json.ts";
import type { FrameReader } from "../../wire/frames.ts";
import { JsonArrayReader } from "../../wire/json-array.ts";
import { SseReader } from "../../wire/sse.ts";
import { gemini } from "./index.ts";

const { upstream } = gemini;
const context = { issuer: { platform: "gemini", model: "m", account: "a" } };

function decodeStream(chunks: readonly Uint8Array[], reader: FrameReader): ChatEvent[] {
  const decoder = upstream.streamDecoder(context);
  const frames = (bytes: Uint8Array): ChatEvent[] => reader.push(bytes).flatMap((frame) => decoder.push(frame));
  return [...chunks.flatMap(frames), ...reader.end().flatMap((frame) => decoder.push(frame)), ...decoder.end()];
}

/** What the answer says, read from its bodies without the decoder. */
interface Facts {
  text: string;
  thoughts: string;
  calls: { name: string; args: unknown }[];
  signatures: string[];
  usage: { input: number; output: number; cacheRead: number; reasoning: number } | undefined;
  word: unknown;
}

// The reading is loose on purpose: it shares nothing with the decoder.
// oxlint-disable-next-line typescript/no-explicit-any -- recorded JSON
function factsOf(bodies: readonly any[]): Facts {
  const facts: Facts = { text: "", thoughts: "", calls: [], signatures: [], usage: undefined, word: undefined };
  for (const body of bodies) {
    const candidate = body.candidates?.[0];
    for (const part of candidate?.content?.parts ?? []) {
      if (typeof part.text === "string") facts[part.thought === true ? "thoughts" : "text"] += part.text as string;
      if (part.functionCall) facts.calls.push({ name: part.functionCall.name, args: part.functionCall.args ?? {} });
      if (part.thoughtSignature && (typeof part.text === "string" || part.functionCall)) facts.signatures.push(part.thoughtSignature);
    }
    if (candidate?.finishReason) facts.word = candidate.finishReason;
    if (body.promptFeedback?.blockReason) facts.word ??= body.promptFeedback.blockReason;
    const usage = body.usageMetadata;
    if (usage?.promptTokenCount !== undefined) {
      facts.usage = {
        input: usage.promptTokenCount + (usage.toolUsePromptTokenCount ?? 0),
        output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
        cacheRead: usage.cachedContentTokenCount ?? 0,
        reasoning: usage.thoughtsTokenCount ?? 0,
      };
    }
  }
  return facts;
}

function expectFacts(events: readonly ChatEvent[], facts: Facts): void {
  expect(checkGrammar(events)).toBeUndefined();
  const { items, usage, finish } = collect(events);
  expect(items.map((item) => (item.type === "text" ? item.text : "")).join("")).toBe(facts.text);
  expect(items.map((item) => (item.type === "reasoning" ? item.text : "")).join("")).toBe(facts.thoughts);
  expect(items.flatMap((item) => (item.type === "tool-call" ? { name: item.name, args: JSON.parse(item.input) as unknown } : []))).toEqual(
    facts.calls,
  );
  expect(items.flatMap((item) => ("state" in item && item.state ? item.state.value : []))).toEqual(facts.signatures);
  expect(usage && { input: usage.input, output: usage.output, cacheRead: usage.cacheRead, reasoning: usage.reasoning }).toEqual(
    facts.usage,
  );
  if (typeof facts.word === "string") expect(finish.raw).toBe(facts.word);
}

const isAnswer = ({ response }: Recording): boolean =>
  response.sse !== undefined ||
  Array.isArray(response.body) ||
  ["candidates", "promptFeedback"].some((key) => key in (response.body as object));

const answers = loadRecordings("gemini").filter(isAnswer);

function bodiesOf({ response }: Recording): unknown[] {
  if (response.sse === undefined) return Array.isArray(response.body) ? response.body : [response.body];
  return response.sse
    .split(/\r?\n\r?\n/)
    .flatMap((frame) => (frame.trim() === "" ? [] : (JSON.parse(frame.replace(/^data: ?/, "")) as unknown)));
}

describe("recorded answers", () => {
  test("are all here", () => {
    expect(answers.length).toBe(37);
  });

  for (const recording of answers) {
    const bodies = bodiesOf(recording);
    const facts = factsOf(bodies);
    const array = Buffer.from(JSON.stringify(bodies));
    const sse =
      recording.response.sse === undefined
        ? Buffer.from(bodies.map((body) => `data: ${JSON.stringify(body)}\r\n\r\n`).join(""))
        : recording.response.bytes;

    test(`${recording.name} as SSE, as an array and as a whole`, () => {
      const events = decodeStream([sse], new SseReader());
      expectFacts(events, facts);
      expect(decodeStream([array], new JsonArrayReader())).toEqual(events);
      const [only, ...others] = bodies;
      if (others.length === 0)
        expectFacts(upstream.decodeResponse(asObject(parseJson(JSON.stringify(only))) as JsonObject, context), facts);
    });

    test(`${recording.name} byte by byte and in random chunks`, () => {
      const whole = decodeStream([sse], new SseReader());
      for (let seed = 0; seed < 6; seed += 1) {
        expect(decodeStream(rechunk(sse, seed), new SseReader())).toEqual(whole);
        expect(decodeStream(rechunk(array, seed), new JsonArrayReader())).toEqual(whole);
      }
    });
  }
});

describe("recorded errors", () => {
  const kinds: Readonly<Record<string, string>> = {
    "404-google--js-genai--Chats_Tests_sendMessage_Send_message_stream_with_error": "model-not-found",
    "404-google--pydantic-ai--TestGoogle.test_embed_error": "model-not-found",
    "404-google--pydantic-ai--test_model_name_suggestion-google": "model-not-found",
    "429-google--crewAI--TestAgentMultimodalGemini.test_video_file-gemini-gemini-2.0-flash": "rate-limited",
    "429-google--vercel-ai--google-429-retry-info": "rate-limited",
    "gemini-429-no-details": "rate-limited",
    "gemini-503-unavailable": "overloaded",
  };
  const errors = loadRecordings("errors").filter(({ name }) => /google|gemini/.test(name));

  test.for(errors)("$name", ({ name, response }) => {
    const error = upstream.decodeError({ status: response.status, headers: response.headerList, body: response.bytes.toString() });
    expect(error.kind).toBe(kinds[name]);
    expect(error.detail.upstreamStatus).toBe(response.status);
    if (name.endsWith("retry-info")) expect(error.detail.retryAfterMs).toBe(34_400);
  });

  test("rule 346: the array around an error changes nothing", () => {
    for (const { response } of errors.filter(({ response: { sse } }) => sse === undefined)) {
      const failure = (body: string): unknown => upstream.decodeError({ status: response.status, headers: [], body }).detail;
      expect(failure(`[${response.bytes.toString()}]`)).toEqual(failure(response.bytes.toString()));
    }
  });

  test("inside a stream they end it as a failure", () => {
    for (const { response } of errors) {
      const body = response.sse ?? `data: ${response.bytes.toString()}\n\n`;
      const events = decodeStream([Buffer.from(body)], new SseReader());
      expect(events.map(({ type }) => type)).toEqual(["error"]);
    }
  });
});

describe("recorded token counts", () => {
  test("give their total", () => {
    const [count] = loadRecordings("gemini").filter(({ request }) => request?.path.endsWith(":countTokens"));
    expect(upstream.decodeTokenCount(count?.response.body as JsonObject)).toBe(11);
  });
});
