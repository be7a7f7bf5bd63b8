/**
 * The body of a relayed request: every byte as it came, but for the model's name and state that the target did not mint
 * (rules 1–3, 92, 131, 134, 439). Reasoning of another account or model goes, with the ids of what it led to, which would
 * ask for it; an envelope around the target's own opens. Each item is always judged alike.
 */
import { asObject, tryParseJson, writeJson, type JsonObject } from "../../../chat/json.ts";
import { ENVELOPE_PREFIX, mintedBy, unpackState, type Issuer, type OpaqueState } from "../../../chat/state.ts";
import { lastStrings } from "../../../wire/json-find.ts";
import { removeElements, scanArray, scanMembers, spliceSpans, type Edit, type Span } from "../../../wire/json-scan.ts";
import type { RelayTarget } from "../../protocol.ts";
import { scanned } from "../../shared/body-peek.ts";
import { compactionText } from "../../shared/compaction.ts";
import { REFUSALS } from "../../shared/openai-peek.ts";
import { readReasoningItem, shownReasoning, unpackReasoning, writeReasoningItem } from "../reasoning-state.ts";
import { MINTED_FIELDS } from "./minted.ts";

/** Longer state is nobody's. */
const MAX_STATE_BYTES = 4_194_304;

/** Fields of items that OpenAI's own clients add for it, and nobody else is to see (rule 439). */
const VENDOR_FIELDS = ["internal_chat_message_metadata_passthrough"] as const;

const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

/** @throws GatewayError `invalid-request` when what had to be searched is not JSON. */
export function relayBody(body: Buffer, members: ReadonlyMap<string, Span>, target: RelayTarget): Buffer {
  const edits: Edit[] = [];
  const model = members.get("model");
  const text = JSON.stringify(target.model);
  if (model && body.toString("utf8", model.start, model.end) !== text) edits.push({ ...model, text });
  const input = members.get("input");
  if (input && body[input.start] === OPEN_BRACKET && isTelling(body, target)) {
    edits.push(...scanned(() => itemEdits(body, input, target), REFUSALS));
  }
  return edits.length === 0 ? body : spliceSpans(body, edits);
}

/** Who minted the state in a body, from the newest on. */
export function* stateIssuers(body: Buffer, { sealer, mintedBy }: Pick<RelayTarget, "sealer" | "mintedBy">): Iterable<Issuer> {
  for (const value of lastStrings(body, MINTED_FIELDS, MAX_STATE_BYTES)) {
    const issuer = value.startsWith(ENVELOPE_PREFIX) ? sealer.open(value)?.state.issuer : mintedBy(value);
    if (issuer) yield issuer;
  }
}

/** Whether there may be something in the items to change. */
function isTelling(body: Buffer, target: RelayTarget): boolean {
  if (body.includes(ENVELOPE_PREFIX) || refusedFields(target).some((field) => body.includes(`"${field}"`))) return true;
  if (target.knowsOwnOnly) return false;
  for (const value of lastStrings(body, MINTED_FIELDS, MAX_STATE_BYTES)) if (isForeign(value, target)) return true;
  return false;
}

/** Whether state without an envelope is known to be somebody else's. */
function isForeign(value: string, target: RelayTarget): boolean {
  const issuer = target.mintedBy(value);
  return issuer !== undefined && !mintedBy(issuer, target.issuer);
}

function refusedFields({ relayedFields = [] }: RelayTarget): readonly string[] {
  return VENDOR_FIELDS.filter((field) => !relayedFields.includes(field));
}

function itemEdits(body: Buffer, input: Span, target: RelayTarget): Edit[] {
  const elements = scanArray(body, input);
  const cleaner = new ItemCleaner(target);
  const edits: Edit[] = [];
  const removed: number[] = [];
  for (const [i, span] of elements.entries()) {
    if (body[span.start] !== OPEN_BRACE) continue;
    const change = cleaner.judge(new ScannedItem(body, span), `input[${i}]`);
    if (change === "remove") removed.push(i);
    else if (change) edits.push({ ...span, text: writeJson(change(parsed(body, span))) });
  }
  return [...edits, ...removeElements(elements, removed)];
}

