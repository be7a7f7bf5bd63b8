/**
 * What OpenAI binds its reasoning to (dossier A.3.2): tools, the format of the text, instructions, and every item before it.
 * Ids, statuses and phases are bookkeeping. Newer models leave reasoning out whose conversation was changed, and tell so; the
 * simulator does so for all. What nobody minted is refused.
 */
import type { StateFlaw } from "./binding.ts";
import type { BoundConversation, PieceSink } from "./binding-conversation.ts";
import { fieldsOf, isFields, listOf, textOf, type Fields } from "./json-values.ts";
import { modelFacts } from "./openai-models.ts";
import { wrong } from "./openai-refusals.ts";
import { typeOf } from "./responses-items.ts";

/** The role of the one who answers. */
export const ANSWERER = "assistant";

/** What the answer calls the ways in which reasoning does not fit. */
const REASONS: Readonly<Record<Exclude<StateFlaw, "foreign" | "text" | "lost">, string>> = {
  account: "organization_mismatch",
  model: "model_mismatch",
  prefix: "prefix_mismatch",
};
/** The members of an item that say nothing to the model. */
const BOOKKEEPING = new Set(["id", "status", "created_by", "phase", "caller", "internal_chat_message_metadata_passthrough"]);

/**
 * Reads the whole prompt into the conversation and checks the reasoning in it.
 * @param items the whole conversation. @param own how many of them, the last ones, are the request's own.
 * @returns what was left out, as `input_transformations` tells it.
 */
export function readState(body: Fields, items: readonly Fields[], own: number, conversation: BoundConversation): readonly Fields[] {
  const removed: Fields[] = [];
  for (const tool of listOf(body["tools"])) conversation.piece("tools", tool);
  const { format } = fieldsOf(body["text"]);
  if (isFields(format) && format["type"] !== "text") conversation.piece("format", format);
  if (!modelFacts(textOf(body["model"])).instructsLast) conversation.text("instructions", textOf(body["instructions"]));
  for (const [index, item] of items.entries()) {
    conversation.path = `input[${index - (items.length - own)}]`;
    if (item["encrypted_content"] === undefined) addItem(conversation, item);
    else {
      const reason = takeState(item, conversation);
      if (reason !== undefined) removed.push({ id: item["id"] ?? null, action: "removed", reason, type: "reasoning" });
    }
  }
  return removed;
}

/** Adds an item that is not sealed. Reasoning in the open is no content. */
export function addItem(sink: PieceSink, item: Fields): void {
  const type = typeOf(item);
  if (type === "reasoning") return;
  if (type === "message") return addParts(sink, textOf(item["role"]), item["content"]);
  const { output, ...members } = item;
  const said = Object.entries(members).filter(([name]) => !BOOKKEEPING.has(name));
  const role = type.endsWith("_output") ? "tool" : ANSWERER;
  sink.piece(role, Object.fromEntries(said.sort(([a], [b]) => (a < b ? -1 : 1))));
  if (typeof output === "string" || Array.isArray(output)) addParts(sink, role, output);
  else if (output !== undefined) sink.piece(role, output);
}

/** What a reasoning item shows, which its seal covers. */
export function shownIn(item: Fields): string {
  return JSON.stringify(listOf(item["summary"]).map((part) => fieldsOf(part)["text"]));
}

function addParts(sink: PieceSink, role: string, content: unknown): void {
  if (typeof content === "string") return sink.text(role, content);
  for (const part of listOf(content).map(fieldsOf)) {
    if (typeof part["text"] === "string") sink.text(role, part["text"]);
    else {
      const { prompt_cache_breakpoint: _, ...said } = part;
      sink.piece(role, said);
    }
  }
}

/** Why the item is left out; `undefined` when it is not. */
function takeState(item: Fields, conversation: BoundConversation): string | undefined {
  const value = textOf(item["encrypted_content"]);
  const kind = typeOf(item) === "compaction" ? "compaction" : "thinking";
  const flaw = conversation.state(ANSWERER, { kind, signed: shownIn(item), value });
  // The vendor does not look at what is shown beside the seal.
  if (flaw === undefined || (flaw === "text" && !conversation.strict)) return undefined;
  if (flaw !== "foreign" && flaw !== "text" && flaw !== "lost" && !conversation.strict) {
    conversation.drop(flaw);
    return REASONS[flaw];
  }
  conversation.refuse(flaw);
  const named = item["id"] === undefined ? ` ${value.slice(0, 4)}...${value.slice(-4)}` : ` for item ${textOf(item["id"])}`;
  const why =
    flaw === "foreign" ? "Encrypted content could not be decrypted or parsed." : `Its ${flaw} is not the one that it was created with.`;
  throw wrong(`The encrypted content${named} could not be verified. Reason: ${why}`, undefined, "invalid_encrypted_content");
}
