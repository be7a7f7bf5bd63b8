/** Every recorded Chat answer of every vendor: no exception, the grammar, the content as it was recorded, whatever the chunks. */
import { describe, expect, test } from "vitest";
import { loadRecordings, rechunk, type Recording } from "../../../test/support/recordings.ts";
import { collect } from "../../chat/collect.ts";
import type { ChatEvent } from "../../chat/events.ts";
import { checkGrammar } from "../../chat/grammar.ts";
import { asObject, parseJson, type JsonObject } from "../../chat/json.ts";
import { SseReader } from "../../wire/sse.ts";
import { openaiChat } from "./index.ts";

const { upstream } = openaiChat;
const context = { issuer: { platform: "vendor", model: "m", account: "a" } };

function decodeStream(chunks: readonly Uint8Array[]): ChatEvent[] {
  const reader = new SseReader();
  const decoder = upstream.streamDecoder(context);
  const events = chunks.flatMap((bytes) => reader.push(bytes).flatMap((frame) => decoder.push(frame)));
  return [...events, ...reader.end().flatMap((frame) => decoder.push(frame)), ...decoder.end()];
}

/** What the answer says, read from its bodies without the decoder. */
interface Facts {
  text: string;
  refusal: string;
  /** By field: any of them may be shown. */
  reasoning: Record<string, string>;
  calls: { name: string; input: string }[];
  word: string | undefined;
  usage: { prompt: number; completion: number; total: number } | undefined;
  failed: boolean;
}

// The reading is loose on purpose: it shares nothing with the decoder.
// oxlint-disable-next-line typescript/no-explicit-any -- recorded JSON
function factsOf(bodies: readonly any[]): Facts {
  const facts: Facts = { text: "", refusal: "", reasoning: {}, calls: [], word: undefined, usage: undefined, failed: false };
  const think = (field: string, text: unknown): void => {
    if (typeof text === "string" && text !== "") facts.reasoning[field] = (facts.reasoning[field] ?? "") + text;
  };
  const open: Record<string, { id: string; name: string; input: string }> = {};
  for (const body of bodies) {
    if (body.error) facts.failed = true;
    const choice = body.choices?.find((one: { index?: number }) => (one.index ?? 0) === 0);
    const message = choice?.delta ?? choice?.message ?? {};
    for (const part of Array.isArray(message.content) ? message.content : [message.content]) {
      if (typeof part === "string") facts.text += part;
      else if (part?.type === "text") facts.text += part.text;
      else if (part?.type === "thinking") for (const { text } of part.thinking) think("parts", text);
    }
    facts.refusal += message.refusal ?? "";
    think("reasoning_content", message.reasoning_content);
    think("reasoning", message.reasoning);
    for (const detail of message.reasoning_details ?? []) think("reasoning_details", detail.text ?? detail.summary);
    for (const call of message.tool_calls ?? []) {
      const { name, arguments: args } =
        call.function?.name || !call.custom ? call.function : { ...call.custom, arguments: call.custom.input };
      let key = `${call.index}`;
      if (call.id && open[key] && open[key]?.id !== call.id) key += call.id;
      const known = (open[key] ??= { id: call.id, name: "", input: "" });
      known.name ||= name;
      known.input += args ?? "";
    }
    if (choice?.finish_reason) facts.word = choice.finish_reason;
    const usage = body.usage ?? body.x_groq?.usage;
    if (usage) facts.usage = { prompt: usage.prompt_tokens, completion: usage.completion_tokens, total: usage.total_tokens };
  }
  facts.calls = Object.values(open).map(({ name, input }) => ({ name, input }));
  return facts;
}

function expectFacts(events: readonly ChatEvent[], facts: Facts): void {
  expect(checkGrammar(events)).toBeUndefined();
  if (facts.failed) return expect(events.at(-1)?.type).toBe("error");
  const { items, usage, finish } = collect(events);
  const textOf = (type: string): string => items.map((item) => (item.type === type && "text" in item ? item.text : "")).join("");
  expect(textOf("text")).toBe(facts.text);
  expect(textOf("refusal")).toBe(facts.refusal);
  const shown = Object.values(facts.reasoning);
  if (shown.length > 0) expect(shown).toContain(textOf("reasoning"));
  else expect(textOf("reasoning")).toBe("");
  expect(items.flatMap((item) => (item.type === "tool-call" ? { name: item.name, input: item.input } : []))).toEqual(facts.calls);
  expect(finish.raw).toBe(facts.word);
  if (facts.calls.length > 0) expect(finish.reason).toBe("tool-calls");
  if (!facts.usage) return expect(usage).toBeUndefined();
  expect(usage?.input).toBe(facts.usage.prompt);
  expect([facts.usage.completion, facts.usage.total - facts.usage.prompt]).toContain(usage?.output);
  return undefined;
}

const answers = loadRecordings("openai-chat").filter(({ response }) => response.status === 200);

function bodiesOf({ response }: Recording): unknown[] {
  if (response.sse === undefined) return [response.body];
  const data = response.sse.split(/\r?\n/).filter((line) => line.startsWith("data:"));
  return data.map((line) => line.slice(5).trim()).flatMap((json) => (json === "[DONE]" ? [] : (JSON.parse(json) as unknown)));
}

