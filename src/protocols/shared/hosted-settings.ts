/** Settings of tools that a provider runs, where its protocol has no word for them (rule 222). */
import type { Tool } from "../../chat/chat.ts";
import { isObject } from "../../chat/json.ts";
import type { LossLedger } from "../../chat/loss.ts";

/** Settings that change what the model may see; the others only bound or place the work. */
const LIMITING: ReadonlySet<string> = new Set(["allowed_domains", "blocked_domains", "filters"]);

/** Puts the settings on the ledger that say something. @param kept those that the target is told. */
export function recordSettings(
  { settings, path }: Extract<Tool, { type: "hosted" }>,
  losses: LossLedger,
  kept: readonly string[] = [],
): void {
  for (const [key, value] of Object.entries(settings)) {
    if (value === undefined || value === null || kept.includes(key) || (isObject(value) && Object.keys(value).length === 0)) continue;
    losses.add("hosted-tool-setting", `${path}.${key}`, LIMITING.has(key) ? "semantic" : "info");
  }
}
