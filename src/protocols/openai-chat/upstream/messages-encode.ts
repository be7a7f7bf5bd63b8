/**
 * The conversation as `messages` (A.2.1, B.1). Each turn of the caller's becomes messages of its own, so that a longer
 * history never changes what was sent before (rule 4); only the results of a step are gathered right behind its calls,
 * as the wire demands (rules 18, 22, 25).
 */
import type { ChatRequest, Item, Turn } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { withoutMetadata } from "../../shared/client-metadata.ts";
import { orphanHeading, reminder } from "../../shared/fixed-texts.ts";
import { recordNative } from "../../shared/native-losses.ts";
import { withoutToolChanges } from "../../shared/offered-tools.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { answeringTurns, groupByTurn, pairResults, type CallItem, type ResultItem, type TurnItems } from "../../shared/tool-steps.ts";
import { encodeAssistant } from "./assistant-encode.ts";
import { encodeContent, type Part } from "./content-encode.ts";
import { dialectOf } from "./default-dialect.ts";
import { ownFields } from "../native.ts";
import { encodeResults } from "./results-encode.ts";
import { PROTOCOL } from "../wire.ts";

/**
 * The messages of a request, instructions first.
 * @param instructions what else the model is to be told, because there is no field for it.
 * @throws GatewayError `invalid-request` when nothing is left to answer.
 */
export function encodeMessages(request: ChatRequest, target: EncodeTarget, instructions: readonly string[]): JsonObject[] {
  const writer = new MessagesWriter(request, target);
  writer.writeSystem(instructions);
  const before = writer.messages.length;
  for (let at = 0; at < writer.turns.length;) at = writer.write(at);
  if (writer.messages.length === before)
    throw new GatewayError("invalid-request", "The request's messages have no content.", { field: "messages" });
  return writer.messages;
}

/** A turn with its items and its own fields. */
interface PlacedTurn extends TurnItems {
  readonly turn: Turn;
}

class MessagesWriter {
  readonly messages: JsonObject[] = [];
  readonly turns: readonly PlacedTurn[];
  readonly #request: ChatRequest;
  readonly #target: EncodeTarget;
  /** Where the reasoning of a step that is still under way begins: the turn after the last question. */
  readonly #loopStart: number;
  /** Media of the model's that its own message cannot hold, for the user's next turn to show. */
  readonly #moved: Part[] = [];
  /** Names of the tools that calls so far were made of, by call id. */
  readonly #names = new Map<string, string>();

  constructor(request: ChatRequest, target: EncodeTarget) {
    this.#request = request;
    this.#target = target;
    this.turns = groupByTurn(request).map((items, i) => ({ ...items, turn: request.turns[i] as Turn }));
    for (const [i, { turn, items }] of this.turns.entries())
      recordNative(turn.native, items[0]?.path ?? `messages[${i}]`, PROTOCOL, target.losses);
    this.#loopStart =
      this.turns.findLastIndex(({ role, items }) => role === "user" && items.some((item) => item.type !== "tool-result")) + 1;
  }

