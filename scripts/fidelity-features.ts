/**
 * What callers can ask for, in the words of each client protocol: the rows of the table in `docs/fidelity.md`. Each is
 * sent through the real decoders and encoders, so the table says what they do.
 */
import type { JsonObject } from "../src/chat/json.ts";
import type { ProtocolId } from "../src/chat/chat.ts";

/** A request that holds one feature; a protocol that has no word for it has no entry. */
export interface Feature {
  readonly name: string;
  readonly bodies: Readonly<Partial<Record<ProtocolId, JsonObject>>>;
}

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=";
const PDF = "JVBERi0xLjQKJUVPRgo=";
const WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEA";
const SCHEMA: JsonObject = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };

type Block = JsonObject;
const messages = (content: readonly Block[] | string, more: JsonObject = {}): JsonObject => ({
  messages: [{ role: "user", content }],
  ...more,
});
const chat = (content: readonly Block[] | string, more: JsonObject = {}): JsonObject => ({
  messages: [{ role: "user", content }],
  ...more,
});
const gemini = (parts: readonly Block[], more: JsonObject = {}): JsonObject => ({ contents: [{ role: "user", parts }], ...more });
const config = (generationConfig: JsonObject): JsonObject => gemini([{ text: "hi" }], { generationConfig });

const messagesTool: JsonObject = { name: "weather", description: "Tells the weather.", input_schema: SCHEMA };
const chatTool: JsonObject = { type: "function", function: { name: "weather", description: "Tells the weather.", parameters: SCHEMA } };
const geminiTool: JsonObject = {
  functionDeclarations: [{ name: "weather", description: "Tells the weather.", parametersJsonSchema: SCHEMA }],
};
const messagesTools = (more: JsonObject = {}): JsonObject => messages("hi", { tools: [messagesTool], ...more });
const chatTools = (more: JsonObject = {}): JsonObject => chat("hi", { tools: [chatTool], ...more });
const geminiTools = (functionCallingConfig?: JsonObject): JsonObject =>
  gemini([{ text: "hi" }], { tools: [geminiTool], ...(functionCallingConfig && { toolConfig: { functionCallingConfig } }) });

const messagesResult = (content: readonly Block[], more: JsonObject = {}): JsonObject => ({
  tools: [messagesTool],
  messages: [
    { role: "user", content: "hi" },
    { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Oslo" } }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content, ...more }] },
  ],
});
const geminiResult = (functionResponse: JsonObject): JsonObject => ({
  tools: [geminiTool],
  contents: [
    { role: "user", parts: [{ text: "hi" }] },
    { role: "model", parts: [{ functionCall: { id: "call_1", name: "weather", args: { city: "Oslo" } } }] },
    { role: "user", parts: [{ functionResponse: { id: "call_1", name: "weather", ...functionResponse } }] },
  ],
});
const image: Block = { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } };
const document: Block = { type: "document", source: { type: "base64", media_type: "application/pdf", data: PDF } };

