/**
 * The flat conversation to messages. Messages keep the caller's grouping wherever the wire's laws allow it: tool results
 * right after their calls, first and complete; nothing empty; a user first (rules 14–34, A.1.2).
 */
import type { ChatRequest, Turn } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { OPENING_TEXT, reminder } from "../../shared/fixed-texts.ts";
import { recordNative } from "../../shared/native-losses.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { encodeContent } from "./content-encode.ts";
import { wordedChange } from "./deferred-tools.ts";
import { ownFields } from "../native.ts";
import { isThinking } from "./thinking-history.ts";
import { distinguishCalls, obeyToolLaw, type Message } from "./tool-law.ts";
import { PROTOCOL } from "../wire.ts";

/** @throws GatewayError `invalid-request` when nothing is left to answer. */
export function encodeMessages(request: ChatRequest, target: EncodeTarget): JsonObject[] {
  const lawful = obeyToolLaw(distinguishCalls(gather(request, target)), target, (run, before) => placeSystem(run, before, target));
  const messages = endPrefill(request, endThinking(lawful, target), target);
  const first = messages[0];
  // Instructions alone are a request elsewhere (rule 21); the answer to it begins the conversation then (rule 15).
  if (!first && request.system.length === 0)
    throw new GatewayError("invalid-request", "messages: at least one message is required", { field: "messages" });
  const opening = first?.role === "user" ? [] : [{ role: "user", content: [{ type: "text", text: OPENING_TEXT }] }];
  if (opening.length > 0) target.losses.add("opening-turn-added", first?.path ?? "messages", "info");
  return [...opening, ...messages.map(({ role, content, rest }) => ({ role, ...(content.length > 0 && { content }), ...rest }))];
}

/** The turns as messages, those left out that say nothing (rules 31, 32, 36). */
function gather(request: ChatRequest, target: EncodeTarget): Message[] {
  const groups = encodeItems(request, target);
  const messages: Message[] = [];
  for (const [i, turn] of request.turns.entries()) {
    const { content = [], moved = [], path = `turns[${i}]` } = groups[i] ?? {};
    const rest = encodeTurnFields(turn, path, target);
    // An effort or a change of rules may come without a word.
    if (content.length > 0 || (turn.role === "system" && Object.keys(rest).length > 0))
      messages.push({ role: turn.role, content, rest, path });
    // The server makes one of it and of the user turn behind it.
    if (moved.length > 0) messages.push({ role: "user", content: moved, rest: {}, path, moved: true });
  }
  return messages;
}

interface TurnBlocks {
  readonly content: JsonObject[];
  /** What may not stand in an answer, for the user to say. */
  readonly moved: JsonObject[];
  path: string | undefined;
}

function encodeItems({ items, turns }: ChatRequest, target: EncodeTarget): TurnBlocks[] {
  const groups = turns.map((): TurnBlocks => ({ content: [], moved: [], path: undefined }));
  for (const item of items) {
    const group = groups[item.turn];
    if (!group) continue;
    group.path ??= item.path;
    const answer = turns[item.turn]?.role === "assistant";
    if (item.type === "media" && answer) {
      // Rule 43.
      target.losses.add("media-moved", item.path, "info");
      group.moved.push(...encodeContent(item, item.path, target));
    } else if (item.type === "text" && !answer && (item.citations?.length ?? 0) > 0) {
      // Only answers cite (rule 44).
      target.losses.add("citations", item.path, "info");
      const { citations: _citations, ...text } = item;
      group.content.push(...encodeContent(text, item.path, target));
    } else group.content.push(...encodeContent(item, item.path, target));
  }
  return groups;
}

function encodeTurnFields(turn: Turn, path: string, target: EncodeTarget): JsonObject {
  recordNative(turn.native, path, PROTOCOL, target.losses);
  const { output_config: config, ...own } = ownFields(turn.native) ?? {};
  const merged = { ...(turn.effort && { effort: turn.effort }), ...(config as JsonObject | undefined) };
  return { ...own, ...(Object.keys(merged).length > 0 && { output_config: merged }) };
}

/** A system turn must follow a user turn, and older models take none; elsewhere it becomes the user's, marked as what it is (rule 17). */
function placeSystem(run: readonly Message[], before: Message | undefined, target: EncodeTarget): Message[] {
  const out: Message[] = [];
  for (const message of run) {
    const follows = (out.at(-1) ?? before)?.role;
    if (message.role !== "system" || (target.profile.systemTurns && (follows === "user" || follows === "system"))) {
      out.push(message);
      continue;
    }
    target.losses.add("system-turn-as-user", message.path, "info");
    if (message.content.length > 0) out.push({ ...message, role: "user", content: message.content.map(asReminder), rest: {} });
  }
  return out;
}

function asReminder(block: JsonObject): JsonObject {
  const { text, type, tool, ...annotations } = block;
  if (typeof text === "string") return { ...block, text: reminder(text) };
  // Only a system turn changes the tools.
  const change = type === "tool_addition" ? "add" : type === "tool_removal" ? "remove" : undefined;
  if (!change) return block;
  const { name, definition } = tool as JsonObject;
  const changed = (name ?? (definition as JsonObject)["name"]) as string;
  return { type: "text", text: wordedChange(change, changed), ...annotations };
}

/** The last message may not end in thinking: nothing goes on from there, and the server refuses it. Anywhere else it may. */
function endThinking(messages: readonly Message[], target: EncodeTarget): readonly Message[] {
  const last = messages.at(-1);
  const led = last?.content.findLastIndex((block) => !isThinking(block)) ?? -1;
  if (last?.role !== "assistant" || led === last.content.length - 1) return messages;
  target.losses.add("unpaired-reasoning", last.path, "info");
  const before = messages.slice(0, -1);
  return led < 0 ? before : [...before, { ...last, content: last.content.slice(0, led + 1) }];
}

/**
 * Goes behind words of the model that it will not continue (rule 34). Who asked for no more than an answer after them, such as
 * agents do with what they have of one that broke off, gets that; who wanted them continued gets so far only when lenient.
 */
const CONTINUE_TEXT = "Continue.";

/** A last message of the assistant's is continued, by models that can, and may not end in spaces (rules 33, 34). */
function endPrefill({ continuesLastTurn }: ChatRequest, messages: readonly Message[], target: EncodeTarget): readonly Message[] {
  const last = messages.at(-1);
  const block = last?.content.at(-1);
  const text = block?.["text"];
  // An answer that paused for the provider's own tools goes on from there (rule 227).
  if (last?.role !== "assistant" || typeof text !== "string") return messages;
  if (!target.profile.prefill) {
    target.losses.add("prefill", last.path, continuesLastTurn ? "contract" : "semantic");
    return [...messages, { role: "user", content: [{ type: "text", text: CONTINUE_TEXT }], rest: {}, path: last.path }];
  }
  if (text === text.trimEnd()) return messages;
  target.losses.add("prefill-trimmed", last.path, "info");
  return [...messages.slice(0, -1), { ...last, content: [...last.content.slice(0, -1), { ...block, text: text.trimEnd() }] }];
}
