/** What is lost when the fields that only one protocol understands go to another (dossier D.2 item 5). */
import type { Content, Native, ProtocolId } from "../../chat/chat.ts";
import { asObject, isObject, type JsonObject, type JsonValue } from "../../chat/json.ts";
import type { LossLedger, LossSeverity } from "../../chat/loss.ts";

/** `none`: how something was written, which is carried by other means. */
type Severity = LossSeverity | "none";

/** By field: what its loss means, what its value makes of that, or the same for the fields inside it. */
interface Severities {
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

function isText(modality: JsonValue): boolean {
  return modality === "TEXT" || modality === "MODALITY_UNSPECIFIED";
}

const FIELDS: Readonly<Partial<Record<ProtocolId, Severities>>> = {
  "anthropic-messages": MESSAGES_FIELDS,
  "openai-chat": CHAT_FIELDS,
  gemini: GEMINI_FIELDS,
};

/**
 * Puts a node's native fields on the ledger, unless they are the target's own or `null`, which is absent (rule 208).
 * A field nobody has judged counts as `semantic`.
 */
export function recordNative(native: Native | undefined, path: string, target: ProtocolId, losses: LossLedger): void {
  if (native && native.protocol !== target) record(native.fields, FIELDS[native.protocol] ?? {}, path, losses);
}

/** Content whose native fields are all of it: kept or lost as a whole. */
export const WHOLE_NATIVES: ReadonlySet<Content["type"]> = new Set(["opaque", "hosted-tool-call", "hosted-tool-result"]);

/** The same for a piece of content; what is kept or lost as a whole is judged where it is encoded. */
export function recordContentNative(content: Content, path: string, target: ProtocolId, losses: LossLedger): void {
  if (!WHOLE_NATIVES.has(content.type)) recordNative(content.native, path, target, losses);
}

function record(fields: JsonObject, severities: Severities, path: string, losses: LossLedger): void {
  for (const [field, value] of Object.entries(fields)) {
    if (value === null || value === undefined) continue;
    const at = path === "" ? field : `${path}.${field}`;
    const judged = Object.hasOwn(severities, field) ? severities[field] : undefined;
    if (typeof judged === "object") {
      if (isObject(value)) record(value, judged, at, losses);
      else losses.add("native-field", at, "semantic");
      continue;
    }
    const severity = typeof judged === "function" ? judged(value) : (judged ?? "semantic");
    if (severity !== "none") losses.add("native-field", at, severity);
  }
}
