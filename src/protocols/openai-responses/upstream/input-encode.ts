/**
 * The conversation as `input` items (A.3.1, B.2, B.5). Each turn of the caller's becomes items of its own, so that a longer
 * history never changes what was sent before (rule 4); only the results of a step are gathered right behind its calls.
 */
import type { ChatRequest, Item, Turn } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { mintedBy } from "../../../chat/state.ts";
import { withoutMetadata } from "../../shared/client-metadata.ts";
import { orphanHeading, reminder } from "../../shared/fixed-texts.ts";
import { recordNative, recordContentNative } from "../../shared/native-losses.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { answeringTurns, groupByTurn, pairResults, type CallItem, type ResultItem, type TurnItems } from "../../shared/tool-steps.ts";
import { UniqueCalls } from "../../shared/unique-calls.ts";
import { ownFields, ownItem } from "../native.ts";
import { PROTOCOL } from "../wire.ts";
import { encodeCall } from "./calls-encode.ts";
import { encodeContent, type Part } from "./content-encode.ts";
import { dialectOf } from "./default-dialect.ts";
import { ItemWriter } from "./item-writer.ts";
import { LateTools } from "./late-tools.ts";
import { encodeReasoning } from "./reasoning-encode.ts";
import { encodeResult, missingResult } from "./results-encode.ts";

/** Where the `instructions` of a client of this protocol say they come from. */
const INSTRUCTIONS = "instructions";

/** A conversation as it is sent. */
export interface EncodedInput {
  readonly instructions?: string;
  readonly input: readonly JsonObject[];
}

/**
 * @param instructions what else the model is to be told, because there is no field for it.
 * @throws GatewayError `invalid-request` when nothing is left to answer.
 */
export function encodeInput(request: ChatRequest, target: EncodeTarget, instructions: readonly string[]): EncodedInput {
  const own = request.system.find((item) => item.type === "text" && item.path === INSTRUCTIONS);
  const writer = new InputWriter(request, target);
  writer.writeSystem(instructions);
  for (let at = 0; at < writer.turns.length;) at = writer.write(at);
  const input = writer.end();
  if (input.length === 0 && !own)
    throw new GatewayError("invalid-request", "The request's messages have no content.", { field: "messages" });
  return { ...(own?.type === "text" && { instructions: own.text }), input };
}

/** A turn with its items and its own fields. */
interface PlacedTurn extends TurnItems {
  readonly turn: Turn;
}

class InputWriter {
  readonly turns: readonly PlacedTurn[];
  readonly #request: ChatRequest;
  readonly #target: EncodeTarget;
  readonly #writer: ItemWriter;
  readonly #late: LateTools;
  readonly #ids = new UniqueCalls();
  /** Media of the model's, which no item of its can hold, for the user's next turn to show. */
  readonly #moved: Part[] = [];
  /** Names of the tools that calls so far were made of, by call id. */
  readonly #names = new Map<string, string>();

  constructor(request: ChatRequest, target: EncodeTarget) {
    this.#request = request;
    this.#target = target;
    this.#writer = new ItemWriter(target.losses);
    this.#late = new LateTools(request, target);
    this.turns = groupByTurn(request).map((items, i) => ({ ...items, turn: request.turns[i] as Turn }));
    for (const [i, { turn, items }] of this.turns.entries())
      recordNative(turn.native, items[0]?.path ?? `messages[${i}]`, PROTOCOL, target.losses);
  }

