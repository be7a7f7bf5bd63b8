/**
 * The conversation as `contents` (dossier A.4.2, B.3). Each turn of the caller's becomes contents of its own, so that a
 * longer history never changes what was sent before; only consecutive assistant turns are one (rule 28), and the results
 * of a step are gathered behind it (rules 24–29).
 */
import type { ChatRequest, Item } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { withoutMetadata } from "../../shared/client-metadata.ts";
import { OPENING_TEXT, reminder } from "../../shared/fixed-texts.ts";
import { recordNative } from "../../shared/native-losses.ts";
import { withoutToolChanges } from "../../shared/offered-tools.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { answeringTurns, groupByTurn, pairResults, type CallItem, type ResultItem, type TurnItems } from "../../shared/tool-steps.ts";
import { encodeContent, type Part } from "./content-parts.ts";
import { SIGNATURE_SENTINEL } from "../state.ts";
import { encodeOrphan, encodeStepResults } from "./tool-results.ts";

/**
 * The `contents` of a request.
 * @throws GatewayError `invalid-request` when nothing is left to send.
 */
export function encodeContents(request: ChatRequest, target: EncodeTarget): JsonObject[] {
  for (const [i, turn] of request.turns.entries()) recordNative(turn.native, `messages[${i}]`, "gemini", target.losses);
  const writer = new ContentsWriter(target);
  const turns = groupByTurn(request);
  for (let at = 0; at < turns.length;) at = writer.write(turns, at);
  if (writer.contents.length === 0)
    throw new GatewayError("invalid-request", "The request's messages have no content.", { field: "messages" });
  if (writer.contents[0]?.["role"] === "model") {
    target.losses.add("opening-turn-added", "messages[0]", "info");
    writer.contents.unshift({ role: "user", parts: [{ text: OPENING_TEXT }] });
  }
  return writer.contents;
}

/** The `systemInstruction`, or `undefined` when there is none. */
export function encodeSystem(request: ChatRequest, target: EncodeTarget, appended: readonly string[]): JsonObject | undefined {
  const parts = [
    ...withoutToolChanges(withoutMetadata(request.system, target.losses)).flatMap((item) => encodeSystemItem(item, target)),
    ...appended.map((text) => ({ text })),
  ];
  return parts.length > 0 ? { parts } : undefined;
}

function encodeSystemItem(item: Item, target: EncodeTarget): Part[] {
  if (item.type === "text") return encodeContent(item, item.path, target);
  target.losses.add("system-content", item.path, "semantic");
  return [];
}

class ContentsWriter {
  readonly contents: { role: "user" | "model"; parts: Part[] }[] = [];
  readonly #target: EncodeTarget;
  /** Names of the tools that calls so far were made of, by call id, for results that come too late (rule 53). */
  readonly #names = new Map<string, string>();

  constructor(target: EncodeTarget) {
    this.#target = target;
  }

  /** Writes the turns from `at` up to the next border, and says where that is. */
  write(turns: readonly TurnItems[], at: number): number {
    const start = turns[at] as TurnItems;
    if (start.role !== "assistant") {
      this.#writeTurn(start, undefined);
      return at + 1;
    }
    let end = at;
    while (turns[end]?.role === "assistant") end += 1;
    const items = turns.slice(at, end).flatMap((turn) => turn.items);
    this.#push("model", this.#encodeStep(items));
    const calls = items.filter((item) => item.type === "tool-call");
    if (calls.length === 0) return end;
    for (const call of calls) this.#names.set(call.id, call.name);
    const answered = answeringTurns(turns, end);
    this.#writeAnswer(calls, answered);
    return end + answered.length;
  }

  /** A model's content. The first call of it must carry a signature, a stand-in when it has none (rules 137, 138). */
  #encodeStep(items: readonly Item[]): Part[] {
    const parts = items.flatMap((item) => encodeContent(item, item.path, this.#target));
    const first = parts.findIndex((part) => "functionCall" in part);
    if (first >= 0 && this.#target.profile.callStateRequired && parts[first]?.["thoughtSignature"] === undefined) {
      parts[first] = { ...parts[first], thoughtSignature: SIGNATURE_SENTINEL };
    }
    return parts;
  }

  /** The results of a step, then what else its turns say. */
  #writeAnswer(calls: readonly CallItem[], turns: readonly TurnItems[]): void {
    const results = turns.flatMap((turn) => turn.items.filter((item) => item.type === "tool-result"));
    const { paired, orphans } = pairResults(calls, results);
    const answer = encodeStepResults(calls, paired, this.#target);
    const [first] = turns;
    const joined = first?.role === "user" && this.#target.profile.contentAfterToolResults;
    this.#push("user", joined ? [...answer, ...this.#encodeTurn(first, orphans)] : answer);
    for (const turn of joined ? turns.slice(1) : turns) this.#writeTurn(turn, orphans);
  }

  #writeTurn(turn: TurnItems, orphans: ReadonlySet<ResultItem> | undefined): void {
    this.#push("user", this.#encodeTurn(turn, orphans));
  }

  /** What a turn says besides the results that were paired. */
  #encodeTurn({ role, items }: TurnItems, orphans: ReadonlySet<ResultItem> | undefined): Part[] {
    return withoutMetadata(items, this.#target.losses).flatMap((item) => {
      if (item.type === "tool-result")
        return !orphans || orphans.has(item) ? encodeOrphan(item, this.#names.get(item.callId), this.#target) : [];
      if (role === "system" && item.type === "text" && item.text !== "") {
        this.#target.losses.add("system-turn-as-user", item.path, "info");
        return encodeContent({ ...item, text: reminder(item.text) }, item.path, this.#target);
      }
      return encodeContent(item, item.path, this.#target);
    });
  }

  #push(role: "user" | "model", parts: Part[]): void {
    if (parts.length === 0) return;
    const last = this.contents.at(-1);
    // What stood between two answers of the model said nothing: calls must follow a user's content (rule 28).
    if (role === "model" && last?.role === "model") last.parts.push(...parts);
    else this.contents.push({ role, parts });
  }
}
