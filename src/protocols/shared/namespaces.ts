/** Groups of tools where a target has none: their tools stand by themselves, under both names in one (dossier rules 68, 69). */
import type { Tool } from "../../chat/chat.ts";
import type { LossLedger } from "../../chat/loss.ts";

/** A member's place in its group. */
const MEMBER = /\.tools\[\d+\]$/;

/** Puts on the ledger, once for each group, what the group of a tool is said to be for. */
export function recordNamespace(tool: Tool, losses: LossLedger): void {
  const description = ("namespace" in tool && tool.namespace?.description) || "";
  if (description !== "") losses.add("namespace-description", `${tool.path.replace(MEMBER, "")}.description`, "info");
}
