/** Every recorded failure, and what a pool has to know of it: expectations by hand, from reading each recording. */
import { describe, expect, test } from "vitest";
import { loadRecordings, type Recording } from "../../test/support/recordings.ts";
import type { ErrorKind, GatewayError } from "../chat/error.ts";
import { SseReader } from "../wire/sse.ts";
import { protocols } from "./index.ts";
import type { UpstreamSide } from "./protocol.ts";

interface Expected {
  readonly kind: ErrorKind;
  /** Absent: what the kind implies. */
  readonly scope?: "account";
  /** Absent: nothing is told. */
  readonly retryAfterMs?: number;
  /** What reads it, where the recording is of a question that is not ours. */
  readonly as?: string;
}

const EXPECTED: Readonly<Record<string, Expected>> = {
  "400-deepseek--pydantic-ai--test_deepseek_responses_rejects_interleaved_function_calls": { kind: "invalid-request" },
  "400-openai--mirascope--text-encoded-thoughts-openai_responses-encodes-thoughts-as-text-for-model-consumptio": {
    kind: "invalid-request",
  },
  "400-openai--pydantic-ai--test_multimodal_tool_return_matrix-direct-url-audio-openai_responses.2of2": { kind: "invalid-request" },
  "400-openai--pydantic-ai--test_openai_responses_thinking_with_modified_history.2of3": { kind: "invalid-request" },
  "400-openai--ruby_llm--real_error_scenarios_openai_gpt-5-nano_handles_context_length_exceeded_errors": { kind: "context-too-long" },
  "400-perplexity--ruby_llm--real_error_scenarios_perplexity_sonar_handles_context_length_exceeded_errors": { kind: "context-too-long" },
  "401-alibaba--loongsuite--TestErrorScenarios.test_api_key_missing.1of6": { kind: "unauthenticated" },
  "401-anthropic--loongsuite--test_sync_messages_create_with_all_params.2of5": { kind: "unauthenticated" },
  "401-deepseek--ruby_llm--error_handling_with_deepseek_deepseek-chat_raises_appropriate_auth_error": { kind: "unauthenticated" },
  "401-ollama--ruby_llm--error_handling_with_ollama_cloud_gpt-oss_120b_raises_appropriate_auth_error": { kind: "unauthenticated" },
  "401-openrouter--crewAI--test_agent_knowledege_with_crewai_knowledge.3of5": { kind: "unauthenticated" },
  "401-perplexity--ruby_llm--error_handling_with_perplexity_sonar_raises_appropriate_auth_error": { kind: "unauthenticated" },
  // "please wait a moment" in it is about a deployment, and no time.
  "404-azure--openllmetry--test_chat_reasoning.2of4": { kind: "model-not-found" },
  "404-google--js-genai--Chats_Tests_sendMessage_Send_message_stream_with_error": { kind: "model-not-found" },
  "404-google--pydantic-ai--TestGoogle.test_embed_error": { kind: "model-not-found", as: "gemini" },
  "404-google--pydantic-ai--test_model_name_suggestion-google": { kind: "model-not-found" },
  "404-groq--pydantic-ai--test_tool_regular_error": { kind: "model-not-found" },
  "404-openai--envoy--completion-unknown-model": { kind: "model-not-found", as: "openai-chat" },
  // Its 0 ms beside 1 s is rounding.
  "429-azure--ruby_llm--real_error_scenarios_azure_grok-4-1-fast-non-reasoning_handles_context_length_exceed": {
    kind: "rate-limited",
    retryAfterMs: 1000,
  },
  "429-google--crewAI--TestAgentMultimodalGemini.test_video_file-gemini-gemini-2.0-flash": { kind: "rate-limited" },
  // The quota is per project and model: other models of the account may go on.
  "429-google--vercel-ai--google-429-retry-info": { kind: "rate-limited", retryAfterMs: 34_400 },
  "429-openai--vercel-ai--openai-error.1": { kind: "billing" },
  "429-openrouter--pydantic-ai--test_openrouter_errors_raised.1of3": { kind: "rate-limited" },
  "500-openai--ruby-openai--gpt-3_5-turbo_streamed_chat_with_error_response": { kind: "upstream" },
  "anthropic-200-midstream-overloaded": { kind: "overloaded" },
  "anthropic-413-request-too-large": { kind: "request-too-large" },
  "anthropic-429-rate-limit": { kind: "rate-limited", retryAfterMs: 32_000 },
  "anthropic-500-api-error": { kind: "upstream" },
  "anthropic-529-overloaded": { kind: "overloaded" },
  "azure-429": { kind: "rate-limited", retryAfterMs: 86_400_000 },
  "gemini-429-no-details": { kind: "rate-limited" },
  "gemini-503-unavailable": { kind: "overloaded" },
  "openai-429-requests": { kind: "rate-limited", retryAfterMs: 20_000 },
  // The header, not the reset of a minute's tokens: so many are back sooner.
  "openai-429-tokens": { kind: "rate-limited", retryAfterMs: 494 },
  "openai-500-server-error": { kind: "upstream" },
  "openai-responses-200-stream-failed-only": { kind: "upstream" },
  // More tokens than a whole minute has: no wait is told, and none would help.
  "openai-responses-200-stream-rate-limit": { kind: "rate-limited" },
};

const recordings = loadRecordings("errors");

test("each recording is here", () => {
  expect(recordings.map(({ name }) => name)).toEqual(Object.keys(EXPECTED).sort());
});

describe("recorded failures", () => {
  test.for(recordings)("$name", (recording) => {
    const expected = EXPECTED[recording.name] as Expected;
    const { upstream } = protocols.get(expected.as ?? recording.protocol) as { upstream: UpstreamSide };
    const { kind, detail } = errorOf(upstream, recording);
    expect({ kind, scope: detail.scope, retryAfterMs: detail.retryAfterMs }).toEqual({
      kind: expected.kind,
      scope: expected.scope,
      retryAfterMs: expected.retryAfterMs,
    });
  });

  test("without its header the same wait stands in the sentence", () => {
    for (const [name, wait] of [
      ["azure-429", 86_400_000],
      ["openai-429-requests", 20_000],
    ] as const) {
      const { protocol, response } = recordings.find((recording) => recording.name === name) as Recording;
      const { upstream } = protocols.get(protocol) as { upstream: UpstreamSide };
      expect(upstream.decodeError({ status: 429, headers: [], body: response.bytes.toString() }).detail.retryAfterMs).toBe(wait);
    }
  });
});

function errorOf(upstream: UpstreamSide, { response }: Recording): GatewayError {
  const { status, headerList: headers, bytes } = response;
  if (status !== 200) return upstream.decodeError({ status, headers, body: bytes.toString() });
  const decoder = upstream.streamDecoder({ issuer: { platform: "test" } });
  const events = new SseReader().push(bytes).flatMap((frame) => [...decoder.push(frame)]);
  return events.flatMap((event) => (event.type === "error" ? event.error : []))[0] as GatewayError;
}