describe("recorded answers", () => {
  test("are all here", () => {
    expect(answers.length).toBe(62);
  });

  for (const recording of answers) {
    const bodies = bodiesOf(recording);
    const facts = factsOf(bodies);
    const { response } = recording;

    test(recording.name, () => {
      if (response.sse !== undefined) return expectFacts(decodeStream([response.bytes]), facts);
      const body = asObject(parseJson(response.bytes.toString())) as JsonObject;
      expectFacts(upstream.decodeResponse(body, context), facts);
      // A whole answer where a stream was asked for is one frame of it (rule 301).
      return expectFacts(decodeStream([Buffer.from(`data: ${response.bytes.toString()}\n\ndata: [DONE]\n\n`)]), facts);
    });

    if (response.sse === undefined) continue;
    test(`${recording.name} byte by byte and in random chunks`, () => {
      const whole = decodeStream([response.bytes]);
      for (let seed = 0; seed < 6; seed += 1) expect(decodeStream(rechunk(response.bytes, seed))).toEqual(whole);
    });
  }
});

describe("recorded errors", () => {
  const kinds: Readonly<Record<string, string>> = {
    "400-deepseek--pydantic-ai--test_deepseek_responses_rejects_interleaved_function_calls": "invalid-request",
    "400-openai--mirascope--text-encoded-thoughts-openai_responses-encodes-thoughts-as-text-for-model-consumptio": "invalid-request",
    "400-openai--pydantic-ai--test_multimodal_tool_return_matrix-direct-url-audio-openai_responses.2of2": "invalid-request",
    "400-openai--pydantic-ai--test_openai_responses_thinking_with_modified_history.2of3": "invalid-request",
    "400-openai--ruby_llm--real_error_scenarios_openai_gpt-5-nano_handles_context_length_exceeded_errors": "context-too-long",
    "400-perplexity--ruby_llm--real_error_scenarios_perplexity_sonar_handles_context_length_exceeded_errors": "context-too-long",
    "401-alibaba--loongsuite--TestErrorScenarios.test_api_key_missing.1of6": "unauthenticated",
    "401-deepseek--ruby_llm--error_handling_with_deepseek_deepseek-chat_raises_appropriate_auth_error": "unauthenticated",
    "401-ollama--ruby_llm--error_handling_with_ollama_cloud_gpt-oss_120b_raises_appropriate_auth_error": "unauthenticated",
    "401-openrouter--crewAI--test_agent_knowledege_with_crewai_knowledge.3of5": "unauthenticated",
    "401-perplexity--ruby_llm--error_handling_with_perplexity_sonar_raises_appropriate_auth_error": "unauthenticated",
    "404-azure--openllmetry--test_chat_reasoning.2of4": "model-not-found",
    "404-groq--pydantic-ai--test_tool_regular_error": "model-not-found",
    "404-openai--envoy--completion-unknown-model": "model-not-found",
    "429-azure--ruby_llm--real_error_scenarios_azure_grok-4-1-fast-non-reasoning_handles_context_length_exceed": "rate-limited",
    "429-openai--vercel-ai--openai-error.1": "billing",
    "429-openrouter--pydantic-ai--test_openrouter_errors_raised.1of3": "rate-limited",
    "500-openai--ruby-openai--gpt-3_5-turbo_streamed_chat_with_error_response": "upstream",
    "azure-429": "rate-limited",
    "openai-429-requests": "rate-limited",
    "openai-429-tokens": "rate-limited",
    "openai-500-server-error": "upstream",
  };
  const waits: Readonly<Record<string, number>> = {
    "429-azure--ruby_llm--real_error_scenarios_azure_grok-4-1-fast-non-reasoning_handles_context_length_exceed": 1000,
    "azure-429": 86_400_000,
    "openai-429-requests": 20_000,
    "openai-429-tokens": 494,
  };
  const errors = loadRecordings("errors").filter(({ name }) => name in kinds);

  test("are all here", () => {
    expect(errors.map(({ name }) => name).sort()).toEqual(Object.keys(kinds).sort());
  });

  test.for(errors)("$name", ({ name, response }) => {
    const error = upstream.decodeError({ status: response.status, headers: response.headerList, body: response.bytes.toString() });
    expect(error.kind).toBe(kinds[name]);
    expect(error.detail.upstreamStatus).toBe(response.status);
    expect(error.detail.retryAfterMs).toBe(waits[name]);
  });

  test("rule 322: inside an answer they end it as a failure, of the same kind", () => {
    for (const { name, response } of errors) {
      if (!asObject(response.body)) continue;
      const whole = upstream.decodeResponse(response.body as JsonObject, context);
      const streamed = decodeStream([Buffer.from(`data: ${response.bytes.toString()}\n\n`)]);
      for (const events of [whole, streamed]) {
        expect(
          events.map(({ type }) => type),
          name,
        ).toEqual(["error"]);
      }
    }
  });
});
