/** Chat Completions requests with everything the protocol has (dossier A.2.1). */
import type { JsonObject } from "../../src/chat/json.ts";

const text = { type: "text", text: "hm" };
const breakpoint = { prompt_cache_breakpoint: { mode: "explicit" } };
const PNG = "iVBORw0KGgoAAAANSUhEUgAA";

/** Every part a user's message may hold, and some that servers added or nobody knows. */
const USER_PARTS: readonly JsonObject[] = [
  text,
  { ...text, ...breakpoint },
  { ...text, prompt_cache_breakpoint: { mode: "explicit", ttl: "30m" } },
  { type: "image_url", image_url: { url: "https://a.example/b.png", detail: "high" } },
  { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
  { type: "image_url", image_url: { url: "https://a.example/c.png", detail: "sharper" } },
  { type: "video_url", video_url: { url: "https://a.example/d.mp4" } },
  { type: "input_audio", input_audio: { data: "UklGRgAA", format: "wav" } },
  { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERi0x" } },
  { type: "file", file: { file_id: "file-1" } },
  { type: "something_new", with: { anything: [1, 2] } },
];

/** Every kind of message. */
export const MESSAGES: readonly JsonObject[] = [
  { role: "system", content: "Be brief.", name: "boss" },
  { role: "system", content: [text, { ...text, ...breakpoint }] },
  { role: "user", content: "hello", name: "ann" },
  { role: "assistant", content: "Hi.", refusal: null, annotations: [] },
  { role: "user", content: USER_PARTS },
  { role: "assistant", content: null, refusal: "No." },
  { role: "user", content: [text] },
  {
    role: "assistant",
    content: "Wait.",
    reasoning_content: "why",
    tool_calls: [
      { id: "call_1", type: "function", function: { name: "get", arguments: '{"n":1.0,"s":"\\u00e9"}' } },
      { id: "call_2", type: "custom", custom: { name: "patch", input: "*** Begin\n" } },
      {
        id: "call_3",
        type: "function",
        function: { name: "get", arguments: "{}" },
        extra_content: { google: { thought_signature: "c2ln" } },
      },
    ],
  },
  { role: "tool", tool_call_id: "call_2", content: "done" },
  { role: "tool", tool_call_id: "call_1", content: [text, text] },
  { role: "tool", tool_call_id: "call_3", content: "" },
  { role: "system", content: "Be quick." },
  { role: "user", content: "and?" },
  { role: "assistant", content: null, audio: { id: "audio_1" } },
  { role: "assistant", content: "So", prefix: true },
];

/** Every kind of tool. */
export const TOOLS: readonly JsonObject[] = [
  { type: "function", function: { name: "get", description: "d", parameters: { type: "object", properties: { n: { type: "number" } } } } },
  {
    type: "function",
    function: { name: "put", strict: true, parameters: { type: "object", properties: {}, required: [], additionalProperties: false } },
  },
  {
    type: "custom",
    custom: { name: "patch", description: "d", format: { type: "grammar", grammar: { syntax: "lark", definition: 'start: "a"' } } },
  },
  { type: "builtin_function", function: { name: "$web_search" } },
];

/** Groups of top-level fields that may stand together. */
export const FIELDS: readonly JsonObject[] = [
  { temperature: 0.5, top_p: 0.9, presence_penalty: 1, frequency_penalty: -1, seed: 7, max_completion_tokens: 100, stop: ["a", "b"] },
  { logprobs: true, top_logprobs: 3, logit_bias: { "50256": -100 } },
  { response_format: { type: "json_schema", json_schema: { name: "out", description: "d", schema: { type: "object" }, strict: false } } },
  { response_format: { type: "grammar", grammar: "root ::= [a-z]" } },
  { reasoning_effort: "high", verbosity: "low" },
  { reasoning_effort: "of-tomorrow" },
  { tools: TOOLS, tool_choice: "required", parallel_tool_calls: false },
  { tools: TOOLS, tool_choice: { type: "function", function: { name: "get" } } },
  { tools: TOOLS, tool_choice: { type: "custom", custom: { name: "patch" } } },
  {
    tools: TOOLS,
    tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "put" } }] } },
  },
  { web_search_options: { search_context_size: "low", user_location: { type: "approximate", approximate: { city: "Bern" } } } },
  { service_tier: "flex", store: true, metadata: { a: "b" }, user: "u", safety_identifier: "s" },
  { prompt_cache_key: "k", prompt_cache_options: { mode: "explicit" }, prediction: { type: "content", content: "x" } },
  { modalities: ["text", "audio"], audio: { voice: "alloy", format: "wav" }, moderation: {}, field_of_tomorrow: [{ a: 1 }] },
];

/** Whole bodies: each group of fields once, all kinds of messages in each. */
export const BODIES: readonly JsonObject[] = FIELDS.map((fields, i) => ({
  model: "m",
  messages: MESSAGES,
  ...fields,
  ...(i % 2 === 0 && { stream: true, stream_options: { include_usage: true, include_obfuscation: false } }),
}));
