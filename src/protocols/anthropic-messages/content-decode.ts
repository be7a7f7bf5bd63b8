/**
 * Content blocks to neutral content, for histories and answers alike. Thinking is not here: what it becomes depends on
 * who is asked (`state.ts`). A block of an unknown type, or of a known one in an unknown form, becomes opaque and stays whole.
 */
import type { Citation, Content, MediaContent, MediaSource, TextContent, ToolChangeContent } from "../../chat/chat.ts";
import { asObject, asString, writeJson, type JsonObject, type JsonValue } from "../../chat/json.ts";
import { arrayField, booleanField, objectAt, objectField, refuse, required, stringField } from "./fields.ts";
import { decodeHostedResult } from "./hosted.ts";
import { isMintedHostedId, unescapeCallId } from "./ids.ts";
import { annotations, leftover, nativeOf } from "./native.ts";
import { HOSTED_CALL_KINDS, HOSTED_RESULT_KINDS, PROTOCOL } from "./wire.ts";

/**
 * One block.
 * @throws GatewayError `invalid-request` when a field it cannot do without is missing or of another type.
 */
export function decodeBlock(block: JsonObject, path: string): Content {
  const type = required(stringField, block, "type", path);
  if (HOSTED_RESULT_KINDS.has(type)) return decodeHostedResult(block, type) ?? opaque(block, type);
  return DECODERS.get(type)?.(block, path) ?? opaque(block, type);
}

/** A `content` field: a string is one text block (rule 406), an empty one none. */
function decodeContent(value: JsonValue | undefined, path: string): Content[] {
  if (value === undefined || value === null || value === "") return [];
  if (typeof value === "string") return [{ type: "text", text: value }];
  if (!Array.isArray(value)) return refuse(path, "Input should be a valid string or list");
  return value.map((block: JsonValue, i) => decodeBlock(objectAt(block, `${path}[${i}]`), `${path}[${i}]`));
}

/** A block nobody else has a word for. */
export function opaque(block: JsonObject, name: string): Content {
  return { type: "opaque", name, native: { protocol: PROTOCOL, fields: block } };
}

type BlockDecoder = (block: JsonObject, path: string) => Content | undefined;

const DECODERS: ReadonlyMap<string, BlockDecoder> = new Map<string, BlockDecoder>([
  ["text", decodeText],
  ["image", (block, path) => decodeMedia(block, path, "image")],
  ["document", (block, path) => decodeMedia(block, path, "document")],
  ["search_result", decodeSearchResult],
  ["tool_use", decodeToolUse],
  ["tool_result", decodeToolResult],
  ["tool_reference", decodeToolReference],
  ["server_tool_use", decodeHostedCall],
  ["mcp_tool_use", decodeHostedCall],
  ["compaction", decodeCompaction],
  ["tool_addition", (block) => decodeToolChange(block, "add")],
  ["tool_removal", (block) => decodeToolChange(block, "remove")],
]);

function decodeText(block: JsonObject, path: string): TextContent & Content {
  const citations = arrayField(block, "citations", path)?.map((citation, i) =>
    decodeCitation(objectAt(citation, `${path}.citations[${i}]`)),
  );
  return {
    type: "text",
    text: required(stringField, block, "text", path),
    ...(citations && { citations }),
    ...annotations(block, ["text", "citations"]),
  };
}

/** A citation, whole in `native`. One we made up from another vendor's has an empty index and is not Claude's to read again. */
export function decodeCitation(citation: JsonObject): Citation {
  const url = asString(citation["url"]) ?? asString(citation["source"]);
  const title = asString(citation["title"]) ?? asString(citation["document_title"]);
  const citedText = asString(citation["cited_text"]);
  return {
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(citedText !== undefined && { citedText }),
    ...(citation["encrypted_index"] !== "" && nativeOf(citation)),
  };
}

