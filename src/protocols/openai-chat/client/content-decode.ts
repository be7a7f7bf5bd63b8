/** Parts of a message to neutral content (A.2.1, B.0.6), the same for every role (rules 37, 437). What is unknown becomes opaque and stays whole. */
import type { Content, MediaContent } from "../../../chat/chat.ts";
import { asObject, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { objectAt, objectField, refuseType, refuseValue, required, stringField } from "../../shared/openai-fields.ts";
import { detailOf, locate, locateFile } from "../../shared/openai-client-media.ts";
import { annotations, leftoverUnder } from "../native.ts";
import { PROTOCOL } from "../wire.ts";

/** A piece of content and where it stood. */
export interface Placed {
  readonly content: Content;
  readonly path: string;
}

/**
 * A message's `content`: a string is one text part, an empty one none, and so is `null` (rules 36, 208, 232).
 * @throws GatewayError `invalid-request`, naming the part.
 */
export function decodeContent(value: JsonValue | undefined, path: string): Placed[] {
  if (value === undefined || value === null || value === "") return [];
  if (typeof value === "string") return [{ content: { type: "text", text: value }, path }];
  if (!Array.isArray(value)) return refuseType(path, "one of a string or array of objects", value);
  return (value as readonly JsonValue[]).map((part, i) => {
    const at = `${path}[${i}]`;
    // Some clients write a text as it is where a part should stand.
    if (typeof part === "string") return { content: { type: "text", text: part }, path: at };
    return { content: decodePart(objectAt(part, at), at), path: at };
  });
}

function decodePart(part: JsonObject, path: string): Content {
  const type = required(stringField, part, "type", path);
  if (OTHERS_PARTS.has(type)) refuseValue(`${path}.type`, type, SUPPORTED);
  return PARTS.get(type)?.(part, path) ?? { type: "opaque", name: type, native: { protocol: PROTOCOL, fields: part } };
}

type PartDecoder = (part: JsonObject, path: string) => Content;

const PARTS: ReadonlyMap<string, PartDecoder> = new Map<string, PartDecoder>([
  ["text", decodeText],
  ["refusal", (part, path) => ({ type: "refusal", text: required(stringField, part, "refusal", path), ...annotations(part, ["refusal"]) })],
  ["image_url", (part, path) => decodeLinked(part, path, "image_url", "image")],
  ["video_url", (part, path) => decodeLinked(part, path, "video_url", "video")],
  ["input_audio", decodeAudio],
  ["file", decodeFile],
]);

/** What OpenAI itself takes, as its refusals list it. */
const SUPPORTED = ["text", "image_url", "input_audio", "refusal", "file"];

/** Parts of Responses and Messages: who sends them here is mistaken, and would get an answer without them. */
const OTHERS_PARTS: ReadonlySet<string> = new Set(
  "input_text input_image input_file output_text image document tool_use tool_result".split(" "),
);

function decodeText(part: JsonObject, path: string): Content {
  return { type: "text", text: required(stringField, part, "text", path), ...annotations(part, ["text"]) };
}

/** A picture or film by its address, which may hold the bytes themselves. */
function decodeLinked(part: JsonObject, path: string, key: string, kind: MediaContent["kind"]): Content {
  // Some clients leave the object around the address out.
  const link = typeof part[key] === "string" ? { url: part[key] } : required(objectField, part, key, path);
  const at = `${path}.${key}`;
  const detail = detailOf(link["detail"]);
  const rest = leftoverUnder(key, link, ["url", ...(detail ? ["detail"] : [])]);
  return {
    type: "media",
    kind,
    ...locate(required(stringField, link, "url", at), `${at}.url`),
    ...(detail && { detail }),
    ...annotations(part, [key], rest),
  };
}

function decodeAudio(part: JsonObject, path: string): Content {
  const audio = required(objectField, part, "input_audio", path);
  const at = `${path}.input_audio`;
  const format = required(stringField, audio, "format", at);
  return {
    type: "media",
    kind: "audio",
    mediaType: `audio/${format}`,
    source: { base64: required(stringField, audio, "data", at) },
    ...annotations(part, ["input_audio"], leftoverUnder("input_audio", audio, ["data", "format"])),
  };
}

function decodeFile(part: JsonObject, path: string): Content {
  const file = required(objectField, part, "file", path);
  const at = `${path}.file`;
  const title = stringField(file, "filename", at);
  const rest = annotations(part, ["file"], leftoverUnder("file", file, ["filename", "file_data", "file_id"]));
  const name = title === undefined ? {} : { title };
  const fileId = stringField(file, "file_id", at);
  // A file id means something to the provider that gave it only: the mark says whose it is.
  if (fileId !== undefined) return { type: "media", kind: "document", source: { fileId }, ...name, native: nativeMark(), ...rest };
  return { ...locateFile(required(stringField, file, "file_data", at), title, `${at}.file_data`), ...name, ...rest };
}

function nativeMark(): NonNullable<Content["native"]> {
  return { protocol: PROTOCOL, fields: {} };
}

/** The `images` that a server added to an answer and the client sends back (rule 183). What is none stays with the message. */
export function decodeImages(value: JsonValue | undefined, path: string): Placed[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const images = (value as readonly JsonValue[]).map((image) => asObject(image));
  if (!images.every((image) => asObject(image?.["image_url"])?.["url"] !== undefined)) return undefined;
  return images.map((image, i) => {
    const at = `${path}[${i}]`;
    const { index: _index, ...part } = image as JsonObject;
    return { content: decodeLinked(part, at, "image_url", "image"), path: at };
  });
}
