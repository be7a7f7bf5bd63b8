/** What the thinking of earlier answers allows now (A.1.5; rules 128, 130, 147). */
import type { Item } from "../../../chat/chat.ts";
import { asArray, asObject, type JsonObject } from "../../../chat/json.ts";
import { mintedBy } from "../../../chat/state.ts";
import type { EncodeTarget } from "../../protocol.ts";

const CLAUDES_STATE: ReadonlySet<string | undefined> = new Set(["thinking", "redacted-thinking"]);

/**
 * Where thinking may no longer be replayed: from the first block on that some Claude signed for another account or model.
 * What was signed after it is bound to it, so leaving out that block alone would be refused (rule 130).
 * @returns an index into `items`; their length when all may stay.
 */
export function firstForeignThinking(items: readonly Item[], { issuer }: EncodeTarget): number {
  const found = items.findIndex(
    (item) => item.type === "reasoning" && CLAUDES_STATE.has(item.state?.kind) && item.state && !mintedBy(item.state.issuer, issuer),
  );
  return found < 0 ? items.length : found;
}

const THINKING: ReadonlySet<unknown> = new Set(["thinking", "redacted_thinking"]);

/** Whether any thinking goes back to the model. */
export function replaysThinking(messages: readonly JsonObject[]): boolean {
  return messages.some(({ content }) => asArray(content)?.some((block) => THINKING.has(asObject(block)?.["type"])));
}

/** Whether the newest answer calls tools and does not begin with thinking: older models then refuse to think on (rule 147). */
export function callsLackThinking(messages: readonly JsonObject[]): boolean {
  const last = messages.findLastIndex(({ role }) => role === "assistant");
  let first = last;
  // Answers that follow each other are one to the server.
  while (messages[first - 1]?.["role"] === "assistant") first -= 1;
  const blocks = last < 0 ? [] : messages.slice(first, last + 1).flatMap(({ content }) => asArray(content) ?? []);
  return blocks.some((block) => asObject(block)?.["type"] === "tool_use") && !THINKING.has(asObject(blocks[0])?.["type"]);
}