  /** Leading instructions: one message, or as many as a Chat client made of them. */
  writeSystem(instructions: readonly string[]): void {
    const items = withoutToolChanges(withoutMetadata(this.#request.system, this.#target.losses));
    for (const [turn, group] of Map.groupBy(items, (item) => this.#systemTurn(item))) {
      const parts = group.flatMap((item) => this.#systemParts(item));
      this.#push(this.#systemRole(), parts, ownFields(turn?.native) ?? {});
    }
    this.#push(
      this.#systemRole(),
      instructions.map((text) => ({ type: "text", text })),
      {},
    );
  }

  /** The turn an instruction came from, in protocols where it has one. */
  #systemTurn({ turn }: Item): Turn | undefined {
    const found = this.#request.turns[turn];
    return found?.role === "system" ? found : undefined;
  }

  /** Writes the turns from `at` up to the next border, and says where that is. */
  write(at: number): number {
    const start = this.turns[at] as PlacedTurn;
    if (start.role !== "assistant") {
      this.#writeTurn(start, undefined);
      return at + 1;
    }
    if (!start.items.some(isCall)) {
      this.#writeAssistant([start], at);
      return at + 1;
    }
    let end = at + 1;
    while (this.turns[end]?.role === "assistant") end += 1;
    const step = this.turns.slice(at, end);
    this.#writeAssistant(step, at);
    const calls = step.flatMap(({ items }) => items.filter(isCall));
    for (const call of calls) this.#names.set(call.id, call.name);
    const answered = answeringTurns(this.turns, end) as readonly PlacedTurn[];
    this.#writeAnswer(calls, answered);
    return end + answered.length;
  }

  #writeAssistant(step: readonly PlacedTurn[], at: number): void {
    const items = step.flatMap((turn) => turn.items).filter((item) => !this.#move(item));
    const own: JsonObject = Object.assign({}, ...step.map(({ turn }) => ownFields(turn.native)));
    const message = encodeAssistant(items, own, at >= this.#loopStart, this.#target, this.#request);
    if (message) this.messages.push(message);
  }

  /** Only what a Chat client sent back in its place may stand in an answer. @returns whether it was taken out. */
  #move(item: Item): boolean {
    if (item.type !== "media" || item.path.includes(".images[")) return false;
    this.#target.losses.add("media-moved", item.path, "info");
    this.#moved.push(...encodeContent(item, item.path, this.#target));
    return true;
  }

  /** The results of a step, then what else its turns say (rules 18, 22). */
  #writeAnswer(calls: readonly CallItem[], turns: readonly PlacedTurn[]): void {
    const results = turns.flatMap(({ items }) => items.filter((item) => item.type === "tool-result"));
    const { paired, orphans } = pairResults(calls, results);
    const given = results.filter((result) => !orphans.has(result));
    const missing = calls.filter((_, i) => paired[i] === undefined);
    const { messages, media } = encodeResults(given, missing, this.#names, this.#target);
    this.messages.push(...messages);
    let shown = media;
    for (const turn of turns) {
      const before = turn.role === "user" ? shown : [];
      if (turn.role === "user") shown = [];
      this.#writeTurn(turn, orphans, before);
    }
    if (shown.length > 0) this.#push("user", [...this.#moved.splice(0), ...shown], {});
  }

  /** What a turn says besides the results that were paired. @param before what goes first. */
  #writeTurn({ role, turn, items }: PlacedTurn, orphans: ReadonlySet<ResultItem> | undefined, before: readonly Part[] = []): void {
    const parts = withoutMetadata(items, this.#target.losses).flatMap((item) => {
      if (item.type === "tool-result") return !orphans || orphans.has(item) ? this.#orphan(item) : [];
      return role === "system" ? this.#systemParts(item) : encodeContent(item, item.path, this.#target);
    });
    const own = ownFields(turn.native) ?? {};
    if (role !== "system" || this.#target.profile.systemTurns) {
      const first = role === "user" ? this.#moved.splice(0) : [];
      this.#push(role === "system" ? this.#systemRole() : "user", [...first, ...before, ...parts], own);
      return;
    }
    for (const item of items) this.#target.losses.add("system-turn-as-user", item.path, "info");
    this.#push(
      "user",
      parts.map((part) => (typeof part["text"] === "string" ? { ...part, text: reminder(part["text"]) } : part)),
      {},
    );
  }

  #systemParts(item: Item): Part[] {
    if (item.type === "text" || item.type === "tool-change") return encodeContent(item, item.path, this.#target);
    this.#target.losses.add("system-content", item.path, "semantic");
    return [];
  }

  /** A result whose call is not in the step before it, as text (rule 26). */
  #orphan(result: ResultItem): Part[] {
    this.#target.losses.add("orphan-tool-result", result.path, "semantic");
    const heading = orphanHeading(this.#names.get(result.callId) ?? result.callId, result.isError);
    const said = result.content.flatMap((content, i) => encodeContent(content, `${result.path}.content[${i}]`, this.#target));
    return [{ type: "text", text: heading }, ...said];
  }

  #systemRole(): string {
    return dialectOf(this.#target).systemRole;
  }

  #push(role: string, parts: readonly Part[], own: JsonObject): void {
    if (parts.length > 0) this.messages.push({ role, content: encodeParts(parts, this.#target), ...own });
  }
}

function isCall(item: Item): item is CallItem {
  return item.type === "tool-call";
}

/** One text as it is; several joined, where the server takes no lists of them; else the list. */
function encodeParts(parts: readonly Part[], target: EncodeTarget): string | readonly Part[] {
  const [only, ...others] = parts;
  if (only && others.length === 0 && isPlainText(only)) return only["text"] as string;
  if (dialectOf(target).textParts || !parts.every(isPlainText)) return parts;
  return parts.map((part) => part["text"] as string).join("\n\n");
}

function isPlainText(part: Part): boolean {
  return part["type"] === "text" && Object.keys(part).length === 2;
}
