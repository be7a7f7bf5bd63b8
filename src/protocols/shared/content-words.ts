/** Content in words, for protocols that have no form of their own for it. */
import type { Content } from "../../chat/chat.ts";
import type { LossLedger } from "../../chat/loss.ts";
import { compactionText } from "./compaction.ts";
import { hostedCallText, hostedResultText, reminder, searchResultText, toolChangeText, toolLoadedText } from "./fixed-texts.ts";

/** What words can stand for. */
export type WordedContent = Extract<
  Content,
  { readonly type: "search-result" | "tool-reference" | "tool-change" | "hosted-tool-call" | "hosted-tool-result" | "compaction" }
>;

/** What the content says (rules 93, 180, 399, 408); empty for what says nothing. */
export function wordsFor(content: WordedContent, path: string, losses: LossLedger): string {
  switch (content.type) {
    case "search-result":
      return searchResultText(content);
    case "tool-reference":
      return toolLoadedText(content.name);
    case "tool-change":
      return reminder(toolChangeText(content));
    case "hosted-tool-call":
      losses.add("hosted-tool-history", path, "info");
      return hostedCallText(content);
    case "hosted-tool-result":
      losses.add("hosted-tool-history", path, "info");
      return hostedResultText(content);
    case "compaction":
      return compactionText(content, path, losses);
  }
}
