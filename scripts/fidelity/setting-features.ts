/** How the model is to answer: rows of the table. */
import {
  chat,
  chatTools,
  config,
  gemini,
  geminiTools,
  messages,
  messagesTools,
  responses,
  responsesTools,
  SCHEMA,
  type Feature,
} from "./feature.ts";

export const SETTING_FEATURES: readonly Feature[] = [
  {
    name: "beginning of the answer given",
    bodies: {
      "anthropic-messages": {
        messages: [
          { role: "user", content: "hi" },
          { role: "assistant", content: "Well," },
        ],
      },
      "openai-chat": {
        messages: [
          { role: "user", content: "hi" },
          { role: "assistant", content: "Well," },
        ],
      },
      gemini: {
        contents: [
          { role: "user", parts: [{ text: "hi" }] },
          { role: "model", parts: [{ text: "Well," }] },
        ],
      },
      "openai-responses": {
        input: [
          { role: "user", content: "hi" },
          { role: "assistant", content: "Well," },
        ],
      },
    },
  },
  {
    name: "summary in place of the history",
    bodies: { "openai-responses": { input: [{ role: "user", content: "hi" }, { type: "compaction_trigger" }] } },
  },
  {
    name: "effort of reasoning",
    bodies: {
      "anthropic-messages": messages("hi", { output_config: { effort: "high" } }),
      "openai-chat": chat("hi", { reasoning_effort: "high" }),
      gemini: config({ thinkingConfig: { thinkingLevel: "HIGH" } }),
      "openai-responses": responses("hi", { reasoning: { effort: "high" } }),
    },
  },
  {
    name: "budget of reasoning",
    bodies: {
      "anthropic-messages": messages("hi", { thinking: { type: "enabled", budget_tokens: 2048 } }),
      gemini: config({ thinkingConfig: { thinkingBudget: 2048 } }),
    },
  },
  {
    name: "no reasoning",
    bodies: {
      "anthropic-messages": messages("hi", { thinking: { type: "disabled" } }),
      "openai-chat": chat("hi", { reasoning_effort: "none" }),
      gemini: config({ thinkingConfig: { thinkingBudget: 0 } }),
      "openai-responses": responses("hi", { reasoning: { effort: "none" } }),
    },
  },
  {
    name: "answer by JSON Schema",
    bodies: {
      "anthropic-messages": messages("hi", { output_config: { format: { type: "json_schema", schema: SCHEMA } } }),
      "openai-chat": chat("hi", { response_format: { type: "json_schema", json_schema: { name: "city", schema: SCHEMA, strict: true } } }),
      gemini: config({ responseMimeType: "application/json", responseJsonSchema: SCHEMA }),
      "openai-responses": responses("hi", { text: { format: { type: "json_schema", name: "city", schema: SCHEMA, strict: true } } }),
    },
  },
  {
    name: "answer by JSON Schema, beside functions",
    bodies: {
      "anthropic-messages": messagesTools({ output_config: { format: { type: "json_schema", schema: SCHEMA } } }),
      "openai-chat": chatTools({ response_format: { type: "json_schema", json_schema: { name: "city", schema: SCHEMA, strict: true } } }),
      gemini: { ...geminiTools(), generationConfig: { responseMimeType: "application/json", responseJsonSchema: SCHEMA } },
      "openai-responses": responsesTools({ text: { format: { type: "json_schema", name: "city", schema: SCHEMA, strict: true } } }),
    },
  },
  {
    name: "any JSON as answer",
    bodies: {
      "openai-chat": chat("Answer in JSON.", { response_format: { type: "json_object" } }),
      gemini: config({ responseMimeType: "application/json" }),
      "openai-responses": responses("Answer in JSON.", { text: { format: { type: "json_object" } } }),
    },
  },
  {
    name: "limit of output tokens",
    bodies: {
      "anthropic-messages": messages("hi", { max_tokens: 100 }),
      "openai-chat": chat("hi", { max_completion_tokens: 100 }),
      gemini: config({ maxOutputTokens: 100 }),
      "openai-responses": responses("hi", { max_output_tokens: 100 }),
    },
  },
  {
    name: "stop sequences, up to four",
    bodies: {
      "anthropic-messages": messages("hi", { stop_sequences: ["END"] }),
      "openai-chat": chat("hi", { stop: ["END"] }),
      gemini: config({ stopSequences: ["END"] }),
    },
  },
  {
    name: "stop sequences, more than five",
    bodies: { "anthropic-messages": messages("hi", { stop_sequences: ["A1", "B1", "C1", "D1", "E1", "F1"] }) },
  },
  {
    name: "temperature, top_p",
    bodies: {
      "anthropic-messages": messages("hi", { temperature: 0.5 }),
      "openai-chat": chat("hi", { temperature: 0.5 }),
      gemini: config({ temperature: 0.5 }),
      "openai-responses": responses("hi", { temperature: 0.5 }),
    },
  },
  { name: "top_k", bodies: { "anthropic-messages": messages("hi", { top_k: 40 }), gemini: config({ topK: 40 }) } },
  { name: "seed", bodies: { "openai-chat": chat("hi", { seed: 7 }), gemini: config({ seed: 7 }) } },
  {
    name: "presence and frequency penalties",
    bodies: { "openai-chat": chat("hi", { presence_penalty: 0.5 }), gemini: config({ presencePenalty: 0.5 }) },
  },
  { name: "logit bias", bodies: { "openai-chat": chat("hi", { logit_bias: { "50256": -100 } }) } },
  {
    name: "token probabilities",
    bodies: {
      "openai-chat": chat("hi", { logprobs: true, top_logprobs: 2 }),
      gemini: config({ responseLogprobs: true, logprobs: 2 }),
      "openai-responses": responses("hi", { include: ["message.output_text.logprobs"], top_logprobs: 2 }),
    },
  },
  { name: "several answers", bodies: { "openai-chat": chat("hi", { n: 2 }), gemini: config({ candidateCount: 2 }) } },
  {
    name: "verbosity",
    bodies: { "openai-chat": chat("hi", { verbosity: "low" }), "openai-responses": responses("hi", { text: { verbosity: "low" } }) },
  },
  {
    name: "how reasoning is told",
    bodies: { "openai-responses": responses("hi", { reasoning: { effort: "high", summary: "detailed" } }) },
  },
  { name: "limit of tool calls", bodies: { "openai-responses": responsesTools({ max_tool_calls: 3 }) } },
  { name: "answer in the background", bodies: { "openai-responses": responses("hi", { background: true }) } },
  { name: "prompt kept by the provider", bodies: { "openai-responses": responses("hi", { prompt: { id: "pmpt_1" } }) } },
  { name: "predicted output", bodies: { "openai-chat": chat("hi", { prediction: { type: "content", content: "x" } }) } },
  {
    name: "images as answer",
    bodies: { gemini: config({ responseModalities: ["TEXT", "IMAGE"] }) },
  },
  {
    name: "speech as answer",
    bodies: {
      "openai-chat": chat("hi", { modalities: ["text", "audio"], audio: { voice: "alloy", format: "wav" } }),
      gemini: config({ responseModalities: ["AUDIO"] }),
    },
  },
  {
    name: "marks for the prompt cache",
    bodies: {
      "anthropic-messages": messages([{ type: "text", text: "hi", cache_control: { type: "ephemeral" } }]),
      "openai-chat": chat([{ type: "text", text: "hi", prompt_cache_breakpoint: { mode: "explicit" } }]),
    },
  },
  {
    name: "cached content by name",
    bodies: { gemini: gemini([{ text: "hi" }], { cachedContent: "cachedContents/1" }) },
  },
  {
    name: "who the end user is",
    bodies: {
      "anthropic-messages": messages("hi", { metadata: { user_id: "u-1" } }),
      "openai-chat": chat("hi", { safety_identifier: "u-1" }),
      "openai-responses": responses("hi", { safety_identifier: "u-1" }),
    },
  },
  {
    name: "service tier",
    bodies: {
      "anthropic-messages": messages("hi", { service_tier: "standard_only" }),
      "openai-chat": chat("hi", { service_tier: "flex" }),
      gemini: gemini([{ text: "hi" }], { serviceTier: "flex" }),
      "openai-responses": responses("hi", { service_tier: "flex" }),
    },
  },
  {
    name: "safety settings",
    bodies: {
      gemini: gemini([{ text: "hi" }], {
        safetySettings: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_NONE" }],
      }),
    },
  },
  {
    name: "edits of the context by the provider",
    bodies: { "anthropic-messages": messages("hi", { context_management: { edits: [{ type: "clear_tool_uses_20250919" }] } }) },
  },
  {
    name: "reasoning that another provider signed",
    bodies: {
      "anthropic-messages": {
        messages: [
          { role: "user", content: "hi" },
          {
            role: "assistant",
            content: [
              { type: "thinking", thinking: "Hm.", signature: "c2lnbmF0dXJl" },
              { type: "text", text: "hello" },
            ],
          },
          { role: "user", content: "again" },
        ],
      },
      gemini: {
        contents: [
          { role: "user", parts: [{ text: "hi" }] },
          { role: "model", parts: [{ text: "hello", thoughtSignature: "c2lnbmF0dXJl" }] },
          { role: "user", parts: [{ text: "again" }] },
        ],
      },
      "openai-responses": {
        include: ["reasoning.encrypted_content"],
        input: [
          { role: "user", content: "hi" },
          { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm." }], encrypted_content: "gAAAAABo" },
          { role: "assistant", content: [{ type: "output_text", text: "hello", annotations: [] }] },
          { role: "user", content: "again" },
        ],
      },
    },
  },
];
