import { describe, expect, test } from "vitest";
import { GatewayError } from "../chat/error.ts";
import type { ProtocolId } from "../chat/chat.ts";
import type { ChatDialect } from "../protocols/chat-dialect.ts";
import type { Profile } from "../protocols/profile.ts";
import type { ResponsesDialect } from "../protocols/responses-dialect.ts";
import { lessonOf } from "./lesson-wordings.ts";
import type { Lesson } from "./lessons.ts";
import { profileFor } from "./profiles/index.ts";

const DIALECT = {
  maxTokensField: "max_tokens",
  effort: "reasoning_effort",
  streamOptions: true,
  strictFunctions: true,
  parallelToolCalls: true,
  outputFormat: "json_schema",
  topK: true,
  endUserField: "user",
  promptCacheKey: true,
  verbosity: true,
} as Partial<ChatDialect> as ChatDialect;

function believed(protocol: ProtocolId, model = "some-model"): Profile {
  const profile = profileFor({ platform: "x", model, protocol });
  return protocol === "openai-chat" ? { ...profile, chat: DIALECT } : profile;
}

const CHAT = believed("openai-chat");
const RESPONSES: Profile = {
  ...believed("openai-responses", "gpt-5.2"),
  responses: {
    encryptedReasoning: true,
    reasoningSummaries: true,
    parallelToolCalls: true,
    promptCacheKey: true,
    endUserField: "safety_identifier",
  } as Partial<ResponsesDialect> as ResponsesDialect,
};
const CLAUDE = believed("anthropic-messages", "claude-sonnet-4-6");
const OLD_CLAUDE = believed("anthropic-messages", "claude-sonnet-4-5");
const GEMINI = believed("gemini", "gemini-3.5-flash");
const OLD_GEMINI = believed("gemini", "gemini-2.5-flash");

function lesson(words: string, profile: Profile, detail: { upstreamStatus?: number; field?: string } = {}): Lesson | undefined {
  const error = new GatewayError("invalid-request", words, { upstreamStatus: 400, upstreamMessage: words, ...detail });
  return lessonOf(error, profile);
}

