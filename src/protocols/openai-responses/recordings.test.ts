/** Every recorded answer of every Responses server: no exception, the grammar, the content as it was recorded, whatever the chunks. */
import { describe, expect, test } from "vitest";
import { loadRecordings, rechunk, type Recording } from "../../../test/support/recordings.ts";
import { collect } from "../../chat/collect.ts";
import type { ChatEvent } from "../../chat/events.ts";
import { checkGrammar } from "../../chat/grammar.ts";
import { asObject, parseJson, type JsonObject } from "../../chat/json.ts";
import { SseReader } from "../../wire/sse.ts";
import { unpackReasoning } from "./reasoning-state.ts";
import { upstream } from "./upstream/index.ts";

const context = { issuer: { platform: "vendor", model: "m", account: "a" } };

function decodeStream(chunks: readonly Uint8Array[]): ChatEvent[] {
  const reader = new SseReader();
  const decoder = upstream.streamDecoder(context);
  const events = chunks.flatMap((bytes) => reader.push(bytes).flatMap((frame) => decoder.push(frame)));
  return [...events, ...reader.end().flatMap((frame) => decoder.push(frame)), ...decoder.end()];
}

function decodeWhole(text: string): readonly ChatEvent[] {
  return upstream.decodeResponse(asObject(parseJson(text)) as JsonObject, context);
}

/** What the answer says, read from its items without the decoder. */
interface Facts {
  text: string;
  refusal: string;
  reasoning: { summary: string[]; content: string[]; encrypted: string | undefined }[];
  calls: { name: string; input: unknown }[];
  hosted: number;
  sources: number;
  raw: string | undefined;
  usage: { input: number; output: number; reasoning: number; cacheRead: number | undefined } | undefined;
  failed: boolean;
}

// The reading is loose on purpose: it shares nothing with the decoder.
// oxlint-disable-next-line typescript/no-explicit-any -- recorded JSON
function factsOf(bodies: readonly any[]): Facts {
  const facts: Facts = {
    text: "",
    refusal: "",
    reasoning: [],
    calls: [],
    hosted: 0,
    sources: 0,
    raw: undefined,
    usage: undefined,
    failed: true,
  };
  const last = bodies.findLast((body) => body.type === undefined || /completed|incomplete|failed/.test(body.type));
  const response = last?.response ?? last;
  // The end of a stream says its items again, their state encrypted anew.
  const done = bodies.filter(({ type }) => type === "response.output_item.done").map(({ item }) => item);
  const items = done.length > 0 ? done : (response?.output ?? []);
  for (const item of items) {
    for (const part of item.type === "message" ? item.content : []) {
      facts.text += part.text ?? "";
      facts.refusal += part.refusal ?? "";
      facts.sources += part.annotations?.length ?? 0;
    }
    const texts = (list: { text: string }[] | undefined) => (list ?? []).map(({ text }) => text);
    if (item.type === "reasoning" && (item.encrypted_content || item.summary.length > 0 || item.content?.length > 0)) {
      facts.reasoning.push({ summary: texts(item.summary), content: texts(item.content), encrypted: item.encrypted_content ?? undefined });
    }
    if (item.type === "function_call" || item.type === "custom_tool_call") {
      const name = item.namespace ? `${item.namespace}__${item.name}` : item.name;
      facts.calls.push({ name, input: item.arguments ?? item.input });
    }
    const typed = item.action ?? item.operation;
    if (item.type === "local_shell_call") {
      const { type: _type, env: _empty, ...asked } = typed;
      facts.calls.push({ name: "local_shell", input: JSON.stringify(asked) });
    } else if (["apply_patch_call", "computer_call"].includes(item.type)) {
      facts.calls.push({ name: item.type.replace("_call", ""), input: JSON.stringify(typed) });
    }
    const isHosted = /^(?:web_search|file_search|code_interpreter|mcp|tool_search)_call$/.test(item.type);
    if (isHosted || (item.type === "shell_call" && item.environment?.container_id)) facts.hosted += 1;
  }
  facts.failed = !["completed", "complete", "incomplete"].includes(response?.status);
  facts.raw = response?.incomplete_details?.reason ?? response?.status;
  const usage = response?.usage;
  if (usage) {
    facts.usage = {
      input: usage.input_tokens,
      output: usage.output_tokens,
      reasoning: usage.output_tokens_details?.reasoning_tokens,
      cacheRead: usage.input_tokens_details?.cached_tokens,
    };
  }
  return facts;
}

function expectFacts(events: readonly ChatEvent[], facts: Facts): void {
  expect(checkGrammar(events)).toBeUndefined();
  if (facts.failed) return expect(events.at(-1)?.type).toBe("error");
  const { items, usage, finish } = collect(events);
  const textOf = (type: string): string => items.map((item) => (item.type === type && "text" in item ? item.text : "")).join("");
  expect(textOf("text")).toBe(facts.text);
  expect(textOf("refusal")).toBe(facts.refusal);
  expect(items.flatMap((item) => (item.type === "text" ? (item.citations ?? []) : []))).toHaveLength(facts.sources);
  expect(items.flatMap((item) => (item.type === "tool-call" ? { name: item.name, input: item.input } : []))).toEqual(facts.calls);
  expect(items.filter(({ type }) => type === "hosted-tool-call")).toHaveLength(facts.hosted);
  expectReasoning(items, facts);
  expect(finish.raw).toBe(facts.raw);
  if (facts.calls.length > 0 && facts.raw === "completed") expect(finish.reason).toBe("tool-calls");
  if (!facts.usage) return expect(usage?.input).toBeUndefined();
  expect(usage && { input: usage.input, output: usage.output, reasoning: usage.reasoning, cacheRead: usage.cacheRead }).toEqual(
    facts.usage,
  );
  return undefined;
}

