/** What is lost when the fields that only one protocol understands go to another (dossier D.2 item 5). */
import type { Native, ProtocolId } from "../chat/chat.ts";
import { isObject, type JsonObject, type JsonValue } from "../chat/json.ts";
import { asArray, asObject, type JsonValue } from "../chat/json.ts";
import type { LossLedger, LossSeverity } from "../chat/loss.ts";

/** `none`: how something was written, which is carried by other means. */
type Severity = LossSeverity | "none";

/** Where the value decides, a function of it. */
type Judgement = Severity | ((value: JsonValue) => Severity);

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

function isText(modality: JsonValue): boolean {
  return modality === "TEXT" || modality === "MODALITY_UNSPECIFIED";
}

const FIELDS: Readonly<Partial<Record<ProtocolId, Severities>>> = { "anthropic-messages": MESSAGES_FIELDS, gemini: GEMINI_FIELDS };

/**
 * Puts a node's native fields on the ledger, unless they are the target's own or `null`, which is absent (rule 208).
 * A field nobody has judged counts as `semantic`.
 */
export function recordNative(native: Native | undefined, path: string, target: ProtocolId, losses: LossLedger): void {
  if (native && native.protocol !== target) record(native.fields, FIELDS[native.protocol] ?? {}, path, losses);
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
