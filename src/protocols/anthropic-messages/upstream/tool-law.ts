/** The wire's law of tool results: each call answered in the very next message, once, before anything else (A.1.2; rules 22–26, 89). */
import type { Turn } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { NO_RESULT_TEXT, orphanHeading, toolLoadedText } from "../../shared/fixed-texts.ts";
import { UniqueCalls } from "../../shared/unique-calls.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { unescapeCallId } from "../ids.ts";

/** A message on its way to the wire. */
export interface Message {
  readonly role: Turn["role"];
  readonly content: readonly JsonObject[];
  /** What stands beside the content. */
  readonly rest: JsonObject;
  readonly path: string;
  /** Holds what an answer showed, and nothing that the user said. */
  readonly moved?: true;
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
  let calls = new Set<string>();
  for (let i = 0; i < messages.length;) {
    const message = messages[i] as Message;
    if (message.role === "assistant") {
      out.push(message);
      for (const id of idsOf(message, "tool_use", "id")) calls.add(id);
      i += 1;
      continue;
    }
    const end = nextAssistant(messages, i);
    out.push(...place(answerCalls(messages.slice(i, end), calls, target), out.at(-1)));
    calls = new Set();
    i = end;
  }
  if (calls.size > 0) out.push(...answerCalls([], calls, target));
  return out;
}

/**
 * Calls with ids of their own: elsewhere an id may come again, here it is refused. Results go to the calls of their step
 * in order (rule 52). A pure function of what stands before (rule 4).
 */
export function distinguishCalls(messages: readonly Message[]): Message[] {
  const ids = new UniqueCalls();
  return messages.map((message, i) => {
    if (message.role === "assistant" && messages[i - 1]?.role !== "assistant") ids.beginStep();
    const content = message.content.map((block) => {
      if (block["type"] === "tool_use") return { ...block, id: ids.call(block["id"] as string) };
      if (block["type"] !== "tool_result") return block;
      return { ...block, tool_use_id: ids.result(block["tool_use_id"] as string) };
    });
    return { ...message, content };
  });
}

function nextAssistant(messages: readonly Message[], from: number): number {
  let at = from;
  while (at < messages.length && messages[at]?.role !== "assistant") at += 1;
  return at;
}

/** The messages between two answers, with every call answered first, once, and nothing else answered. */
function answerCalls(run: readonly Message[], calls: ReadonlySet<string>, target: EncodeTarget): Message[] {
  const end = calls.size === 0 ? 0 : endOfAnswers(run);
  const answers = run.slice(0, end);
  const later = run.slice(end).map((message) => ({ ...message, content: wordOrphans(message, new Set(), target) }));
  return [...(isLawful(answers, calls) ? answers : gatherAnswers(answers, calls, target)), ...later];
}

/**
 * Where the messages end that may hold results of the calls before them: behind the first of the user's that has none.
 * What is said later moves nothing (rule 4).
 */
function endOfAnswers(run: readonly Message[]): number {
  const plain = run.findIndex(
    (message) => message.role === "user" && !message.moved && idsOf(message, "tool_result", "tool_use_id").length === 0,
  );
  return plain < 0 ? run.length : plain + 1;
}

function isLawful(answers: readonly Message[], calls: ReadonlySet<string>): boolean {
  const [first] = answers;
  const given = answers.flatMap((message) => idsOf(message, "tool_result", "tool_use_id"));
  const leading = new Set(first?.role === "user" ? leadingResults(first) : []);
  return given.length === leading.size && leading.size === calls.size && leading.isSubsetOf(calls);
}

function gatherAnswers(answers: readonly Message[], calls: ReadonlySet<string>, target: EncodeTarget): Message[] {
  const users = answers.filter((message) => message.role === "user");
  const path = answers[0]?.path ?? "messages";
  const results = new Map<string, JsonObject>();
  const paired = new Set<JsonObject>();
  for (const block of users.flatMap(({ content }) => content)) {
    const id = block["tool_use_id"] as string;
    if (block["type"] !== "tool_result" || !calls.has(id) || results.has(id)) continue;
    results.set(id, block);
    paired.add(block);
  }
  for (const id of calls) {
    if (results.has(id)) continue;
    target.losses.add("missing-tool-result", path, "info");
    results.set(id, { type: "tool_result", tool_use_id: id, content: [{ type: "text", text: NO_RESULT_TEXT }], is_error: true });
  }
  const others = users.flatMap((message) => wordOrphans(message, paired, target));
  return [
    { role: "user", content: [...results.values(), ...others], rest: users[0]?.rest ?? {}, path },
    ...answers.filter((message) => message.role === "system"),
  ];
}

/** A message without its paired results, and its other results as words of the user (rule 26). */
function wordOrphans({ content, path }: Message, paired: ReadonlySet<JsonObject>, { losses }: EncodeTarget): JsonObject[] {
  return content.flatMap((block) => {
    if (block["type"] !== "tool_result") return [block];
    if (paired.has(block)) return [];
    losses.add("orphan-tool-result", path, "semantic");
    const heading = orphanHeading(unescapeCallId(block["tool_use_id"] as string), block["is_error"] === true);
    return [{ type: "text", text: heading }, ...((block["content"] as readonly JsonObject[] | undefined) ?? []).map(outsideResult)];
  });
}

/** Tools are loaded by results only. */
function outsideResult(block: JsonObject): JsonObject {
  return block["type"] === "tool_reference" ? { type: "text", text: toolLoadedText(block["tool_name"] as string) } : block;
}

function leadingResults(message: Message): string[] {
  const end = message.content.findIndex((block) => block["type"] !== "tool_result");
  return idsOf({ ...message, content: end < 0 ? message.content : message.content.slice(0, end) }, "tool_result", "tool_use_id");
}

function idsOf(message: Message, type: string, key: string): string[] {
  return message.content.filter((block) => block["type"] === type).map((block) => block[key] as string);
}
