/**
 * The flat conversation to messages. Messages keep the caller's grouping wherever the wire's laws allow it: tool results
 * right after their calls, first and complete; nothing empty; a user first (rules 15–34, A.1.2).
 */
import type { ChatRequest, Turn } from "../../chat/chat.ts";
import { GatewayError } from "../../chat/error.ts";
import type { JsonObject } from "../../chat/json.ts";
import { recordNative } from "../native-losses.ts";
import type { EncodeTarget } from "../protocol.ts";
import { encodeContent } from "./content-encode.ts";
import { ownFields } from "./native.ts";
import { PROTOCOL } from "./wire.ts";

interface Message {
  readonly role: Turn["role"];
  readonly content: readonly JsonObject[];
  /** What stands beside the content. */
  readonly rest: JsonObject;
  readonly path: string;
}

/** @throws GatewayError `invalid-request` when nothing is left to answer. */
export function encodeMessages(request: ChatRequest, target: EncodeTarget): JsonObject[] {
  const messages = trimPrefill(obeyToolLaw(gather(request, target), target), target);
  const first = messages[0];
  if (!first) throw new GatewayError("invalid-request", "messages: at least one message is required", { field: "messages" });
  const opening =
    first.role === "user" ? [] : [{ role: "user", content: [{ type: "text", text: "(The conversation begins with your words.)" }] }];
  if (opening.length > 0) target.losses.add("opening-turn-added", first.path, "info");
  return [...opening, ...messages.map(({ role, content, rest }) => ({ role, ...(content.length > 0 && { content }), ...rest }))];
}

function gather(request: ChatRequest, target: EncodeTarget): Message[] {
  const contents: JsonObject[][] = request.turns.map(() => []);
  const paths: string[] = [];
  for (const item of request.items) {
    contents[item.turn]?.push(...encodeContent(item, item.path, target));
    paths[item.turn] ??= item.path;
  }
  const messages: Message[] = [];
  for (const [i, turn] of request.turns.entries()) {
    const content = contents[i] ?? [];
    const path = paths[i] ?? `turns[${i}]`;
    const rest = encodeTurnFields(turn, path, target);
    // An effort or a change of rules may come without a word.
    if (content.length > 0 || (turn.role === "system" && Object.keys(rest).length > 0))
      messages.push({ role: turn.role, content, rest, path });
  }
  return messages;
}

function encodeTurnFields(turn: Turn, path: string, target: EncodeTarget): JsonObject {
  recordNative(turn.native, path, PROTOCOL, target.losses);
  const { output_config: config, ...own } = ownFields(turn.native) ?? {};
  const merged = { ...(turn.effort && { effort: turn.effort }), ...(config as JsonObject | undefined) };
  return { ...own, ...(Object.keys(merged).length > 0 && { output_config: merged }) };
}

/** Walks the runs of one role and puts results where they belong. */
function obeyToolLaw(messages: readonly Message[], target: EncodeTarget): Message[] {
  const out: Message[] = [];
  let calls: string[] = [];
  for (let i = 0; i < messages.length;) {
    const message = messages[i] as Message;
    if (message.role === "assistant") {
      out.push(message);
      calls = [...new Set([...calls, ...idsOf(message, "tool_use", "id")])];
      i += 1;
      continue;
    }
    const end = nextAssistant(messages, i);
    out.push(...placeSystem(answerCalls(messages.slice(i, end), calls, target), out.at(-1), target));
    calls = [];
    i = end;
  }
  if (calls.length > 0) out.push(...answerCalls([], calls, target));
  return out;
}

function nextAssistant(messages: readonly Message[], from: number): number {
  const found = messages.findIndex((message, i) => i >= from && message.role === "assistant");
  return found < 0 ? messages.length : found;
}

/** The messages between two answers, with every call answered first, once, and nothing else answered. */
function answerCalls(run: readonly Message[], calls: readonly string[], target: EncodeTarget): Message[] {
  const [first] = run;
  const given = run.flatMap((message) => idsOf(message, "tool_result", "tool_use_id"));
  const leading = first?.role === "user" ? leadingResults(first) : [];
  const lawful = given.length === leading.length && leading.length === calls.length && calls.every((id) => leading.includes(id));
  if (lawful) return [...run];
  const users = run.filter((message) => message.role === "user");
  const answered = new Set<string>();
  const results: JsonObject[] = [];
  const others: JsonObject[] = [];
  for (const { content, path } of users) {
    for (const block of content) {
      const id = block["type"] === "tool_result" ? (block["tool_use_id"] as string) : undefined;
      if (id === undefined) others.push(block);
      else if (calls.includes(id) && !answered.has(id)) {
        answered.add(id);
        results.push(block);
      } else {
        target.losses.add("orphan-tool-result", path, "semantic");
        others.push(...resultContent(block));
      }
    }
  }
  for (const id of calls) {
    if (answered.has(id)) continue;
    target.losses.add("missing-tool-result", first?.path ?? "messages", "info");
    results.push({ type: "tool_result", tool_use_id: id, content: [{ type: "text", text: "no result" }], is_error: true });
  }
  const content = [...results, ...others];
  const merged: Message[] =
    content.length > 0 ? [{ role: "user", content, rest: users[0]?.rest ?? {}, path: first?.path ?? "messages" }] : [];
  return [...merged, ...run.filter((message) => message.role === "system")];
}

function leadingResults(message: Message): string[] {
  const end = message.content.findIndex((block) => block["type"] !== "tool_result");
  return idsOf({ ...message, content: end < 0 ? message.content : message.content.slice(0, end) }, "tool_result", "tool_use_id");
}

function idsOf(message: Message, type: string, key: string): string[] {
  return message.content.filter((block) => block["type"] === type).map((block) => block[key] as string);
}

/** What an orphaned result said, as words of the user (rule 26). */
function resultContent(block: JsonObject): readonly JsonObject[] {
  return (block["content"] as readonly JsonObject[] | undefined) ?? [];
}

/** A system turn must follow a user turn; elsewhere it becomes the user's, marked as what it is (rule 17). */
function placeSystem(run: readonly Message[], before: Message | undefined, target: EncodeTarget): Message[] {
  const out: Message[] = [];
  for (const message of run) {
    const follows = (out.at(-1) ?? before)?.role;
    if (message.role !== "system" || follows === "user" || follows === "system") {
      out.push(message);
      continue;
    }
    target.losses.add("system-turn-as-user", message.path, "info");
    out.push({ ...message, role: "user", content: message.content.map(asReminder) });
  }
  return out;
}

function asReminder(block: JsonObject): JsonObject {
  const text = block["text"];
  return typeof text === "string" ? { ...block, text: `<system-reminder>\n${text}\n</system-reminder>` } : block;
}

/** A last message of the assistant's is continued, and may not end in spaces (rule 33). */
function trimPrefill(messages: readonly Message[], target: EncodeTarget): Message[] {
  const last = messages.at(-1);
  const block = last?.content.at(-1);
  const text = block?.["text"];
  if (last?.role !== "assistant" || typeof text !== "string" || text === text.trimEnd()) return [...messages];
  target.losses.add("prefill-trimmed", last.path, "info");
  return [...messages.slice(0, -1), { ...last, content: [...last.content.slice(0, -1), { ...block, text: text.trimEnd() }] }];
}
