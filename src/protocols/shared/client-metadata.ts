/** The client's own bookkeeping among the content, which is not for other vendors (dossier rule 352). */
import type { Item } from "../../chat/chat.ts";
import type { LossLedger } from "../../chat/loss.ts";

/** The items without it. */
export function withoutMetadata(items: readonly Item[], losses: LossLedger): readonly Item[] {
  return items.filter((item) => {
    if (item.type !== "text" || !item.clientMetadata) return true;
    losses.add("client-metadata", item.path, "info");
    return false;
  });
}