/** The rows, in the order of the table. */
export const FEATURES: readonly Feature[] = [
  {
    name: "system prompt",
    bodies: {
      "anthropic-messages": messages("hi", { system: "Be brief." }),
      "openai-chat": {
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "hi" },
        ],
      },
      gemini: gemini([{ text: "hi" }], { systemInstruction: { parts: [{ text: "Be brief." }] } }),
    },
  },
  {
    name: "system text inside the conversation",
    bodies: {
      "anthropic-messages": {
        messages: [
          { role: "user", content: "hi" },
          { role: "system", content: "Be brief." },
        ],
      },
      "openai-chat": {
        messages: [
          { role: "user", content: "hi" },
          { role: "assistant", content: "hello" },
          { role: "user", content: "again" },
          { role: "developer", content: "Be brief." },
        ],
      },
    },
  },
  {
    name: "image, inline",
    bodies: {
      "anthropic-messages": messages([image]),
      "openai-chat": chat([{ type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } }]),
      gemini: gemini([{ inlineData: { mimeType: "image/png", data: PNG } }]),
    },
  },
  {
    name: "image by URL",
    bodies: {
      "anthropic-messages": messages([{ type: "image", source: { type: "url", url: "https://example.com/a.png" } }]),
      "openai-chat": chat([{ type: "image_url", image_url: { url: "https://example.com/a.png" } }]),
      gemini: gemini([{ fileData: { mimeType: "image/png", fileUri: "https://example.com/a.png" } }]),
    },
  },
  {
    name: "how closely to look at an image",
    bodies: {
      "openai-chat": chat([{ type: "image_url", image_url: { url: `data:image/png;base64,${PNG}`, detail: "low" } }]),
      gemini: gemini([{ inlineData: { mimeType: "image/png", data: PNG }, mediaResolution: { level: "MEDIA_RESOLUTION_LOW" } }]),
    },
  },
  {
    name: "PDF, inline",
    bodies: {
      "anthropic-messages": messages([document]),
      "openai-chat": chat([{ type: "file", file: { filename: "a.pdf", file_data: `data:application/pdf;base64,${PDF}` } }]),
      gemini: gemini([{ inlineData: { mimeType: "application/pdf", data: PDF } }]),
    },
  },
  {
    name: "PDF by URL",
    bodies: {
      "anthropic-messages": messages([{ type: "document", source: { type: "url", url: "https://example.com/a.pdf" } }]),
      gemini: gemini([{ fileData: { mimeType: "application/pdf", fileUri: "https://example.com/a.pdf" } }]),
    },
  },
  {
    name: "plain-text document",
    bodies: {
      "anthropic-messages": messages([
        { type: "document", title: "notes", source: { type: "text", media_type: "text/plain", data: "one, two" } },
      ]),
      gemini: gemini([{ inlineData: { mimeType: "text/plain", data: "b25lLCB0d28=" } }]),
    },
  },
  {
    name: "file uploaded to the provider",
    bodies: {
      "anthropic-messages": messages([{ type: "image", source: { type: "file", file_id: "file_1" } }]),
      "openai-chat": chat([{ type: "file", file: { file_id: "file-1" } }]),
      gemini: gemini([{ fileData: { mimeType: "image/png", fileUri: "https://generativelanguage.googleapis.com/v1beta/files/1" } }]),
    },
  },
  {
    name: "audio",
    bodies: {
      "openai-chat": chat([{ type: "input_audio", input_audio: { data: WAV, format: "wav" } }]),
      gemini: gemini([{ inlineData: { mimeType: "audio/wav", data: WAV } }]),
    },
  },
  { name: "video", bodies: { gemini: gemini([{ inlineData: { mimeType: "video/mp4", data: "AAAAIGZ0eXBpc29t" } }]) } },
  {
    name: "search results from the caller",
    bodies: {
      "anthropic-messages": messages([
        { type: "search_result", source: "https://example.com", title: "Example", content: [{ type: "text", text: "one" }] },
      ]),
    },
  },
  { name: "function tools", bodies: { "anthropic-messages": messagesTools(), "openai-chat": chatTools(), gemini: geminiTools() } },
  {
    name: "strict functions",
    bodies: {
      "anthropic-messages": messages("hi", { tools: [{ ...messagesTool, strict: true }] }),
      "openai-chat": chat("hi", {
        tools: [{ type: "function", function: { ...(chatTool["function"] as JsonObject), strict: true } }],
      }),
      gemini: geminiTools({ mode: "VALIDATED" }),
    },
  },
  {
    name: "schema with `$ref`, `oneOf`, `pattern`",
    bodies: (() => {
      const schema: JsonObject = {
        type: "object",
        properties: {
          id: { type: "string", pattern: "^[a-z]+$" },
          place: { $ref: "#/$defs/place" },
          size: { oneOf: [{ type: "integer", exclusiveMinimum: 0 }, { type: "null" }] },
        },
        required: ["id"],
        $defs: { place: { type: "object", properties: { city: { type: "string" } } } },
      };
      return {
        "anthropic-messages": messages("hi", { tools: [{ ...messagesTool, input_schema: schema }] }),
        "openai-chat": chat("hi", { tools: [{ type: "function", function: { name: "weather", parameters: schema } }] }),
        gemini: gemini([{ text: "hi" }], { tools: [{ functionDeclarations: [{ name: "weather", parametersJsonSchema: schema }] }] }),
      };
    })(),
  },
  {
    name: "free-text tool with a grammar",
    bodies: {
      "openai-chat": chat("hi", {
        tools: [
          {
            type: "custom",
            custom: {
              name: "patch",
              description: "Patches.",
              format: { type: "grammar", grammar: { syntax: "lark", definition: "start: /a+/" } },
            },
          },
        ],
      }),
    },
  },
  {
    name: "shell, editor and memory tools of the vendor",
    bodies: { "anthropic-messages": messages("hi", { tools: [{ type: "bash_20250124", name: "bash" }] }) },
  },
  {
    name: "computer use",
    bodies: {
      "anthropic-messages": messages("hi", {
        tools: [{ type: "computer_20251124", name: "computer", display_width_px: 800, display_height_px: 600 }],
      }),
      gemini: gemini([{ text: "hi" }], { tools: [{ computerUse: { environment: "ENVIRONMENT_BROWSER" } }] }),
    },
  },
  {
    name: "tools loaded on demand",
    bodies: { "anthropic-messages": messages("hi", { tools: [messagesTool, { ...messagesTool, name: "later", defer_loading: true }] }) },
  },
  {
    name: "web search by the provider",
    bodies: {
      "anthropic-messages": messages("hi", { tools: [{ type: "web_search_20260318", name: "web_search" }] }),
      "openai-chat": chat("hi", { web_search_options: {} }),
      gemini: gemini([{ text: "hi" }], { tools: [{ googleSearch: {} }] }),
    },
  },
  {
    name: "web search limited to domains",
    bodies: {
      "anthropic-messages": messages("hi", {
        tools: [{ type: "web_search_20260318", name: "web_search", allowed_domains: ["example.com"] }],
      }),
    },
  },
  {
    name: "web fetch by the provider",
    bodies: {
      "anthropic-messages": messages("hi", { tools: [{ type: "web_fetch_20260318", name: "web_fetch" }] }),
      gemini: gemini([{ text: "hi" }], { tools: [{ urlContext: {} }] }),
    },
  },
  {
    name: "code execution by the provider",
    bodies: {
      "anthropic-messages": messages("hi", { tools: [{ type: "code_execution_20260521", name: "code_execution" }] }),
      gemini: gemini([{ text: "hi" }], { tools: [{ codeExecution: {} }] }),
    },
  },
  {
    name: "some tool must be called",
    bodies: {
      "anthropic-messages": messagesTools({ tool_choice: { type: "any" } }),
      "openai-chat": chatTools({ tool_choice: "required" }),
      gemini: geminiTools({ mode: "ANY" }),
    },
  },
  {
    name: "one tool must be called",
    bodies: {
      "anthropic-messages": messagesTools({ tool_choice: { type: "tool", name: "weather" } }),
      "openai-chat": chatTools({ tool_choice: { type: "function", function: { name: "weather" } } }),
      gemini: geminiTools({ mode: "ANY", allowedFunctionNames: ["weather"] }),
    },
  },
  {
    name: "only some tools may be called",
    bodies: {
      "openai-chat": chat("hi", {
        tools: [
          chatTool,
          { type: "function", function: { name: "other", parameters: SCHEMA } },
          { type: "function", function: { name: "third", parameters: SCHEMA } },
        ],
        tool_choice: {
          type: "allowed_tools",
          allowed_tools: {
            mode: "auto",
            tools: [
              { type: "function", function: { name: "weather" } },
              { type: "function", function: { name: "other" } },
            ],
          },
        },
      }),
    },
  },
  {
    name: "no tool may be called",
    bodies: {
      "anthropic-messages": messagesTools({ tool_choice: { type: "none" } }),
      "openai-chat": chatTools({ tool_choice: "none" }),
      gemini: geminiTools({ mode: "NONE" }),
    },
  },
  {
    name: "one call at a time",
    bodies: {
      "anthropic-messages": messagesTools({ tool_choice: { type: "auto", disable_parallel_tool_use: true } }),
      "openai-chat": chatTools({ parallel_tool_calls: false }),
    },
  },
  {
    name: "tool result, text",
    bodies: {
      "anthropic-messages": messagesResult([{ type: "text", text: "sunny" }]),
      "openai-chat": {
        tools: [chatTool],
        messages: [
          { role: "user", content: "hi" },
          {
            role: "assistant",
            content: null,
            tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } }],
          },
          { role: "tool", tool_call_id: "call_1", content: "sunny" },
        ],
      },
      gemini: geminiResult({ response: { output: "sunny" } }),
    },
  },
  {
    name: "tool result, error",
    bodies: {
      "anthropic-messages": messagesResult([{ type: "text", text: "no such city" }], { is_error: true }),
      gemini: geminiResult({ response: { error: "no such city" } }),
    },
  },
  {
    name: "tool result, image",
    bodies: {
      "anthropic-messages": messagesResult([image]),
      gemini: geminiResult({ response: {}, parts: [{ inlineData: { mimeType: "image/png", data: PNG } }] }),
    },
  },
  {
    name: "tool result, PDF",
    bodies: {
      "anthropic-messages": messagesResult([document]),
      gemini: geminiResult({ response: {}, parts: [{ inlineData: { mimeType: "application/pdf", data: PDF } }] }),
    },
  },
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
    },
  },
  {
    name: "effort of reasoning",
    bodies: {
      "anthropic-messages": messages("hi", { output_config: { effort: "high" } }),
      "openai-chat": chat("hi", { reasoning_effort: "high" }),
      gemini: config({ thinkingConfig: { thinkingLevel: "HIGH" } }),
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
    },
  },
  {
    name: "answer by JSON Schema",
    bodies: {
      "anthropic-messages": messages("hi", { output_config: { format: { type: "json_schema", schema: SCHEMA } } }),
      "openai-chat": chat("hi", { response_format: { type: "json_schema", json_schema: { name: "city", schema: SCHEMA, strict: true } } }),
      gemini: config({ responseMimeType: "application/json", responseJsonSchema: SCHEMA }),
    },
  },
  {
    name: "answer by JSON Schema, beside functions",
    bodies: {
      "anthropic-messages": messagesTools({ output_config: { format: { type: "json_schema", schema: SCHEMA } } }),
      "openai-chat": chatTools({ response_format: { type: "json_schema", json_schema: { name: "city", schema: SCHEMA, strict: true } } }),
      gemini: { ...geminiTools(), generationConfig: { responseMimeType: "application/json", responseJsonSchema: SCHEMA } },
    },
  },
  {
    name: "any JSON as answer",
    bodies: {
      "openai-chat": chat("Answer in JSON.", { response_format: { type: "json_object" } }),
      gemini: config({ responseMimeType: "application/json" }),
    },
  },
  {
    name: "limit of output tokens",
    bodies: {
      "anthropic-messages": messages("hi", { max_tokens: 100 }),
      "openai-chat": chat("hi", { max_completion_tokens: 100 }),
      gemini: config({ maxOutputTokens: 100 }),
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
    },
  },
  { name: "several answers", bodies: { "openai-chat": chat("hi", { n: 2 }), gemini: config({ candidateCount: 2 }) } },
  { name: "verbosity", bodies: { "openai-chat": chat("hi", { verbosity: "low" }) } },
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
    },
  },
  {
    name: "service tier",
    bodies: {
      "anthropic-messages": messages("hi", { service_tier: "standard_only" }),
      "openai-chat": chat("hi", { service_tier: "flex" }),
      gemini: gemini([{ text: "hi" }], { serviceTier: "flex" }),
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
    },
  },
];
