/** The wire's law of tool results: each call answered in the very next message, once, before anything else (A.1.2; rules 22–26, 89). */
import type { Turn } from "../../chat/chat.ts";
import type { JsonObject } from "../../chat/json.ts";
import { NO_RESULT_TEXT, orphanHeading } from "../fixed-texts.ts";
import type { EncodeTarget } from "../protocol.ts";
import { unescapeCallId } from "./ids.ts";

/** A message on its way to the wire. */
export interface Message {
  readonly role: Turn["role"];
  readonly content: readonly JsonObject[];
  /** What stands beside the content. */
  readonly rest: JsonObject;
  readonly path: string;
}

/**
 * Walks the runs of one role and puts results where they belong.
 * @param place what becomes of a run between two answers, given the message before it.
 */
export function obeyToolLaw(
  messages: readonly Message[],
  target: EncodeTarget,
  place: (run: readonly Message[], before: Message | undefined) => readonly Message[],
): Message[] {
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
    out.push(...place(answerCalls(messages.slice(i, end), calls, target), out.at(-1)));
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
    results.push({ type: "tool_result", tool_use_id: id, content: [{ type: "text", text: NO_RESULT_TEXT }], is_error: true });
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
  const heading = orphanHeading(unescapeCallId(block["tool_use_id"] as string), block["is_error"] === true);
  return [{ type: "text", text: heading }, ...((block["content"] as readonly JsonObject[] | undefined) ?? [])];
}
