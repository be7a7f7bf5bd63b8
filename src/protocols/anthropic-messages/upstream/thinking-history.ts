/** What the thinking of earlier answers allows now (A.1.5; rule 147). */
import { asArray, asObject, type JsonObject, type JsonValue } from "../../../chat/json.ts";

const THINKING: ReadonlySet<unknown> = new Set(["thinking", "redacted_thinking"]);

/** Whether a block is thinking, to be read or not. */
export function isThinking(block: JsonValue | undefined): boolean {
  return THINKING.has(asObject(block)?.["type"]);
}

/** Whether any thinking goes back to the model. */
export function replaysThinking(messages: readonly JsonObject[]): boolean {
  return messages.some(({ content }) => asArray(content)?.some(isThinking));
}

/** Whether the newest answer calls tools and does not begin with thinking: older models then refuse to think on (rule 147). */
export function callsLackThinking(messages: readonly JsonObject[]): boolean {
  const last = messages.findLastIndex(({ role }) => role === "assistant");
  let first = last;
  // Answers that follow each other are one to the server.
  while (messages[first - 1]?.["role"] === "assistant") first -= 1;
  const blocks = last < 0 ? [] : messages.slice(first, last + 1).flatMap(({ content }) => asArray(content) ?? []);
  return blocks.some((block) => asObject(block)?.["type"] === "tool_use") && !isThinking(blocks[0]);
}