const KNOWN: readonly (readonly [words: string, profile: Profile, lesson: Lesson, field?: string])[] = [
  // Anthropic.
  ["This model does not support the effort parameter.", CLAUDE, { teaches: "efforts", efforts: [] }],
  ["output_config.effort: Input should be 'low', 'medium' or 'high'", CLAUDE, { teaches: "efforts", efforts: ["low", "medium", "high"] }],
  [
    '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.',
    OLD_CLAUDE,
    { teaches: "thinking-form-refused", form: "enabled" },
  ],
  ["adaptive thinking is not supported on this model", CLAUDE, { teaches: "thinking-form-refused", form: "adaptive" }],
  [
    "thinking: Input tag 'adaptive' found using 'type' does not match any of the expected tags: 'disabled', 'enabled'",
    CLAUDE,
    { teaches: "thinking-form-refused", form: "adaptive" },
  ],
  [
    "Thinking may not be enabled when tool_choice forces tool use.",
    believed("anthropic-messages", "claude-3-5-haiku"),
    { teaches: "forced-tool-choice", forced: "without-reasoning" },
  ],
  ["tool_choice forces tool use is not compatible with this model.", CLAUDE, { teaches: "forced-tool-choice", forced: "never" }],
  [
    "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
    believed("anthropic-messages", "claude-sonnet-4-0"),
    { teaches: "sampling", sampling: "one" },
  ],
  ["`temperature` is deprecated for this model.", CLAUDE, { teaches: "sampling", sampling: "none" }],
  ["`temperature` may only be set to 1 when thinking is enabled.", CLAUDE, { teaches: "sampling", sampling: "without-reasoning" }],
  [
    "max_tokens: 128000 > 64000, which is the maximum allowed number of output tokens for claude-sonnet-4-6",
    CLAUDE,
    { teaches: "max-output-tokens", most: 64_000 },
  ],
  ["output_config.format: Extra inputs are not permitted", CLAUDE, { teaches: "json-schema-refused" }],
  // OpenAI and those who speak like it.
  [
    "Unsupported value: 'minimal' is not supported with the 'o4-mini' model. Supported values are: 'low', 'medium', and 'high'.",
    CHAT,
    { teaches: "efforts", efforts: ["low", "medium", "high"] },
  ],
  [
    "Unsupported value: 'reasoning_effort' does not support 'none' with this model. Supported values are: 'minimal', 'low', 'medium', and 'high'.",
    CHAT,
    { teaches: "efforts", efforts: ["minimal", "low", "medium", "high"] },
    "reasoning_effort",
  ],
  ["reasoning_effort 'medium' must be one of ['low', 'high', 'max']", CHAT, { teaches: "efforts", efforts: ["low", "high", "max"] }],
  ["Unsupported parameter: 'reasoning_effort' is not supported with this model.", CHAT, { teaches: "efforts", efforts: [] }],
  [
    "Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. Please use /v1/responses instead.",
    CHAT,
    { teaches: "effort-beside-functions-refused" },
  ],
  [
    "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
    CHAT,
    { teaches: "sampling", sampling: "none" },
  ],
  ["Unsupported parameter: 'top_p' is not supported with this model.", CHAT, { teaches: "sampling", sampling: "none" }],
  ["Unrecognized request argument supplied: top_k", CHAT, { teaches: "top-k-refused" }],
  [
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    CHAT,
    { teaches: "max-tokens-field", field: "max_completion_tokens" },
  ],
  [
    "max_tokens is too large: 32000. This model supports at most 16384 completion tokens, whereas you provided 32000.",
    CHAT,
    { teaches: "max-output-tokens", most: 16_384 },
  ],
  ["Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", CHAT, { teaches: "max-output-tokens", most: 8192 }],
  [
    "`max_completion_tokens` must be less than or equal to `8192`, the maximum value for this model",
    CHAT,
    { teaches: "max-output-tokens", most: 8192 },
  ],
  ["Unsupported parameter: 'parallel_tool_calls' is not supported with this model.", CHAT, { teaches: "parallel-control-refused" }],
  ["Unsupported parameter: 'stop' is not supported with this model.", CHAT, { teaches: "stop-sequences", most: 0 }],
  [
    "Invalid 'stop': array too long. Expected an array with maximum length 2, but got an array with length 3 instead.",
    CHAT,
    { teaches: "stop-sequences", most: 2 },
  ],
  [
    "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
    CHAT,
    { teaches: "json-schema-refused" },
  ],
  ["This response_format type is unavailable now: unsupported json_object", CHAT, { teaches: "json-output-refused" }],
  ['Value error, `tool_choice` must either be a named tool, "auto", or "none".', CHAT, { teaches: "forced-tool-choice", forced: "never" }],
  ["tool_choice 'required' is incompatible with thinking enabled", CHAT, { teaches: "forced-tool-choice", forced: "without-reasoning" }],
  ["Unrecognized request argument supplied: stream_options", CHAT, { teaches: "stream-options-refused" }],
  ["Unknown parameter: 'tools[0].function.strict' not supported", CHAT, { teaches: "strict-functions-refused" }],
  ["Unrecognized request argument supplied: prompt_cache_key", CHAT, { teaches: "cache-key-refused" }],
  ["Unsupported parameter: 'user'", CHAT, { teaches: "end-user-refused" }],
  // The same in Responses.
  [
    "Unsupported parameter: 'temperature' is not supported with this model.",
    RESPONSES,
    { teaches: "sampling", sampling: "none" },
    "temperature",
  ],
  [
    "Unsupported value: 'minimal' is not supported with the 'o4-mini' model. Supported values are: 'low', 'medium', and 'high'.",
    RESPONSES,
    { teaches: "efforts", efforts: ["low", "medium", "high"] },
    "reasoning.effort",
  ],
  [
    "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
    RESPONSES,
    { teaches: "efforts", efforts: [] },
    "reasoning.effort",
  ],
  ["Encrypted content is not supported with this model.", RESPONSES, { teaches: "encrypted-reasoning-refused" }, "include"],
  [
    "Your organization must be verified to generate reasoning summaries. Please go to the settings and click on Verify Organization.",
    RESPONSES,
    { teaches: "reasoning-summaries-refused" },
    "reasoning.summary",
  ],
  [
    "Unsupported parameter: 'reasoning.summary' is not supported with the 'o1-pro' model.",
    RESPONSES,
    { teaches: "reasoning-summaries-refused" },
  ],
  [
    "Unsupported value: 'low' is not supported with the 'gpt-4.1' model. Supported values are: 'medium'.",
    RESPONSES,
    { teaches: "verbosity-refused" },
    "text.verbosity",
  ],
  ["Hosted tool 'web_search' is not supported with gpt-4.1-nano.", RESPONSES, { teaches: "web-search-refused" }, "tools"],
  ["Unsupported parameter: 'parallel_tool_calls' is not supported with this model.", RESPONSES, { teaches: "parallel-control-refused" }],
  ["Unknown parameter: 'prompt_cache_key'.", RESPONSES, { teaches: "cache-key-refused" }],
  ["Unknown parameter: 'safety_identifier'.", RESPONSES, { teaches: "end-user-refused" }],
  // Google.
  ["Thinking level is not supported for this model.", GEMINI, { teaches: "budgets-only" }],
  ["Thinking budget is not supported for this model.", OLD_GEMINI, { teaches: "levels-only" }],
  ["Budget 0 is invalid. This model only works in thinking mode.", OLD_GEMINI, { teaches: "reasoning-always-on" }],
  ["Unable to submit request because thinking is not supported by this model.", GEMINI, { teaches: "reasoning-refused" }],
  [
    "Function calling with a response mime type: 'application/json' is unsupported",
    GEMINI,
    { teaches: "json-output-beside-functions-refused" },
  ],
  [
    "Invalid JSON payload received. Unknown name \"parametersJsonSchema\" at 'tools[0].function_declarations[0]': Cannot find field.",
    GEMINI,
    { teaches: "json-schema-tools-refused" },
  ],
  [
    "Invalid JSON payload received. Unknown name \"includeServerSideToolInvocations\" at 'tool_config': Cannot find field.",
    GEMINI,
    { teaches: "hosted-calls-hidden" },
  ],
  [
    "Unable to submit request because it has a maxOutputTokens value of 65536 but the supported range is from 1 (inclusive) to 8193 (exclusive).",
    GEMINI,
    { teaches: "max-output-tokens", most: 8192 },
  ],
];

