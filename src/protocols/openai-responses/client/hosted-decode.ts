/**
 * Calls that the provider made and ran itself, with what came of them, which mostly stands in the same item (A.3.1). The
 * item stays whole with the call, for OpenAI; others are told in words (rules 93, 225).
 */
import type { Citation, Content, HostedToolKind, Native } from "../../../chat/chat.ts";
import { asArray, asObject, asString, tryParseJson, writeJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { required, stringField } from "../../shared/openai-fields.ts";
import { leftover } from "../native.ts";
import { PROTOCOL } from "../wire.ts";
import { shellText } from "./calls-decode.ts";
import { withItem } from "./content-decode.ts";
import { oneItem, opaqueItem, type DecodedItem, type ItemContext, type ItemDecoder } from "./item-context.ts";

interface Ran {
  readonly kind: HostedToolKind;
  readonly name: string;
  readonly input: JsonObject;
  /** Absent: the item does not say what came of it. */
  readonly text?: string;
  readonly sources?: readonly Citation[];
}

/** Of a result that its call's item tells. */
const SAID: Native = { protocol: PROTOCOL, fields: {} };

/** An item that is a call with its result. */
function ranItem(read: (item: JsonObject) => Ran): ItemDecoder {
  return (item, path) => {
    const { kind, name, input, text, sources = [] } = read(item);
    const id = required(stringField, item, "id", path);
    const call = withItem({ type: "hosted-tool-call", id, kind, name, input: writeJson(input) }, item);
    const found = sources.length > 0 ? { sources } : {};
    const results: Content[] = text === undefined ? [] : [{ type: "hosted-tool-result", callId: id, kind, text, ...found, native: SAID }];
    return { speaker: "assistant", placed: [call, ...results].map((content) => ({ content, path })) };
  };
}

export const decodeWebSearch = ranItem((item) => {
  const action = asObject(item["action"]) ?? {};
  const url = asString(action["url"]);
  if (action["type"] !== "search" && url !== undefined) {
    const pattern = asString(action["pattern"]);
    return { kind: "web-fetch", name: "web_fetch", input: { url, ...(pattern !== undefined && { pattern }) } };
  }
  const sources = (asArray(action["sources"]) ?? []).flatMap((source): Citation[] => {
    const found = asString(asObject(source)?.["url"]);
    return found === undefined ? [] : [{ url: found }];
  });
  const found = sources.length > 0 ? { text: sources.map((source) => source.url).join("\n"), sources } : {};
  return { kind: "web-search", name: "web_search", input: { query: queryOf(action) }, ...found };
});

function queryOf({ query, queries }: JsonObject): string {
  const several = (asArray(queries) ?? []).flatMap((one) => asString(one) ?? []);
  return several.length > 0 ? several.join("; ") : (asString(query) ?? "");
}

export const decodeFileSearch = ranItem((item) => {
  const results = asArray(item["results"])?.map((found) => {
    const { filename, text } = asObject(found) ?? {};
    return [asString(filename), asString(text)].filter((part) => part !== undefined).join(": ");
  });
  return {
    kind: "other",
    name: "file_search",
    input: { query: queryOf(item) },
    ...(results && results.length > 0 && { text: results.join("\n") }),
  };
});

export const decodeCodeInterpreter = ranItem((item) => {
  const outputs = asArray(item["outputs"])?.map((output) => asString(asObject(output)?.["logs"]) ?? "[image]");
  return {
    kind: "code-execution",
    name: "code_interpreter",
    input: { code: asString(item["code"]) ?? "" },
    ...(outputs && { text: outputs.join("\n") }),
  };
});

export const decodeMcpCall = ranItem((item) => {
  const text = asString(item["output"]) ?? (item["error"] === undefined || item["error"] === null ? undefined : errorText(item["error"]));
  return {
    kind: "mcp",
    name: asString(item["name"]) ?? "mcp",
    input: asObject(tryParseJson(asString(item["arguments"]) ?? "")) ?? { arguments: item["arguments"] ?? "" },
    ...(text !== undefined && { text }),
  };
});

function errorText(error: JsonValue): string {
  return `Error: ${asString(error) ?? asString(asObject(error)?.["message"]) ?? writeJson(error)}`;
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