/** Rules 133, 136 and 161: what is shown, and that the very item can go back. */
function expectReasoning(items: ReturnType<typeof collect>["items"], { reasoning }: Facts): void {
  const shown = items.flatMap((item) => (item.type === "reasoning" ? item : []));
  expect(shown).toHaveLength(reasoning.length);
  for (const [i, { summary, content, encrypted }] of reasoning.entries()) {
    const { text = "", state } = shown[i] ?? {};
    expect(text).toBe((summary.length > 0 ? summary : content).join("\n\n"));
    if (encrypted === undefined && content.length === 0) expect(state).toBeUndefined();
    else expect(state && unpackReasoning(state, text)).toMatchObject({ summary, ...(encrypted && { encrypted }) });
  }
}

/** Written by hand, with deltas of another text than they end with. */
const INCONSISTENT = "vercel-ai--openai-shell-container.1";

const answers = loadRecordings("openai-responses").filter(({ response, request }) => {
  const body = asObject(response.body);
  return (request?.method ?? "POST") === "POST" && (response.sse !== undefined || body?.["object"] === "response");
});

function bodiesOf({ response }: Recording): unknown[] {
  if (response.sse === undefined) return [response.body];
  const data = response.sse.split(/\r?\n/).filter((line) => line.startsWith("data:"));
  return data.map((line) => line.slice(5).trim()).flatMap((json) => (json === "[DONE]" ? [] : (JSON.parse(json) as unknown)));
}

describe("recorded answers", () => {
  test("are all here", () => {
    expect(answers.length).toBe(55);
  });

  for (const recording of answers) {
    const bodies = bodiesOf(recording);
    const facts = factsOf(bodies);
    const { response } = recording;
    if (recording.name === INCONSISTENT) facts.text = facts.text.replace("successfully in", "successfully.in");

    test(recording.name, () => {
      if (response.sse !== undefined) return expectFacts(decodeStream([response.bytes]), facts);
      expectFacts(decodeWhole(response.bytes.toString()), facts);
      // A whole answer where a stream was asked for is one frame of it (rule 301).
      return expectFacts(decodeStream([Buffer.from(`data: ${response.bytes.toString()}\n\n`)]), facts);
    });

    if (response.sse === undefined) continue;
    test(`${recording.name} byte by byte and in random chunks`, () => {
      const whole = decodeStream([response.bytes]);
      for (let seed = 0; seed < 6; seed += 1) expect(decodeStream(rechunk(response.bytes, seed))).toEqual(whole);
    });

    if (facts.failed || recording.name === INCONSISTENT) continue;
    test(`rule 304: ${recording.name} says in a stream what it says at its end`, () => {
      const last = bodies.at(-1) as { response: JsonObject };
      const said = (events: readonly ChatEvent[]) =>
        collect(events).items.map(({ native: _native, ...item }) => ("state" in item ? { ...item, state: item.state?.kind } : item));
      expect(said(decodeStream([response.bytes]))).toEqual(said(upstream.decodeResponse(last.response, context)));
    });
  }
});

describe("recorded failures", () => {
  const kinds: Readonly<Record<string, string>> = {
    // A stream of an earlier version of the protocol, without any event of today's.
    "lingua--multimodalRequest-responses-followup-response-streaming": "transport",
    "prism--stream-rate-limited-1": "rate-limited",
    "pydantic-ai--test_background_mode_reasoning_vcr.1of2": "upstream",
    "vercel-ai--openai-error.1": "billing",
    "openai-responses-200-stream-failed-only": "upstream",
    "openai-responses-200-stream-rate-limit": "rate-limited",
  };
  const failures = [...answers, ...loadRecordings("errors").filter(({ protocol }) => protocol === "openai-responses")].filter(
    ({ name, response }) => name in kinds && response.status === 200,
  );

  test("are all here", () => {
    expect(failures.map(({ name }) => name).sort()).toEqual(Object.keys(kinds).sort());
  });

  test.for(failures)("rules 290 and 322: $name", ({ name, response }) => {
    const events = response.sse === undefined ? decodeWhole(response.bytes.toString()) : decodeStream([response.bytes]);
    expect(checkGrammar(events)).toBeUndefined();
    const errors = events.flatMap((event) => (event.type === "error" ? event.error : []));
    expect(errors.map(({ kind }) => kind)).toEqual([kinds[name]]);
    // Rule 348.
    expect(errors[0]?.message).not.toMatch(/org-|proj_/);
  });
});

test("rule 353: a recorded count of tokens", () => {
  const [count] = loadRecordings("openai-responses").filter(({ request }) => request?.path.endsWith("/input_tokens"));
  expect(upstream.decodeTokenCount(count?.response.body as JsonObject)).toBe(51);
});
