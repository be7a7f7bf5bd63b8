/** Reasoning as it goes back: only to the server that minted it, and whole (rules 131–136). */
import type { Item } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { mintedBy } from "../../../chat/state.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { ownItem } from "../native.ts";
import { unpackReasoning, writeReasoningItem } from "../reasoning-state.ts";
import { dialectOf } from "./default-dialect.ts";

/** A piece of reasoning among the items of a request. */
export type ReasoningItem = Extract<Item, { type: "reasoning" }>;

/** The item; `undefined` for what the target did not mint, or cannot read again (rule 134). */
export function encodeReasoning(item: ReasoningItem, target: EncodeTarget): JsonObject | undefined {
  const { state, text, native, path } = item;
  const dialect = dialectOf(target);
  if (state && mintedBy(state.issuer, target.issuer)) {
    const unpacked = unpackReasoning(state, text);
    const readable = unpacked.encrypted !== undefined || (unpacked.content !== undefined && dialect.reasoningText);
    // Whoever said it in this protocol says the ids of what stands behind it too.
    if (readable) return { ...writeReasoningItem(unpacked, dialect.reasoningIds || isOwn(item)), ...ownItem(native) };
  }
  target.losses.add("foreign-reasoning", path, "info");
  return undefined;
}

function isOwn({ path }: Item): boolean {
  return path.startsWith("input[");
}
