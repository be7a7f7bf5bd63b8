/** Tools that the provider runs: search, pages, code (dossier A.4.2, rules 221, 229, 230). */
import type { HostedToolKind, Tool } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import type { LossSeverity } from "../../../chat/loss.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { recordSettings } from "../../shared/hosted-settings.ts";
import { ownFields } from "../native.ts";

/** The declarations Gemini has. */
const DECLARATIONS: ReadonlyMap<HostedToolKind, JsonObject> = new Map<HostedToolKind, JsonObject>([
  ["web-search", { googleSearch: {} }],
  ["web-fetch", { urlContext: {} }],
  ["code-execution", { codeExecution: {} }],
]);

/**
 * The hosted tools as entries of `tools`, in the caller's order (rule 6); what cannot be offered is on the ledger.
 * @param besideFunctions whether function declarations are sent too, which older models do not take together (rule 229).
 * @param forced the tool that must be called, if the caller named one.
 */
export function encodeHostedTools(
  tools: readonly Tool[],
  besideFunctions: boolean,
  forced: string | undefined,
  target: EncodeTarget,
): JsonObject[] {
  const wanted = new Set<JsonObject>();
  // Alone it is what the whole request is for (rule 226).
  const isAlone = tools.every(({ type }) => type === "hosted");
  for (const tool of tools) {
    // A tool search by the provider is replaced by declaring every tool from the start.
    if (tool.type === "client" && ownFields(tool.native)) wanted.add(ownFields(tool.native) as JsonObject);
    if (tool.type !== "hosted" || tool.kind === "tool-search") continue;
    const severity: LossSeverity = forced === tool.name || isAlone ? "contract" : "semantic";
    const own = ownFields(tool.native);
    const declaration = own ?? DECLARATIONS.get(tool.kind);
    if (!declaration) target.losses.add("hosted-tool", tool.path, severity);
    else if (besideFunctions && !target.profile.hostedToolsWithFunctions) {
      target.losses.add("hosted-tool-beside-functions", tool.path, severity);
    } else {
      wanted.add(declaration);
      if (!own) recordSettings(tool, target.losses);
    }
  }
  return [...wanted];
}
