/**
 * Summaries that stand for a conversation: asked for in words where a provider has no request for one, and said in words
 * where their maker's form of them is not the target's (rule 399).
 */
import type { ChatRequest, CompactionContent } from "../../chat/chat.ts";
import type { LossLedger } from "../../chat/loss.ts";
import { summaryText, SUMMARY_REQUEST_TEXT } from "./fixed-texts.ts";

/** Where the question says it comes from. */
const PATH = "compaction";

/**
 * The request with its wish for a summary as a last turn of the user's; any other as it is. What was said before and the tools
 * stay as they were, so that what a prompt cache has of them serves; the form that answers were to have does not.
 */
export function askInWords(request: ChatRequest, losses: LossLedger): ChatRequest {
  const { compaction, outputFormat: _format, verbosity: _verbosity, logprobs: _logprobs, ...asked } = request;
  if (!compaction) return request;
  losses.add("compaction-request", PATH, "info");
  return {
    ...asked,
    turns: [...request.turns, { role: "user" }],
    items: [...request.items, { type: "text", text: SUMMARY_REQUEST_TEXT, turn: request.turns.length, path: PATH }],
    ...(request.tools.length > 0 && { toolChoice: { mode: "none" } }),
  };
}

/** What a target is told that cannot read the state of a summary; empty when nobody else can either. */
export function compactionText({ text = "", state }: CompactionContent, path: string, losses: LossLedger): string {
  if (text === "") losses.add("compaction-state", path, "semantic");
  else if (state) losses.add("compaction-state", path, "info");
  return text === "" ? "" : summaryText(text);
}
