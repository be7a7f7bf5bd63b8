/**
 * Calls that the provider made and ran itself, with what came of them, which mostly stands in the same item (A.3.1). The
 * item stays whole with the call, for OpenAI; others are told in words (rules 93, 225).
 */
import type { Content, Native } from "../../../chat/chat.ts";
import { asArray, asString, writeJson, type JsonObject } from "../../../chat/json.ts";
import { required, stringField } from "../../shared/openai-fields.ts";
import { readHostedItem, shellText, type HostedItem } from "../hosted-items.ts";
import { leftover } from "../../shared/leftover.ts";
import { PROTOCOL } from "../wire.ts";
import { withItem } from "./content-decode.ts";
import { oneItem, opaqueItem, type DecodedItem, type ItemContext } from "./item-context.ts";

/** Of a result that its call's item tells. */
const SAID: Native = { protocol: PROTOCOL, fields: {} };

/** An item that is a call, mostly with its result. Codex leaves out its id, and then its place is one. */
export function decodeRan(item: JsonObject, path: string): DecodedItem {
  const { kind, name, input, text, sources } = readHostedItem(item) as HostedItem;
  const id = stringField(item, "id", path) ?? path;
  const call = withItem({ type: "hosted-tool-call", id, kind, name, input }, item);
  const found = sources ? { sources } : {};
  const results: Content[] = text === undefined ? [] : [{ type: "hosted-tool-result", callId: id, kind, text, ...found, native: SAID }];
  return { speaker: "assistant", placed: [call, ...results].map((content) => ({ content, path })) };
}

/** A search for tools by the provider. What it found can be called from here on, as far as the request does not offer it anyway. */
export function decodeHostedSearch(item: JsonObject, path: string, context: ItemContext): DecodedItem {
  const id = stringField(item, "id", path) ?? "";
  context.hostedSearch = id;
  const input = writeJson(item["arguments"] ?? {});
  return oneItem("assistant", withItem({ type: "hosted-tool-call", id, kind: "tool-search", name: "tool_search", input }, item), path);
}

/** Nothing but its place says which search it is of. */
export function decodeHostedSearchOutput(item: JsonObject, path: string, { tools, hostedSearch: callId }: ItemContext): DecodedItem {
  const names = tools.read(asArray(item["tools"]) ?? [], `${path}.tools`, true);
  return oneItem("assistant", withItem({ type: "hosted-tool-result", callId, kind: "tool-search", text: names.join("\n") }, item), path);
}

/** Commands that ran at the provider, and, in an item of their own, what they put out. */
export function decodeHostedShell(item: JsonObject, path: string, { hostedShells }: ItemContext): DecodedItem {
  const id = required(stringField, item, "call_id", path);
  hostedShells.add(id);
  const input = writeJson(item["action"] ?? {});
  return oneItem("assistant", withItem({ type: "hosted-tool-call", id, kind: "code-execution", name: "shell", input }, item), path);
}

export function decodeHostedShellOutput(item: JsonObject, path: string): DecodedItem {
  const callId = required(stringField, item, "call_id", path);
  const text = shellText(item["output"]);
  return oneItem("assistant", withItem({ type: "hosted-tool-result", callId, kind: "code-execution", text }, item), path);
}

/** A picture that the model made; one that did not come to be means something to OpenAI only. */
export function decodeImageCall(item: JsonObject, path: string): DecodedItem {
  const base64 = asString(item["result"]) ?? "";
  if (base64 === "") return opaqueItem("assistant", item, "image_generation_call", path);
  const mediaType = `image/${asString(item["output_format"]) ?? "png"}`;
  const image: Content = { type: "media", kind: "image", mediaType, source: { base64 } };
  return oneItem("assistant", withItem(image, leftover(item, ["result"])), path);
}