function decodeMedia(block: JsonObject, path: string, kind: "image" | "document"): (MediaContent & Content) | undefined {
  const source = required(objectField, block, "source", path);
  const read = decodeSource(source, `${path}.source`);
  if (!read) return undefined;
  const mediaType = asString(source["media_type"]);
  const title = stringField(block, "title", path);
  const context = stringField(block, "context", path);
  const rest = leftover(source, ["type", "media_type", read.key]);
  const kept = Object.keys(rest).length > 0 ? { source: rest } : undefined;
  const notes = annotations(block, ["source", "title", "context"], kept);
  return {
    type: "media",
    kind,
    source: read.source,
    ...(mediaType !== undefined && { mediaType }),
    ...(title !== undefined && { title }),
    ...(context !== undefined && { context }),
    ...notes,
    // A file id means something to the provider that gave it only: the mark says whose it is.
    ...("fileId" in read.source && !notes.native && { native: { protocol: PROTOCOL, fields: {} } }),
  };
}

function decodeSource(source: JsonObject, path: string): { source: MediaSource; key: string } | undefined {
  switch (required(stringField, source, "type", path)) {
    case "base64":
      return { source: { base64: required(stringField, source, "data", path) }, key: "data" };
    case "url":
      return { source: { url: required(stringField, source, "url", path) }, key: "url" };
    case "file":
      return { source: { fileId: required(stringField, source, "file_id", path) }, key: "file_id" };
    case "text":
      return { source: { text: required(stringField, source, "data", path) }, key: "data" };
    case "content":
      return { source: { content: decodeContent(source["content"], `${path}.content`) }, key: "content" };
    default:
      return undefined;
  }
}

function decodeSearchResult(block: JsonObject, path: string): Content {
  const content = required(arrayField, block, "content", path).map((part, i) => {
    const at = `${path}.content[${i}]`;
    return decodeText(objectAt(part, at), at);
  });
  return {
    type: "search-result",
    title: required(stringField, block, "title", path),
    source: required(stringField, block, "source", path),
    content,
    ...annotations(block, ["title", "source", "content"]),
  };
}

function decodeToolUse(block: JsonObject, path: string): Content {
  return {
    type: "tool-call",
    kind: "function",
    id: unescapeCallId(required(stringField, block, "id", path)),
    name: required(stringField, block, "name", path),
    input: writeJson(required(objectField, block, "input", path)),
    ...annotations(block, ["id", "name", "input"]),
  };
}

function decodeToolResult(block: JsonObject, path: string): Content {
  const isError = booleanField(block, "is_error", path) ?? false;
  return {
    type: "tool-result",
    callId: unescapeCallId(required(stringField, block, "tool_use_id", path)),
    content: decodeContent(block["content"], `${path}.content`),
    isError,
    // Said or not, "no error" is part of the bytes that Claude binds thinking to.
    ...annotations(block, ["tool_use_id", "content", "is_error"], block["is_error"] === false ? { is_error: false } : undefined),
  };
}

function decodeToolReference(block: JsonObject, path: string): Content {
  return { type: "tool-reference", name: required(stringField, block, "tool_name", path), ...annotations(block, ["tool_name"]) };
}

function decodeHostedCall(block: JsonObject, path: string): Content {
  const id = required(stringField, block, "id", path);
  const name = required(stringField, block, "name", path);
  return {
    type: "hosted-tool-call",
    id,
    kind: block["type"] === "mcp_tool_use" ? "mcp" : (HOSTED_CALL_KINDS.get(name) ?? "other"),
    name,
    input: writeJson(required(objectField, block, "input", path)),
    ...annotations(block, ["id", "name", "input"], isMintedHostedId(id) ? undefined : { type: block["type"] as string }),
  };
}

function decodeCompaction(block: JsonObject, path: string): Content {
  const text = stringField(block, "content", path);
  const value = stringField(block, "encrypted_content", path);
  return {
    type: "compaction",
    ...(text !== undefined && { text }),
    ...(value !== undefined && { state: { issuer: { platform: "anthropic" }, kind: "compaction", value } }),
    ...annotations(block, ["content", "encrypted_content"]),
  };
}

function decodeToolChange(block: JsonObject, change: ToolChangeContent["change"]): Content | undefined {
  const tool = asObject(block["tool"]);
  const name = asString(tool?.["name"]) ?? asString(asObject(tool?.["definition"])?.["name"]);
  if (!tool || name === undefined) return undefined;
  const plain = tool["type"] === "tool_reference" && Object.keys(tool).length === 2;
  return { type: "tool-change", change, tools: [name], ...annotations(block, ["tool"], plain ? undefined : { tool }) };
}
