/** Tools that the provider runs, in its own words (A.3.1; rules 222–224, 226). */
import type { HostedToolKind, Tool } from "../../../chat/chat.ts";
import { asArray, asObject, asString, type JsonObject } from "../../../chat/json.ts";
import type { LossLedger } from "../../../chat/loss.ts";
import { recordSettings } from "../../shared/hosted-settings.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { ownFields } from "../native.ts";
import { dialectOf } from "./default-dialect.ts";

/** A tool the caller wants the provider to run. */
export type HostedTool = Extract<Tool, { type: "hosted" }>;

type Declare = (tool: HostedTool, losses: LossLedger) => JsonObject;

/** The declarations for other vendors' tools. */
const DECLARATIONS: ReadonlyMap<HostedToolKind, Declare> = new Map<HostedToolKind, Declare>([
  ["web-search", declareWebSearch],
  [
    "code-execution",
    (tool, losses) => {
      recordSettings(tool, losses);
      return { type: "code_interpreter", container: { type: "auto" } };
    },
  ],
  ["tool-search", () => ({ type: "tool_search" })],
]);

/** @returns `undefined` for one that the target does not have; then it is on the ledger, unless everything it could find is offered. */
export function encodeHostedTool(tool: HostedTool, all: readonly Tool[], target: EncodeTarget): JsonObject | undefined {
  const own = ownFields(tool.native);
  if (asString(own?.["type"]) !== undefined) return { ...own, ...tool.settings };
  const declare = runs(tool.kind, target) ? DECLARATIONS.get(tool.kind) : undefined;
  if (declare) return declare(tool, target.losses);
  if (tool.kind !== "tool-search") {
    // Alone it is what the whole request is for.
    const isAlone = all.every(({ type }) => type === "hosted");
    target.losses.add("hosted-tool", tool.path, isAlone ? "contract" : "semantic");
  }
  return undefined;
}

/** Whether the server runs such a tool for this model. */
function runs(kind: HostedToolKind, target: EncodeTarget): boolean {
  const dialect = dialectOf(target);
  if (kind === "tool-search") return dialect.toolSearch;
  return dialect.hostedTools.includes(kind) && (kind !== "web-search" || target.profile.webSearch !== false);
}

const SEARCH_SETTINGS = ["allowed_domains", "user_location", "search_context_size"];

/** As Messages, Chat and Gemini set it: where to look is said, how often and where not to cannot be. */
function declareWebSearch(tool: HostedTool, losses: LossLedger): JsonObject {
  recordSettings(tool, losses, SEARCH_SETTINGS);
  const { allowed_domains: domains, user_location: place, search_context_size: size } = tool.settings;
  const location = asObject(place);
  const allowed = asArray(domains) ?? [];
  return {
    type: "web_search",
    ...(allowed.length > 0 && { filters: { allowed_domains: allowed } }),
    // Chat puts it into an object of its own.
    ...(location && { user_location: { type: "approximate", ...(asObject(location["approximate"]) ?? location) } }),
    ...(typeof size === "string" && { search_context_size: size }),
  };
}