  /** The items. An answer that the caller began is not continued: the model sees it and answers anew. */
  end(): readonly JsonObject[] {
    if (this.#request.compaction) this.#writer.item({ type: "compaction_trigger" });
    const items = this.#writer.end();
    if (items.at(-1)?.["role"] === "assistant") this.#target.losses.add("prefill", `messages[${this.turns.length - 1}]`, "semantic");
    return items;
  }

  /** Leading instructions: in as many messages as the caller made of them. */
  writeSystem(instructions: readonly string[]): void {
    const items = withoutMetadata(this.#request.system, this.#target.losses);
    for (const item of items) if (item.path !== INSTRUCTIONS) this.#writeSaid(item, this.#systemRole());
    for (const text of instructions) this.#writer.part(this.#systemRole(), INSTRUCTIONS, { type: "input_text", text });
    this.#writer.closeMessage();
  }

  /** Writes the turns from `at` up to the next border, and says where that is. */
  write(at: number): number {
    const start = this.turns[at] as PlacedTurn;
    if (start.role !== "assistant") {
      this.#writeTurn(start, undefined);
      return at + 1;
    }
    let end = at + 1;
    while (this.turns[end]?.role === "assistant") end += 1;
    const items = this.turns.slice(at, end).flatMap((turn) => turn.items);
    const calls = this.#writeStep(items);
    if (calls.length === 0) return end;
    const answered = answeringTurns(this.turns, end) as readonly PlacedTurn[];
    this.#writeAnswer(calls, answered);
    return end + answered.length;
  }

  /** What the model said in a row. @returns its calls. */
  #writeStep(items: readonly Item[]): readonly WrittenCall[] {
    const calls: WrittenCall[] = [];
    this.#ids.beginStep();
    for (const item of items) {
      const written = item.type === "tool-call" && encodeCall(item, this.#ids.call(item.id), this.#target, this.#request);
      if (written) {
        this.#names.set(item.id, item.name);
        calls.push({ call: item, written: this.#writer.item(written) });
      } else if (item.type === "reasoning") this.#writer.reasoning(encodeReasoning(item, this.#target), item.path);
      else if (item.type === "media" && !ownItem(item.native)) {
        this.#target.losses.add("media-moved", item.path, "info");
        this.#moved.push(...encodeContent(item, item.path, "input", this.#target));
      } else this.#writeSaid(item, "assistant");
    }
    this.#writer.endStep();
    return calls;
  }

  /** The results of a step, the tools that they load, then what else its turns say (rules 18, 22, 408). */
  #writeAnswer(calls: readonly WrittenCall[], turns: readonly PlacedTurn[]): void {
    const results = turns.flatMap(({ items }) => items.filter((item) => item.type === "tool-result"));
    const { paired, orphans } = pairResults(
      calls.map(({ call }) => call),
      results,
    );
    const shown: Part[] = [];
    const answered = new Map(paired.map((result, i) => [result, calls[i] as WrittenCall]));
    for (const result of results) {
      const call = answered.get(result);
      if (!call) continue;
      if (ownItem(result.native)?.["tools"] !== undefined) this.#late.brought([result]);
      const encoded = encodeResult(result, call.written, this.#target);
      this.#writer.item(encoded.item);
      if (encoded.shown.length > 0) shown.push({ type: "input_text", text: attachedText(call.call) }, ...encoded.shown);
    }
    for (const [i, call] of calls.entries()) {
      if (paired[i]) continue;
      this.#target.losses.add("missing-tool-result", call.call.path, "info");
      this.#writer.item(missingResult(call.written));
    }
    this.#load(results.filter((result) => !orphans.has(result)).flatMap(({ content }) => content));
    this.#moved.push(...shown);
    for (const turn of turns) this.#writeTurn(turn, orphans);
    this.#writeMoved("moved");
  }

  /** What a turn says besides the results that were paired. */
  #writeTurn({ role, items }: PlacedTurn, orphans: ReadonlySet<ResultItem> | undefined): void {
    const isSystem = role === "system" && this.#target.profile.systemTurns;
    for (const item of withoutMetadata(items, this.#target.losses)) {
      if (role === "user") this.#writeMoved(messageKey(item));
      if (item.type === "tool-result") {
        if (!orphans || orphans.has(item)) this.#writeOrphan(item);
      } else if (role === "system" && !isSystem) this.#writeReminder(item);
      else this.#writeSaid(item, isSystem ? this.#systemRole() : "user");
    }
    this.#writer.closeMessage();
  }

  /** A piece of content in a message of this role, or as an item. */
  #writeSaid(item: Item, role: string): void {
    if (this.#writeItem(item)) return;
    const voice = role === "assistant" ? "output" : "input";
    const beside = ownItem(item.native);
    for (const part of encodeContent(item, item.path, voice, this.#target)) this.#writer.part(role, messageKey(item), part, beside);
  }

  /** @returns whether this protocol has an item for the content, which says it. */
  #writeItem(item: Item): boolean {
    const own = this.#ownItemOf(item);
    if (own === undefined) return item.type === "tool-change" && item.change === "add" && this.#load([item]);
    if (own === "told") return true;
    this.#late.brought([item]);
    this.#writer.item(own);
    return true;
  }

  /** What this protocol has an item for; `told` when another one tells it. */
  #ownItemOf(item: Item): JsonObject | "told" | undefined {
    const own = ownItem(item.native);
    switch (item.type) {
      case "hosted-tool-call":
        return own;
      case "hosted-tool-result":
        return own ?? (ownFields(item.native) ? "told" : undefined);
      case "media":
        return own?.["type"] === "image_generation_call" ? { ...own, result: base64Of(item) } : undefined;
      case "tool-change":
        return own?.["type"] === undefined ? undefined : { role: this.#systemRole(), ...own };
      case "opaque":
        return ITEM_PATH.test(item.path) ? ownFields(item.native) : undefined;
      case "compaction":
        return this.#compaction(item);
      default:
        return undefined;
    }
  }

  #compaction(item: Item & { readonly type: "compaction" }): JsonObject | undefined {
    const { state, native, path } = item;
    if (!state || !mintedBy(state.issuer, this.#target.issuer)) return undefined;
    recordContentNative(item, path, PROTOCOL, this.#target.losses);
    return { type: "compaction", encrypted_content: state.value, ...ownItem(native) };
  }

  /** An operator's words inside the conversation, where the model takes none there (rule 17). */
  #writeReminder(item: Item): void {
    if (this.#writeItem(item)) return;
    this.#target.losses.add("system-turn-as-user", item.path, "info");
    for (const part of encodeContent(item, item.path, "input", this.#target)) {
      const { text } = part;
      this.#writer.part("user", messageKey(item), typeof text === "string" ? { ...part, text: reminder(text) } : part);
    }
  }

  /** A result whose call is not in the step before it, as text (rule 26). */
  #writeOrphan(result: ResultItem): void {
    this.#target.losses.add("orphan-tool-result", result.path, "semantic");
    const heading = orphanHeading(this.#names.get(result.callId) ?? result.callId, result.isError);
    const said = result.content.flatMap((content, i) => encodeContent(content, `${result.path}.content[${i}]`, "input", this.#target));
    for (const part of [{ type: "input_text", text: heading }, ...said]) this.#writer.part("user", messageKey(result), part);
    this.#load(result.content);
  }

  #writeMoved(key: string): void {
    for (const part of this.#moved.splice(0)) this.#writer.part("user", key, part);
  }

  /** @returns whether an item said which tools there are from here on. */
  #load(content: readonly Item[] | ResultItem["content"]): boolean {
    const item = this.#late.load(content);
    if (item) this.#writer.item(item);
    return item !== undefined;
  }

  #systemRole(): string {
    return dialectOf(this.#target).systemRole;
  }
}

/** A call and the item it became. */
interface WrittenCall {
  readonly call: CallItem;
  readonly written: JsonObject;
}

/** A path that names an item, and no part of one. */
const ITEM_PATH = /^input\[\d+\]$/;

/** Which message a part belongs to: that of its item, where the caller's protocol has items, else its turn's. */
function messageKey({ path, turn }: Item): string {
  return /^input\[\d+\]/.exec(path)?.[0] ?? `turn ${turn}`;
}

function attachedText({ name, id }: CallItem): string {
  return `Attached to the result of ${name} (${id}):`;
}

function base64Of({ source }: Item & { readonly type: "media" }): string {
  return "base64" in source ? source.base64 : "";
}
