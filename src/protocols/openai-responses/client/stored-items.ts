/** Items as they are kept, written out again, and listed (A.3.2). */
import { asArray, asObject, asString, parseJson, writeJson, type JsonObject, type JsonText, type JsonValue } from "../../../chat/json.ts";
import type { KeptItem, NewId } from "../../stateful.ts";
import { MAX_ID_CHARS } from "./stored-ids.ts";

/** What ids of items begin with, by type; OpenAI's own do. */
const ID_PREFIXES: ReadonlyMap<string, string> = new Map([
  ["message", "msg"],
  ["reasoning", "rs"],
  ["function_call", "fc"],
  ["function_call_output", "fco"],
  ["custom_tool_call", "ctc"],
  ["custom_tool_call_output", "ctco"],
]);

/** Items that may come without an id. With one, an upstream looks for an item that it may never have had, or wants what stood before it. */
const WITHOUT_ID: ReadonlySet<string> = new Set([
  "message",
  "reasoning",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
  "computer_call_output",
  "tool_search_call",
  "tool_search_output",
  "additional_tools",
  "shell_call",
  "shell_call_output",
  "apply_patch_call",
  "apply_patch_call_output",
  "mcp_approval_response",
  "compaction",
]);

/** An item that a caller says, as it is kept. @param id its own; absent or empty: it gets one. */
export function inputItem(text: JsonText, id: string | undefined, newId: NewId): KeptItem {
  const hasId = id !== undefined && id !== "";
  return { id: hasId ? id : `${ID_PREFIXES.get(typeOf(itemOf(text))) ?? "item"}_${newId()}`, part: "input", text };
}

/** An item of an answer, as it is kept: by an id of ours where its own is too long to be one. */
export function outputItem(item: JsonObject, newId: NewId): KeptItem {
  const id = asString(item["id"]) ?? "";
  return { ...inputItem(writeJson(item), id.length <= MAX_ID_CHARS ? id : undefined, newId), part: "output" };
}

/** Whether reasoning brings its state along; other items have none. */
export function hasState(text: JsonText): boolean {
  const item = itemOf(text);
  return typeOf(item) !== "reasoning" || (asString(item["encrypted_content"]) ?? "") !== "";
}

/** How many items at the beginning a summary stands for that was asked for behind them; 0 where none was (rule 399). */
export function compactedTo(items: readonly JsonText[]): number {
  const isOf = (item: JsonText | undefined, type: string): boolean => item?.includes(`"${type}"`) === true && typeOf(itemOf(item)) === type;
  return items.findLastIndex((item, i) => isOf(item, "compaction_trigger") && isOf(items[i + 1], "compaction")) + 1;
}

/** The item as whoever does not know its id is told it. */
export function withoutId(text: JsonText): JsonText {
  const { id, ...rest } = itemOf(text);
  return id === undefined || !WITHOUT_ID.has(typeOf(rest)) ? text : writeJson(rest);
}

/** The item as lists show it: with its id, and a message with its type, its parts and its status. */
export function shownItem({ id, part, text }: KeptItem, showsState: boolean): JsonObject {
  const item = showsState ? itemOf(text) : withoutState(itemOf(text));
  if (typeOf(item) !== "message") return { ...item, id };
  const { type: _type, id: _id, ...rest } = item;
  const said = part === "output" || item["role"] === "assistant" ? "output_text" : "input_text";
  return { type: "message", id, status: "completed", ...rest, content: shownParts(item["content"], said) };
}

/** Without the opaque state of reasoning. */
export function withoutState(item: JsonObject): JsonObject {
  const { encrypted_content, ...rest } = item;
  return typeOf(item) === "reasoning" && encrypted_content !== undefined ? rest : item;
}

function shownParts(content: JsonValue | undefined, type: string): JsonValue {
  const text = asString(content);
  if (text === undefined) return asArray(content) ?? [];
  return [type === "output_text" ? { type, text, annotations: [] } : { type, text }];
}

/** A message may leave its type out. */
function typeOf(item: JsonObject): string {
  return asString(item["type"]) ?? "message";
}

function itemOf(text: JsonText): JsonObject {
  return asObject(parseJson(text)) ?? {};
}
