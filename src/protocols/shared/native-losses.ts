/** What is lost when the fields that only one protocol understands go to another (dossier D.2 item 5). */
import type { Content, Native, OpaqueContent, ProtocolId } from "../../chat/chat.ts";
import { isObject, type JsonObject } from "../../chat/json.ts";
import type { LossLedger } from "../../chat/loss.ts";
import { ASKING_CONTENT, SEVERITIES, type Severities } from "./native-severities.ts";

/**
 * Puts a node's native fields on the ledger, unless they are the target's own or `null`, which is absent (rule 208).
 * A field nobody has judged counts as `semantic`.
 */
export function recordNative(native: Native | undefined, path: string, target: ProtocolId, losses: LossLedger): void {
  if (native && native.protocol !== target) record(native.fields, SEVERITIES[native.protocol] ?? {}, path, losses);
}

/** Content whose native fields are all of it: kept or lost as a whole. */
export const WHOLE_NATIVES: ReadonlySet<Content["type"]> = new Set(["opaque", "hosted-tool-call", "hosted-tool-result"]);

/** The same for a piece of content; what is kept or lost as a whole is judged where it is encoded. */
export function recordContentNative(content: Content, path: string, target: ProtocolId, losses: LossLedger): void {
  if (!WHOLE_NATIVES.has(content.type)) recordNative(content.native, path, target, losses);
}

/** Puts content on the ledger that has no neutral form and is not the target's own. */
export function recordOpaque({ name, native }: OpaqueContent & Content, path: string, losses: LossLedger): void {
  const asks = native !== undefined && ASKING_CONTENT[native.protocol]?.has(name) === true;
  losses.add("opaque-content", path, asks ? "contract" : "semantic");
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
