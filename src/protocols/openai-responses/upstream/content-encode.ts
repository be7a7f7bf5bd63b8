/** Neutral content as parts of a message or of a result (A.3.1, B.0.6). What the wire has no part for becomes text of a fixed form. */
import type { Content, MediaContent, TextContent } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { wordsFor } from "../../shared/content-words.ts";
import { mediaLabel, missingMediaText } from "../../shared/fixed-texts.ts";
import { DEFAULT_TYPES, IMAGE_TYPES } from "../../shared/media-bytes.ts";
import { recordContentNative, recordOpaque } from "../../shared/native-losses.ts";
import { dataUrl, fileName, inputAudio, readMedia } from "../../shared/openai-media.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { encodeCitation } from "../citations.ts";
import { ownFields, ownPart } from "../native.ts";
import { PROTOCOL } from "../wire.ts";
import { carriedPart, isOwnFile } from "./carried.ts";
import { dialectOf } from "./default-dialect.ts";

/** One entry of a content list. */
export type Part = JsonObject;

/** Whether the model said it: its words are parts of another type. */
export type Voice = "input" | "output";

/** The parts for one piece of content; calls, reasoning and results are items of their own and give none. */
export function encodeContent(content: Content, path: string, voice: Voice, target: EncodeTarget): Part[] {
  recordAnnotations(content, path, target);
  switch (content.type) {
    case "text":
      return encodeText(content, path, voice, target);
    case "refusal":
      if (content.text === "") return [];
      return voice === "output"
        ? [{ type: "refusal", refusal: content.text, ...carriedPart(content.native) }]
        : textParts(content.text, voice);
    case "media":
      return encodeMedia(content, path, target);
    case "search-result":
    case "tool-reference":
    case "tool-change":
    case "hosted-tool-call":
    case "hosted-tool-result":
    case "compaction":
      return textParts(wordsFor(content, path, target.losses), voice);
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

/** What the cache mark and the native fields of a piece of content cost. Other vendors' marks move from turn to turn (rules 4, 407). */
function recordAnnotations(content: Content, path: string, { losses }: EncodeTarget): void {
  if (content.cache && carriedPart(content.native)["prompt_cache_breakpoint"] === undefined) losses.add("cache-mark", path, "info");
  recordContentNative(content, path, PROTOCOL, losses);
}

/** Empty text says nothing. */
function textParts(text: string, voice: Voice, more: JsonObject = {}): Part[] {
  return text === "" ? [] : [{ type: `${voice}_text`, text, ...more }];
}

function encodeText(content: TextContent & Content, path: string, voice: Voice, { losses }: EncodeTarget): Part[] {
  const { citations = [], text, state } = content;
  if (state) losses.add("foreign-state", path, "info");
  const named = citations.map((citation) => encodeCitation(citation)).filter((annotation) => annotation !== undefined);
  const annotations = voice === "output" ? named : [];
  if (annotations.length < citations.length) losses.add("citations", path, "info");
  // A cache breakpoint can stand in what is said to the model only (A.2.1).
  const own = voice === "output" ? ownPart(content.native) : carriedPart(content.native);
  return textParts(text, voice, { ...(annotations.length > 0 && { annotations }), ...own });
}

function encodeMedia(given: MediaContent & Content, path: string, target: EncodeTarget): Part[] {
  const media = readMedia(given);
  const { source, kind } = media;
  const label = mediaLabel(media);
  if ("content" in source) {
    const inside = source.content.flatMap((part, i) => encodeContent(part, `${path}.source.content[${i}]`, "input", target));
    return [...textParts(label, "input"), ...inside];
  }
  if ("text" in source) return textParts(label === "" ? source.text : `${label}\n${source.text}`, "input");
  // Only what is shown can be looked at more closely.
  if ((kind === "document" || kind === "audio") && media.detail !== undefined && media.detail !== "auto")
    target.losses.add("media-detail", path, "info");
  const part = kind === "document" ? encodeDocument(media, path, target) : encodePicture(media, path, target);
  const told = part?.["filename"] === undefined ? label : (media.context ?? "");
  return [...textParts(told, "input"), part ?? { type: "input_text", text: missingMediaText(media) }];
}

function encodePicture(media: MediaContent & Content, path: string, target: EncodeTarget): Part | undefined {
  const { kind, detail } = media;
  const { media: taken } = target.profile;
  if (kind === "video" || (taken && !taken.includes(kind))) return refuse("media-type", path, target);
  const own = carriedPart(media.native);
  if (kind === "audio") {
    const audio = inputAudio(media);
    return typeof audio === "string" ? refuse(audio, path, target) : { type: "input_audio", input_audio: { ...audio }, ...own };
  }
  const located = locatePicture(media, path, target);
  return located && { type: "input_image", ...located, ...(detail && { detail }), ...own };
}

/** Its address, of the bytes themselves where there are any (rule 169), or the name of a file that was uploaded. */
function locatePicture(media: MediaContent & Content, path: string, target: EncodeTarget): JsonObject | undefined {
  const { source, mediaType = DEFAULT_TYPES.image } = media;
  if ("base64" in source) {
    return IMAGE_TYPES.has(mediaType) ? { image_url: dataUrl(source.base64, mediaType) } : refuse("media-type", path, target);
  }
  if ("url" in source) {
    const fetched = source.url.startsWith("data:") || target.profile.fetches.includes("image");
    return fetched ? { image_url: source.url } : refuse("media-url", path, target);
  }
  return "fileId" in source && isOwnFile(media.native) ? { file_id: source.fileId } : refuse("media-file-id", path, target);
}

/** A file by its bytes and name, by its address, or by the name of one that was uploaded (rules 172, 173). */
function encodeDocument(media: MediaContent & Content, path: string, target: EncodeTarget): Part | undefined {
  const { source, title, mediaType = DEFAULT_TYPES.document, native } = media;
  const own = carriedPart(native);
  const named = title === undefined || native?.protocol !== PROTOCOL ? {} : { filename: title };
  if ("fileId" in source) {
    return isOwnFile(native) ? { type: "input_file", file_id: source.fileId, ...named, ...own } : refuse("media-file-id", path, target);
  }
  if (!dialectOf(target).files) return refuse("media-type", path, target);
  if ("url" in source && !source.url.startsWith("data:")) {
    const fetched = target.profile.fetches.includes("document");
    return fetched ? { type: "input_file", file_url: source.url, ...named, ...own } : refuse("media-url", path, target);
  }
  const data = "base64" in source ? dataUrl(source.base64, mediaType) : "url" in source ? source.url : "";
  return { type: "input_file", filename: fileName(title, mediaType), file_data: data, ...own };
}

function refuse(code: "media-type" | "media-url" | "media-file-id", path: string, { losses }: EncodeTarget): undefined {
  losses.add(code, path, "contract");
  return undefined;
}