function parsed(body: Buffer, { start, end }: Span): JsonObject {
  return asObject(tryParseJson(body.toString("utf8", start, end))) ?? {};
}

/** Strings of an item that is not parsed. */
class ScannedItem {
  readonly #body: Buffer;
  readonly #members: ReadonlyMap<string, Span>;

  constructor(body: Buffer, span: Span) {
    this.#body = body;
    this.#members = scanMembers(body, span);
  }

  has(key: string): boolean {
    return this.#members.has(key);
  }

  string(key: string): string {
    const span = this.#members.get(key);
    if (!span || this.#body[span.start] !== QUOTE) return "";
    return JSON.parse(this.#body.toString("utf8", span.start, span.end)) as string;
  }
}

type Change = (item: JsonObject) => JsonObject;

/** Follows the items of a request: what one loses may ask something of those behind it. */
class ItemCleaner {
  readonly #target: RelayTarget;
  readonly #fields: readonly string[];
  /** Whether reasoning was taken out of the answer under way. */
  #unpaired = false;

  constructor(target: RelayTarget) {
    this.#target = target;
    this.#fields = refusedFields(target);
  }

  /** What has to change of an item; `undefined`: nothing. */
  judge(item: ScannedItem, path: string): Change | "remove" | undefined {
    const type = item.string("type") || "message";
    if (!isModels(item, type)) this.#unpaired = false;
    const state =
      type === "reasoning" || type === "compaction" ? this.#judgeState(item.string("encrypted_content"), type, path) : undefined;
    if (state === "remove") {
      this.#unpaired ||= type === "reasoning";
      if (type === "reasoning") this.#target.losses.add("foreign-reasoning", path, "info");
      else this.#target.losses.add("compaction-state", path, "semantic");
      return "remove";
    }
    const gone = [...this.#fields.filter((field) => item.has(field)), ...(this.#isMisnamed(item, type) ? ["id"] : [])];
    if (gone.length === 0) return state;
    return (whole) => without(state ? state(whole) : whole, gone);
  }

  #judgeState(sealed: string, type: string, path: string): Change | "remove" | undefined {
    if (!sealed.startsWith(ENVELOPE_PREFIX)) return sealed !== "" && isForeign(sealed, this.#target) ? "remove" : undefined;
    const opened = this.#target.sealer.open(sealed);
    if (opened?.binds !== "self") return "remove";
    const { state, text } = unpackState(opened.state);
    if (!mintedBy(state.issuer, this.#target.issuer)) {
      return type === "compaction" && text !== "" ? this.#sayByUser(opened.state, path) : "remove";
    }
    if (type !== "reasoning") return (item) => ({ ...item, encrypted_content: state.value });
    // The very item that the target wrote; what stood around its state was ours.
    return (item) => writeReasoningItem(unpackReasoning(state, shownReasoning(readReasoningItem(item)) || text), false);
  }

  /** A summary that can be told in words, where the target cannot read it (rule 399). */
  #sayByUser({ text = "", ...state }: OpaqueState, path: string): Change {
    const summary = { type: "compaction", text, ...(state.value !== "" && { state }) } as const;
    const said = compactionText(summary, path, this.#target.losses);
    return () => ({ type: "message", role: "user", content: [{ type: "input_text", text: said }] });
  }

  /** Whether its id would be looked for in vain, or ask for reasoning that is gone. */
  #isMisnamed(item: ScannedItem, type: string): boolean {
    const id = item.string("id");
    return id !== "" && type !== "item_reference" && (this.#unpaired || isForeign(id, this.#target));
  }
}

/** Whether the model said it. */
function isModels(item: ScannedItem, type: string): boolean {
  return type === "message" ? item.string("role") === "assistant" : type === "reasoning" || type.endsWith("_call");
}

function without(item: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(item).filter(([key]) => !keys.includes(key)));
}
