/** Settings of tools that a provider runs, where its protocol has no word for them (rule 222). */
import type { Tool } from "../../chat/chat.ts";
import { asArray, asObject, isObject, type JsonValue } from "../../chat/json.ts";
import type { LossLedger } from "../../chat/loss.ts";

type HostedTool = Extract<Tool, { type: "hosted" }>;

/** What the loss of a setting means that changes what the model may see; the others only bound or place the work. */
const SEVERITIES: Readonly<Record<string, (value: JsonValue) => "info" | "semantic" | "none">> = {
  allowed_domains: () => "semantic",
  blocked_domains: () => "semantic",
  excludeDomains: () => "semantic",
  filters: () => "semantic",
  timeRangeFilter: () => "semantic",
  // Everybody else's searches see the web as it is.
  external_web_access: (value) => (value === false ? "semantic" : "none"),
  // One that is new and empty is what there is anyway.
  container: (value) => (asObject(value)?.["type"] === "auto" && !holdsFiles(value) ? "none" : "semantic"),
  execution: () => "none",
};

function holdsFiles(container: JsonValue): boolean {
  return (asArray(asObject(container)?.["file_ids"]) ?? []).length > 0;
}

/** Puts the settings on the ledger that say something. @param kept those that the target is told. */
export function recordSettings(tool: HostedTool, losses: LossLedger, kept: readonly string[] = []): void {
  for (const key of Object.keys(tool.settings)) if (!kept.includes(key)) recordSetting(tool, key, losses);
}

/** The same for one of them. */
export function recordSetting({ settings, path }: HostedTool, key: string, losses: LossLedger): void {
  const value = settings[key];
  if (value === undefined || value === null || (isObject(value) && Object.keys(value).length === 0)) return;
  const severity = Object.hasOwn(SEVERITIES, key) ? SEVERITIES[key]?.(value) : "info";
  if (severity !== undefined && severity !== "none") losses.add("hosted-tool-setting", `${path}.${key}`, severity);
}