describe("rule 344: what a 400 teaches", () => {
  test.for(KNOWN)("rule 344: %s", ([words, profile, expected, field]) => {
    expect(lesson(words, profile, field === undefined ? {} : { field })).toEqual(expected);
  });

  test.each([
    ["max_tokens: Field required", CHAT],
    ["messages.3.content.0: `thinking` blocks in the latest assistant message cannot be modified.", CLAUDE],
    ["Invalid `signature` in `thinking` block", CLAUDE],
    ["messages[0].content[1].image_url.detail: must be one of 'low', 'high', 'auto'", CHAT],
    ["verbosity: Supported values are: 'low', 'medium', and 'high'.", CHAT],
    ["Please ensure that the number of function response parts is equal to the number of function call parts", GEMINI],
    ["Function call is missing a thought_signature in functionCall parts", GEMINI],
    ["Your credit balance is too low", CLAUDE],
    // The caller's own schema is at fault, whatever its properties are called.
    ["Invalid schema for function 'get_weather': In context=('properties', 'temperature'), 'default' is not permitted.", CHAT],
    ["Invalid schema for response_format 'answer': In context=(), 'oneOf' is not permitted.", CHAT],
    ["tools.0.custom.input_schema.properties.reasoning: Extra inputs are not permitted", CLAUDE],
    ["Unknown name \"not\" at 'tools[0].function_declarations[0].parameters.properties[0].value': temperature is not supported", GEMINI],
    // So is a value of the caller's.
    ["temperature cannot be negative, got -1.0", CHAT],
    ["`top_p` must not be greater than 1, which is not allowed", CHAT],
    // What fits beside this one prompt says nothing of the model.
    ["max_tokens must be less than or equal to 312: the prompt has 31000 tokens", CHAT],
    ["max_tokens: 4000 > 1, which is the maximum allowed number of output tokens for x", CLAUDE],
    // Somebody's own words, quoted.
    ["Invalid value at 'safety_settings' (TYPE_ENUM), \"tools are fine but thinking is not supported by this model\"", GEMINI],
    ["Your account does not support this.", CHAT],
  ])("what is not known to be about a parameter teaches nothing: %s", (words, profile) => {
    expect(lesson(words, profile)).toBeUndefined();
  });

  test("neither does what is believed already, nor any other failure", () => {
    const words = "Thinking level is not supported for this model.";
    expect(lesson(words, OLD_GEMINI)).toBeUndefined();
    expect(lesson(words, GEMINI, { upstreamStatus: 500 })).toBeUndefined();
    expect(lesson(words, GEMINI, { upstreamStatus: 422 })).toEqual({ teaches: "budgets-only" });
    expect(lessonOf(new GatewayError("rate-limited", words, { upstreamStatus: 400 }), GEMINI)).toBeUndefined();
  });
});
