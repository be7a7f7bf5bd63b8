/** Parts of a message or of a result to neutral content (A.3.1, B.0.6). What is unknown becomes opaque and stays whole. */
import type { Content } from "../../../chat/chat.ts";
import { asArray, asObject, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { decodeCacheMark } from "../../shared/openai-cache-marks.ts";
import { detailOf, locate, locateFile } from "../../shared/openai-client-media.ts";
import { objectAt, objectField, refuse, refuseType, refuseValue, required, stringField } from "../../shared/openai-fields.ts";
import { decodeCitation } from "../citations.ts";
import { leftover } from "../../shared/leftover.ts";
import { nativeOf } from "../native.ts";
import { PROTOCOL } from "../wire.ts";

/** A piece of content and where it stood. */
export interface Placed {
  readonly content: Content;
  readonly path: string;
}

/**
 * A `content` or an `output`: a string is one text part, an empty one none (rules 38, 406).
 * @throws GatewayError `invalid-request`, naming the part.
 */
export function decodeParts(value: JsonValue | undefined, path: string): Placed[] {
  if (value === undefined || value === null || value === "") return [];
  if (typeof value === "string") return [{ content: { type: "text", text: value }, path }];
  if (!Array.isArray(value)) return refuseType(path, "one of an array of objects or string", value);
  return (value as readonly JsonValue[]).map((part, i) => {
    const at = `${path}[${i}]`;
    return { content: decodePart(objectAt(part, at), at), path: at };
  });
}

/** The content with what its item says beside it. */
export function withItem(content: Content, item: JsonObject): Content {
  if (Object.keys(item).length === 0) return content;
  return { ...content, native: { protocol: PROTOCOL, fields: { ...content.native?.fields, item } } };
}

function decodePart(part: JsonObject, path: string): Content {
  const type = required(stringField, part, "type", path);
  if (OTHERS_PARTS.has(type)) refuseValue(`${path}.type`, type, SUPPORTED);
  return PARTS.get(type)?.(part, path) ?? { type: "opaque", name: type, native: { protocol: PROTOCOL, fields: part } };
}

type PartDecoder = (part: JsonObject, path: string) => Content;

const PARTS: ReadonlyMap<string, PartDecoder> = new Map<string, PartDecoder>([
  ["input_text", decodeText],
  ["output_text", decodeText],
  ["refusal", (part, path) => ({ type: "refusal", text: required(stringField, part, "refusal", path), ...annotations(part, ["refusal"]) })],
  ["input_image", decodeImage],
  ["computer_screenshot", decodeImage],
  ["input_file", decodeFile],
  ["input_audio", decodeAudio],
]);

/** What OpenAI itself takes, as its refusals list it. */
const SUPPORTED = ["input_text", "input_image", "output_text", "refusal", "input_file", "computer_screenshot"];

/** Parts of Chat and Messages: who sends them here is mistaken, and would get an answer without them. */
const OTHERS_PARTS: ReadonlySet<string> = new Set("text image_url file image document tool_use tool_result".split(" "));

function annotations(part: JsonObject, known: readonly string[], kept: JsonObject = {}): Pick<Content, "cache" | "native"> {
  const cache = decodeCacheMark(part);
  return { ...(cache && { cache }), ...nativeOf({ ...leftover(part, ["type", ...known]), ...kept }) };
}

/** Clients send the lists of an answer's text back as they came, mostly empty (rule 416). */
function decodeText(part: JsonObject, path: string): Content {
  const citations = (asArray(part["annotations"]) ?? []).map((annotation) => decodeCitation(asObject(annotation) ?? {}));
  const logprobs = asArray(part["logprobs"]) ?? [];
  return {
    type: "text",
    text: required(stringField, part, "text", path),
    ...(citations.length > 0 && { citations }),
    ...annotations(part, ["text", "annotations", "logprobs"], logprobs.length > 0 ? { logprobs } : {}),
  };
}

/** A file id means something to the provider that gave it only: the mark says whose it is. */
const OWN_FILE: Pick<Content, "native"> = { native: { protocol: PROTOCOL, fields: {} } };

function decodeImage(part: JsonObject, path: string): Content {
  const detail = detailOf(part["detail"]);
  const more = { ...(detail && { detail }), ...annotations(part, ["image_url", "file_id", ...(detail ? ["detail"] : [])]) };
  const fileId = stringField(part, "file_id", path);
  if (fileId !== undefined) return { type: "media", kind: "image", source: { fileId }, ...OWN_FILE, ...more };
  // Some clients put the address into an object, as Chat does.
  const linked = asObject(part["image_url"]);
  const at = `${path}.image_url`;
  const url = linked ? required(stringField, linked, "url", at) : required(stringField, part, "image_url", path);
  return { type: "media", kind: "image", ...locate(url, at), ...more };
}

function decodeFile(part: JsonObject, path: string): Content {
  const title = stringField(part, "filename", path);
  const more = { ...(title !== undefined && { title }), ...annotations(part, ["filename", "file_data", "file_url", "file_id"]) };
  const fileId = stringField(part, "file_id", path);
  if (fileId !== undefined) return { type: "media", kind: "document", source: { fileId }, ...OWN_FILE, ...more };
  const url = stringField(part, "file_url", path);
  if (url !== undefined) return { type: "media", kind: "document", ...locate(url, `${path}.file_url`), ...more };
  return { ...locateFile(required(stringField, part, "file_data", path), title, `${path}.file_data`), ...more };
}

function decodeAudio(part: JsonObject, path: string): Content {
  const audio = required(objectField, part, "input_audio", path);
  const at = `${path}.input_audio`;
  const format = required(stringField, audio, "format", at);
  const data = required(stringField, audio, "data", at);
  if (data === "") refuse(`${at}.data`, `Invalid '${at}.data': empty string.`, "empty_string");
  return { type: "media", kind: "audio", mediaType: `audio/${format}`, source: { base64: data }, ...annotations(part, ["input_audio"]) };
}
