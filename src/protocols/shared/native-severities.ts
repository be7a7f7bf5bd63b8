/** What the loss of fields means that only one protocol understands, by field: data that `native-losses.ts` judges by. */
import type { ProtocolId } from "../../chat/chat.ts";
import { asObject, type JsonValue } from "../../chat/json.ts";
import type { LossSeverity } from "../../chat/loss.ts";

/** `none`: how something was written, which is carried by other means. */
export type Severity = LossSeverity | "none";

/** By field: what its loss means, what its value makes of that, or the same for the fields inside it. */
export interface Severities {
  readonly [field: string]: Severity | Severities | ((value: JsonValue) => Severity);
}

const MESSAGES_FIELDS: Severities = {
  type: "none",
  is_error: "none",
  cache_control: "info",
  caller: "info",
  eager_input_streaming: "info",
  metadata: "info",
  service_tier: "info",
  speed: "info",
  inference_geo: "info",
  diagnostics: "info",
  billing_policy: "info",
  fallbacks: "info",
  fallback_credit_token: "info",
  context_management: "info",
  thinking: "info",
  tool_choice: "info",
  clear_at: "info",
  allowed_callers: "info",
  toolset_name: "contract",
  thread: "contract",
  compaction: "contract",
};

const GEMINI_FIELDS: Severities = {
  safetySettings: "info",
  labels: "info",
  serviceTier: "info",
  store: "info",
  // What it names is another provider's (rule 404).
  cachedContent: "contract",
  continuationToken: "contract",
  systemInstruction: "none",
  toolConfig: { includeServerSideToolInvocations: "none", functionCallingConfig: { streamFunctionCallArguments: "none" } },
  generationConfig: {
    candidateCount: "none",
    responseMimeType: (value) => (value === "text/plain" ? "none" : "contract"),
    responseSchema: "none",
    responseFormat: "contract",
    responseModalities: (value) => (Array.isArray(value) && value.every(isText) ? "none" : "contract"),
    mediaResolution: "info",
    audioTimestamp: "info",
    routingConfig: "info",
    modelConfig: "info",
    speechConfig: "semantic",
    imageConfig: "semantic",
    thinkingConfig: "info",
  },
  // The schema of a function, which is carried in the neutral form as well.
  parameters: "none",
  behavior: "info",
  response: "info",
  responseJsonSchema: "info",
  // A part, and what stands inside one.
  thought: "info",
  partMetadata: "info",
  mediaResolution: "info",
  inlineData: "none",
  fileData: "none",
  functionCall: "info",
  functionResponse: { response: "none", scheduling: "info", willContinue: "info" },
};

const CHAT_FIELDS: Severities = {
  type: "none",
  stream_options: "none",
  prompt_cache_breakpoint: "none",
  cache_control: "none",
  store: (value) => (value === true ? "info" : "none"),
  // A vendor's own default is what the others have too (rule 204).
  service_tier: (value) => (value === "auto" || value === "default" ? "none" : "info"),
  modalities: (value) => (Array.isArray(value) && value.every((modality) => modality === "text") ? "none" : "contract"),
  // How the answer is to sound, which `modalities` asks for; in a message, what was heard.
  audio: (value) => (asObject(value)?.["id"] === undefined ? "none" : "semantic"),
  // A form nobody else knows, or what is left over of one.
  response_format: (value) => (asObject(value)?.["type"] === undefined ? "info" : "contract"),
  metadata: "info",
  prediction: "info",
  moderation: "info",
  user: "info",
  prompt_cache_options: "info",
  prompt_cache_retention: "info",
  reasoning_effort: "info",
  annotations: "info",
  image_url: "info",
  file: "info",
  extra_content: "info",
  reasoning_details: "info",
  thinking_blocks: "info",
};

const RESPONSES_FIELDS: Severities = {
  type: "none",
  include: "none",
  store: "none",
  stream_options: "none",
  // A vendor's own default is what the others have too (rule 204).
  service_tier: (value) => (value === "auto" || value === "default" ? "none" : "info"),
  truncation: (value) => (value === "disabled" ? "none" : "info"),
  client_metadata: "info",
  metadata: "info",
  moderation: "info",
  access_programs: "info",
  context_management: "info",
  image: "info",
  prompt_cache_options: "info",
  prompt_cache_retention: "info",
  top_logprobs: "info",
  user: "info",
  max_tool_calls: "semantic",
  // What they name is OpenAI's, or kept there.
  prompt: "contract",
  previous_response_id: "contract",
  conversation: "contract",
  // Nobody would come back for the answer (rule 398).
  background: (value) => (value === true ? "contract" : "none"),
  reasoning: {
    effort: "info",
    summary: "none",
    generate_summary: "none",
    context: "info",
    mode: (value) => (value === "standard" ? "none" : "semantic"),
  },
  // A form nobody else knows, or what is left over of one.
  text: { verbosity: "info", format: (value) => (asObject(value)?.["type"] === undefined ? "info" : "contract") },
  // A part, and what stands inside one.
  annotations: "info",
  cache_control: "none",
  detail: "info",
  logprobs: "none",
  parsed: "none",
  prompt_cache_breakpoint: "none",
  // A tool.
  allowed_callers: "info",
  async: "semantic",
  namespace: "info",
  output_schema: "info",
  // What an item says beside its content.
  item: {
    id: "none",
    type: "none",
    role: "none",
    status: "none",
    output: "none",
    tools: "none",
    content: "none",
    created_by: "none",
    execution: "none",
    environment: "none",
    phase: "info",
    caller: "info",
    async: "info",
    max_output_length: "info",
    internal_chat_message_metadata_passthrough: "info",
    pending_safety_checks: "info",
    acknowledged_safety_checks: "info",
    action: "info",
    background: "info",
    output_format: "none",
    quality: "info",
    revised_prompt: "info",
    size: "info",
  },
};

/** Names of content without a neutral form that asks for an answer of a form nobody else has. */
export const ASKING_CONTENT: Readonly<Partial<Record<ProtocolId, ReadonlySet<string>>>> = {
  "openai-responses": new Set(["compaction_trigger"]),
};

function isText(modality: JsonValue): boolean {
  return modality === "TEXT" || modality === "MODALITY_UNSPECIFIED";
}

/** The tables by protocol. */
export const SEVERITIES: Readonly<Partial<Record<ProtocolId, Severities>>> = {
  "anthropic-messages": MESSAGES_FIELDS,
  "openai-chat": CHAT_FIELDS,
  "openai-responses": RESPONSES_FIELDS,
  gemini: GEMINI_FIELDS,
};
