/** Neutral content as parts of a user's message (A.2.1, B.0.6). What the wire has no part for becomes text of a fixed form. */
import type { Content, MediaContent } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { wordsFor } from "../../shared/content-words.ts";
import { mediaLabel, missingMediaText } from "../../shared/fixed-texts.ts";
import { DEFAULT_TYPES, IMAGE_TYPES } from "../../shared/media-bytes.ts";
import { recordContentNative, recordOpaque } from "../../shared/native-losses.ts";
import { dataUrl, fileName, inputAudio, readMedia } from "../../shared/openai-media.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { dialectOf } from "./default-dialect.ts";
import { ownFields } from "../native.ts";
import { PROTOCOL } from "../wire.ts";

/** One entry of a content list. */
export type Part = JsonObject;

/** The parts for one piece of content; calls, reasoning and results stand elsewhere in a message and give none. */
export function encodeContent(content: Content, path: string, target: EncodeTarget): Part[] {
  recordAnnotations(content, path, target);
  switch (content.type) {
    case "text":
      if (content.citations && content.citations.length > 0) target.losses.add("citations", path, "info");
      if (content.state) target.losses.add("foreign-state", path, "info");
      return textParts(content.text, content);
    case "refusal":
      return textParts(content.text);
    case "media":
      return encodeMedia(content, path, target);
    case "search-result":
    case "tool-reference":
    case "tool-change":
    case "hosted-tool-call":
    case "hosted-tool-result":
    case "compaction":
      return textParts(wordsFor(content, path, target.losses));
    case "opaque": {
      const own = ownFields(content.native);
      if (!own) recordOpaque(content, path, target.losses);
      return own ? [own] : [];
    }
    case "reasoning":
    case "tool-call":
    case "tool-result":
      return [];
  }
}

/**
 * What the cache mark and the native fields of a piece of content cost; content without a part of its own is judged as a
 * whole. Other vendors' marks move from turn to turn, and what was sent before must not change (rules 4, 407).
 */
function recordAnnotations(content: Content, path: string, { losses }: EncodeTarget): void {
  if (content.cache && !ownFields(content.native)) losses.add("cache-mark", path, "info");
  recordContentNative(content, path, PROTOCOL, losses);
}

/** Empty text says nothing, and some servers refuse it. */
function textParts(text: string, content?: Content): Part[] {
  return text === "" ? [] : [{ type: "text", text, ...ownFields(content?.native) }];
}

function encodeMedia(given: MediaContent & Content, path: string, target: EncodeTarget): Part[] {
  const media = readMedia(given);
  const { source, kind } = media;
  const label = mediaLabel(media);
  if ("content" in source) {
    return [...textParts(label), ...source.content.flatMap((part, i) => encodeContent(part, `${path}.source.content[${i}]`, target))];
  }
  if ("text" in source) return textParts(label === "" ? source.text : `${label}\n${source.text}`);
  // Only what is shown can be looked at more closely.
  if ((kind === "document" || kind === "audio") && media.detail !== undefined && media.detail !== "auto")
    target.losses.add("media-detail", path, "info");
  const part = kind === "document" ? encodeDocument(media, path, target) : encodePicture(media, path, target);
  const context = kind === "document" && part ? (media.context ?? "") : label;
  return [...textParts(context), part ?? { type: "text", text: missingMediaText(media) }];
}

function encodePicture(media: MediaContent & Content, path: string, target: EncodeTarget): Part | undefined {
  const { kind, detail } = media;
  if (target.profile.media && !target.profile.media.includes(kind)) return refuse("media-type", path, target);
  const own = ownFields(media.native) ?? {};
  if (kind === "audio") return encodeAudio(media, path, target);
  const url = urlOf(media, path, target);
  if (url === undefined) return undefined;
  const key = kind === "video" ? "video_url" : "image_url";
  const { [key]: rest, ...others } = own;
  return { type: key, [key]: { url, ...(detail && { detail }), ...(rest as JsonObject | undefined) }, ...others };
}

/** The address, of the bytes themselves where there are any (rule 169). */
function urlOf({ kind, source, mediaType = DEFAULT_TYPES[kind] }: MediaContent, path: string, target: EncodeTarget): string | undefined {
  if ("base64" in source) {
    if (kind === "image" && !IMAGE_TYPES.has(mediaType)) return refuse("media-type", path, target);
    return dataUrl(source.base64, mediaType);
  }
  if ("url" in source) {
    if (target.profile.fetches.includes(kind) || source.url.startsWith("data:")) return source.url;
    return refuse("media-url", path, target);
  }
  return refuse("media-file-id", path, target);
}

/** Bytes of two formats only (rule 177). */
function encodeAudio(media: MediaContent & Content, path: string, target: EncodeTarget): Part | undefined {
  const { input_audio: rest, ...others } = ownFields(media.native) ?? {};
  const audio = inputAudio(media);
  if (typeof audio === "string") return refuse(audio, path, target);
  return { type: "input_audio", input_audio: { ...audio, ...(rest as JsonObject | undefined) }, ...others };
}

/** A file with its name, which is demanded; only some servers read files (rules 172, 173). */
function encodeDocument(media: MediaContent & Content, path: string, target: EncodeTarget): Part | undefined {
  const { source, title, mediaType } = media;
  const { file: rest, ...others } = ownFields(media.native) ?? {};
  const own = media.native?.protocol === PROTOCOL;
  if ("fileId" in source) {
    if (!own) return refuse("media-file-id", path, target);
    return {
      type: "file",
      file: { file_id: source.fileId, ...(title !== undefined && { filename: title }), ...(rest as JsonObject) },
      ...others,
    };
  }
  if (!dialectOf(target).files) return refuse("media-type", path, target);
  if ("url" in source && !source.url.startsWith("data:") && !target.profile.fetches.includes("document")) {
    return refuse("media-url", path, target);
  }
  const data = "base64" in source ? dataUrl(source.base64, mediaType ?? DEFAULT_TYPES.document) : "url" in source ? source.url : "";
  return { type: "file", file: { filename: fileName(title, mediaType), file_data: data, ...(rest as JsonObject | undefined) }, ...others };
}

function refuse(code: "media-type" | "media-url" | "media-file-id", path: string, { losses }: EncodeTarget): undefined {
  losses.add(code, path, "contract");
  return undefined;
}
