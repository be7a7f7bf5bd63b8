/** What is lost when the fields that only one protocol understands go to another (dossier D.2 item 5). */
import type { Native, ProtocolId } from "../chat/chat.ts";
import type { LossLedger, LossSeverity } from "../chat/loss.ts";

/** `none`: how something was written, which is carried by other means. */
type Severity = LossSeverity | "none";

const MESSAGES_FIELDS: Readonly<Record<string, Severity>> = {
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

const FIELDS: Readonly<Partial<Record<ProtocolId, Readonly<Record<string, Severity>>>>> = { "anthropic-messages": MESSAGES_FIELDS };

/**
 * Puts a node's native fields on the ledger, unless they are the target's own or `null`, which is absent (rule 208).
 * A field nobody has judged counts as `semantic`.
 */
export function recordNative(native: Native | undefined, path: string, target: ProtocolId, losses: LossLedger): void {
  if (!native || native.protocol === target) return;
  const severities = FIELDS[native.protocol] ?? {};
  for (const [field, value] of Object.entries(native.fields)) {
    if (value === null) continue;
    const severity = Object.hasOwn(severities, field) ? (severities[field] as Severity) : "semantic";
    if (severity !== "none") losses.add("native-field", path === "" ? field : `${path}.${field}`, severity);
  }
}
