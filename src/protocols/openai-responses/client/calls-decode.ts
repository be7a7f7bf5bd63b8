/** Calls of tools that the client runs, and what they gave (A.3.1; rules 66, 68, 90, 417, 418, 438). */
import type { Content } from "../../../chat/chat.ts";
import { asObject, writeJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { arrayField, objectField, required, stringField } from "../../shared/openai-fields.ts";
import { shellText } from "../hosted-items.ts";
import { localShellInput } from "../local-shell.ts";
import { leftover } from "../../shared/leftover.ts";
import { decodeParts, withItem, type Placed } from "./content-decode.ts";
import { oneItem, type DecodedItem, type ItemContext, type ItemDecoder } from "./item-context.ts";

/** A function's or free-text tool's call. The SDK adds what it has parsed of the arguments. */
export function decodeCall(kind: "function" | "custom"): ItemDecoder {
  const key = kind === "function" ? "arguments" : "input";
  const known = ["type", "call_id", "name", "namespace", key, "parsed_arguments"];
  return (item, path, { carried, tools }) => {
    const namespace = stringField(item, "namespace", path);
    const name = required(stringField, item, "name", path);
    const call: Content = {
      type: "tool-call",
      kind,
      id: required(stringField, item, "call_id", path),
      name: tools.nameOf({ name, ...(namespace !== undefined && { namespace }) }),
      input: stringField(item, key, path) ?? "",
    };
    return oneItem("assistant", carried.attach(withItem(call, leftover(item, known))), path);
  };
}

/**
 * The call of a typed tool: what it is to do is its input. Old ones are named by their item's id.
 * @param key where that stands.
 * @param tool the type of the tool.
 */
export function decodeTypedCall(key: string, tool: string): ItemDecoder {
  return (item, path, { carried, tools }) => {
    const input = withoutNulls(item[key] ?? {});
    const call: Content = {
      type: "tool-call",
      kind: "function",
      id: stringField(item, "call_id", path) ?? required(stringField, item, "id", path),
      name: tools.nameOfTyped(tool),
      input: writeJson(tool === "local_shell" ? localShellInput(input) : input),
    };
    return oneItem("assistant", carried.attach(withItem(call, leftover(item, ["call_id", key]))), path);
  };
}

/** An item tells what was not said as `null` (rule 208); the model is to see its call as it made it. */
function withoutNulls(input: JsonValue): JsonValue {
  const fields = asObject(input);
  return fields ? leftover(fields, []) : input;
}

/** A computer does one thing, or several. */
export function decodeComputerCall(item: JsonObject, path: string, context: ItemContext): DecodedItem {
  return decodeTypedCall(Array.isArray(item["actions"]) ? "actions" : "action", "computer")(item, path, context);
}

function result(item: JsonObject, path: string, content: readonly Content[], own: JsonObject, isError = false): DecodedItem {
  const callId = required(stringField, item, "call_id", path);
  return oneItem("result", withItem({ type: "tool-result", callId, content, isError }, own), path);
}

/** What a function gave: a text, or a list of parts. */
export function decodeOutput(item: JsonObject, path: string): DecodedItem {
  const content = decodeParts(item["output"], `${path}.output`).map((part) => part.content);
  return result(item, path, content, leftover(item, ["type", "call_id", "output"]));
}

/** What a free-text tool gave: texts in a list are one text in pieces (rule 438). */
export function decodeCustomOutput(item: JsonObject, path: string): DecodedItem {
  const placed = decodeParts(item["output"], `${path}.output`);
  const joined = joinTexts(placed);
  const own = leftover(item, ["type", "call_id", "output"]);
  const divided = joined.length < placed.length && item["output"] !== undefined ? { output: item["output"] } : {};
  return result(item, path, joined, { ...own, ...divided });
}

function joinTexts(placed: readonly Placed[]): Content[] {
  const joined: Content[] = [];
  for (const { content } of placed) {
    const last = joined.at(-1);
    if (content.type !== "text" || last?.type !== "text") joined.push(content);
    else joined[joined.length - 1] = { ...last, text: last.text + content.text };
  }
  return joined;
}

/** Its output is named by the call's id, or by nothing but its own. */
export function decodeLocalShellOutput(item: JsonObject, path: string): DecodedItem {
  const callId = stringField(item, "call_id", path) ?? required(stringField, item, "id", path);
  const text = stringField(item, "output", path) ?? "";
  return result({ call_id: callId }, path, textOf(text), leftover(item, ["call_id", "output"]));
}

/** Each command's outputs and how it ended; the form that others do not have stays as it is. */
export function decodeShellOutput(item: JsonObject, path: string): DecodedItem {
  return result(item, path, textOf(shellText(item["output"])), leftover(item, ["call_id"]));
}

/** Whether a patch could be applied, and what its tool says to that. */
export function decodePatchOutput(item: JsonObject, path: string): DecodedItem {
  const text = stringField(item, "output", path) ?? "";
  return result(item, path, textOf(text), leftover(item, ["call_id", "output"]), item["status"] === "failed");
}

/** What a computer shows. */
export function decodeComputerOutput(item: JsonObject, path: string): DecodedItem {
  const output = required(objectField, item, "output", path);
  const content = decodeParts([{ type: "computer_screenshot", ...output }], `${path}.output`).map((part) => part.content);
  return result(item, path, content, leftover(item, ["call_id"]));
}

/** What a search for tools found: from here on they can be called (rules 408, 417). */
export function decodeSearchOutput(item: JsonObject, path: string, { tools }: ItemContext): DecodedItem {
  const names = tools.read(arrayField(item, "tools", path) ?? [], `${path}.tools`, true);
  const content = names.map((name): Content => ({ type: "tool-reference", name }));
  return result(item, path, content, leftover(item, ["call_id"]));
}

function textOf(text: string): Content[] {
  return text === "" ? [] : [{ type: "text", text }];
}
