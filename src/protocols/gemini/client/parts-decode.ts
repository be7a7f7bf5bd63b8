/**
 * Single parts of a client's history to neutral content (dossier A.4.2, B.10). Calls, their results and thoughts are not
 * here: what they become depends on what stands around them (`contents-decode.ts`). A part of an unknown kind stays whole.
 */
import type { Content, HostedToolKind, MediaContent, MediaSource } from "../../../chat/chat.ts";
import { asObject, asString, writeJson, type JsonObject } from "../../../chat/json.ts";
import { message, messageField, refuse, stringField } from "../fields.ts";
import { leftover } from "../../shared/leftover.ts";
import { nativeOf } from "../native.ts";

/** Files that only Google can read (rule 171). */
const GOOGLES_FILE = /^(?:gs:\/\/|https:\/\/generativelanguage\.googleapis\.com\/)/;

/**
 * A part with `inlineData` or `fileData`.
 * @throws GatewayError `invalid-request`, naming the field.
 */
export function decodeMediaPart(part: JsonObject, path: string): Content | undefined {
  const key = part["inlineData"] === undefined || part["inlineData"] === null ? "fileData" : "inlineData";
  const blob = messageField(part, key, path);
  if (!blob || part["thought"] === true) return undefined;
  const at = `${path}.${key}`;
  const mediaType = stringField(blob, "mimeType", at);
  const title = stringField(blob, "displayName", at);
  const data = key === "inlineData" ? bytesOf(blob, at) : addressOf(blob, at);
  const rest = leftover(blob, ["mimeType", "data", "fileUri"]);
  const { level, ...otherResolution } = asObject(part["mediaResolution"]) ?? {};
  const detail = typeof level === "string" && Object.keys(otherResolution).length === 0 ? DETAILS.get(level) : undefined;
  const source = key === "inlineData" ? inlineSource(data, mediaType) : GOOGLES_FILE.test(data) ? { fileId: data } : { url: data };
  const kept = {
    ...leftover(part, [key, "thoughtSignature", ...(detail ? ["mediaResolution"] : [])]),
    ...(Object.keys(rest).length > 0 && { [key]: rest }),
  };
  return {
    type: "media",
    kind: mediaKind(mediaType),
    ...(mediaType !== undefined && { mediaType }),
    source,
    ...(title !== undefined && { title }),
    ...(detail && { detail }),
    // A file's name means something to Google only: the mark says whose it is.
    ...("fileId" in source ? { native: { protocol: "gemini" as const, fields: kept } } : nativeOf(kept)),
  };
}

/** The levels that others have a word for (rule 179). */
const DETAILS: ReadonlyMap<string, NonNullable<MediaContent["detail"]>> = new Map([
  ["MEDIA_RESOLUTION_LOW", "low"],
  ["MEDIA_RESOLUTION_HIGH", "high"],
] as const);

function bytesOf(blob: JsonObject, path: string): string {
  const data = stringField(blob, "data", path) ?? "";
  const at = `${path}.data`;
  if (data === "") refuse(at, `* GenerateContentRequest.${at}: the data must not be empty.`);
  if (data.startsWith("data:"))
    refuse(at, `Invalid value at '${at}' (TYPE_BYTES): base64 is expected, without "data:…;base64," before it.`);
  return data;
}

function addressOf(file: JsonObject, path: string): string {
  const uri = stringField(file, "fileUri", path) ?? "";
  const at = `${path}.fileUri`;
  return ADDRESS.test(uri) ? uri : refuse(at, `Invalid or unsupported file URI at '${at}': it must begin with https://, http:// or gs://.`);
}

const ADDRESS = /^(?:https?|gs):\/\/./i;

function mediaKind(mediaType: string | undefined): MediaContent["kind"] {
  const family = mediaType?.split("/")[0]?.toLowerCase();
  return family === "image" || family === "audio" || family === "video" ? family : "document";
}

/** Plain text comes in base64 like everything else. */
function inlineSource(data: string, mediaType: string | undefined): MediaSource {
  if (mediaType?.split(";")[0] !== "text/plain") return { base64: data };
  const bytes = Buffer.from(data, "base64");
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? { text } : { base64: data };
}

/** Parts of tools that the provider ran, by their key. */
const HOSTED: Readonly<Record<string, (value: JsonObject, part: JsonObject, id: string) => Content>> = {
  executableCode: (value, part, id) => hostedCall("code-execution", "code_execution", { code: asString(value["code"]) ?? "" }, part, id),
  codeExecutionResult: (value, part, id) => hostedResult("code-execution", asString(value["output"]) ?? "", part, id),
  toolCall: (value, part, id) => {
    const type = asString(value["toolType"]) ?? "tool";
    return hostedCall(TOOL_TYPES.get(type) ?? "other", type.toLowerCase(), asObject(value["args"]) ?? {}, part, id);
  },
  toolResponse: (value, part, id) => {
    const response = asObject(value["response"]);
    return hostedResult(TOOL_TYPES.get(asString(value["toolType"]) ?? "") ?? "other", response ? writeJson(response) : "", part, id);
  },
};

const TOOL_TYPES: ReadonlyMap<string, HostedToolKind> = new Map<string, HostedToolKind>([
  ["GOOGLE_SEARCH_WEB", "web-search"],
  ["GOOGLE_SEARCH_IMAGE", "web-search"],
  ["URL_CONTEXT", "web-fetch"],
]);

function hostedCall(kind: HostedToolKind, name: string, input: JsonObject, part: JsonObject, id: string): Content {
  return { type: "hosted-tool-call", id, kind, name, input: writeJson(input), ...nativeOf(part) };
}

function hostedResult(kind: HostedToolKind, text: string, part: JsonObject, callId: string): Content {
  return { type: "hosted-tool-result", callId, kind, text, ...nativeOf(part) };
}

/**
 * A call that the provider ran itself, or its result; `undefined` for any other part.
 * @param id what to call it when it does not say; a call and its result have the same.
 */
export function decodeHostedPart(part: JsonObject, id: string): Content | undefined {
  for (const [key, decode] of Object.entries(HOSTED)) {
    const value = asObject(part[key]);
    if (value) return decode(message(value), part, asString(value["id"]) ?? id);
  }
  return undefined;
}

/** A part nobody else has a word for. */
export function opaquePart(part: JsonObject): Content {
  const name = Object.keys(part).find((key) => key !== "thoughtSignature" && key !== "thought") ?? "part";
  return { type: "opaque", name, native: { protocol: "gemini", fields: part } };
}
