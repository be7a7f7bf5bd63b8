/**
 * What proves reasoning of a Responses server, so that the very item it sent goes back to it (A.3.2; rules 133, 161). Other
 * clients keep the text as one; the state keeps the rest of the item, and where that text is to be cut again.
 */
import { asArray, asNumber, asObject, asString, tryParseJson, writeJson, type JsonObject, type JsonValue } from "../../chat/json.ts";
import type { Issuer, OpaqueState } from "../../chat/state.ts";

/** Between the parts of reasoning that is shown as one text (rule 161). */
export const PART_SEPARATOR = "\n\n";

/** A reasoning item but for its type; every field is as the server wrote it. */
export interface ReasoningItem {
  readonly id?: string;
  readonly summary: readonly string[];
  /** What it thought word for word, which only some servers tell. */
  readonly content?: readonly string[];
  readonly encrypted?: string;
}

/** The parts of an item on the wire. */
export function readReasoningItem(item: JsonObject): ReasoningItem {
  const id = asString(item["id"]);
  const content = textsOf(item["content"]);
  const encrypted = asString(item["encrypted_content"]) ?? "";
  return {
    ...(id !== undefined && { id }),
    summary: textsOf(item["summary"]),
    ...(content.length > 0 && { content }),
    ...(encrypted !== "" && { encrypted }),
  };
}

/** The item on the wire. Its id is left out unless asked for: with one, OpenAI wants that of the item behind it too. */
export function writeReasoningItem({ id, summary, content, encrypted }: ReasoningItem, withId: boolean): JsonObject {
  return {
    type: "reasoning",
    ...(withId && id !== undefined && { id }),
    summary: summary.map((text) => ({ type: "summary_text", text })),
    ...(content && { content: content.map((text) => ({ type: "reasoning_text", text })) }),
    ...(encrypted !== undefined && { encrypted_content: encrypted }),
  };
}

/** What is shown of an item: its summary, and only where it has none its content. */
export function shownReasoning({ summary, content = [] }: ReasoningItem): string {
  const summed = summary.join(PART_SEPARATOR);
  return summed === "" ? content.join(PART_SEPARATOR) : summed;
}

/**
 * State for an item of which `shown` is shown; `undefined` when there is nothing to prove.
 * @param shown as {@link shownReasoning} gives it, or what streamed instead of it.
 */
export function packReasoning(item: ReasoningItem, shown: string, issuer: Issuer): OpaqueState | undefined {
  const { id, summary, content, encrypted } = item;
  if (encrypted === undefined && content === undefined) return undefined;
  const isShown = (texts: readonly string[]): boolean => texts.join(PART_SEPARATOR) === shown;
  const summaryShown = isShown(summary);
  const value = writeJson({
    ...(id !== undefined && { id }),
    ...(encrypted !== undefined && { encrypted }),
    summary: summaryShown ? summary.map(lengthOf) : summary,
    ...(content && { content: !summaryShown && isShown(content) ? content.map(lengthOf) : content }),
  });
  if (encrypted !== undefined) return { issuer, kind: "encrypted-reasoning", value };
  // Any account of the platform may read what is plain text.
  const { platform, model } = issuer;
  return { issuer: { platform, ...(model !== undefined && { model }) }, kind: "thinking", value };
}

/** The item that state proves. @param shown the text that came back with it; a changed one counts as the whole summary. */
export function unpackReasoning({ kind, value }: OpaqueState, shown: string): ReasoningItem {
  const packed = value.startsWith("{") ? asObject(tryParseJson(value)) : undefined;
  if (!packed) return { summary: shown === "" ? [] : [shown], ...(isRaw(kind, value) && { encrypted: value }) };
  const id = asString(packed["id"]);
  const encrypted = asString(packed["encrypted"]);
  const summary = cut(packed["summary"], shown);
  const content = packed["content"] === undefined ? undefined : cut(packed["content"], shown);
  return {
    ...(id !== undefined && { id }),
    summary: summary ?? (shown === "" ? [] : [shown]),
    ...(content && { content }),
    ...(encrypted !== undefined && { encrypted }),
  };
}

/** Whether it is encrypted content as clients of this very protocol send it; what the same server minted in another is a list. */
function isRaw(kind: OpaqueState["kind"], value: string): boolean {
  return kind === "encrypted-reasoning" && !value.startsWith("[");
}

function textsOf(value: JsonValue | undefined): string[] {
  return (asArray(value) ?? []).flatMap((part) => asString(asObject(part)?.["text"]) ?? []);
}

function lengthOf(text: string): number {
  return text.length;
}

/** Texts that were kept, or pieces of these lengths; `undefined` when the text is not what they were measured on. */
function cut(value: JsonValue | undefined, shown: string): string[] | undefined {
  const parts = asArray(value) ?? [];
  let at = 0;
  const texts = parts.map((part) => {
    const length = asNumber(part);
    if (length === undefined) return asString(part) ?? "";
    const text = shown.slice(at, at + length);
    at += length + PART_SEPARATOR.length;
    return text;
  });
  const measured = parts.some((part) => typeof part === "number");
  return !measured || texts.join(PART_SEPARATOR) === shown ? texts : undefined;
}
