/** Media in the forms that all of OpenAI's protocols send them in (dossier B.0.6; rules 168, 169, 172, 177). */
import type { Content, MediaContent } from "../../chat/chat.ts";
import { DEFAULT_TYPES, isTextType, normaliseBase64, parseDataUrl, sniffMediaType } from "./media-bytes.ts";

/** What the bytes are counts, not what they are called (rule 168): a PDF called an image is a document, and text is said as text. */
export function readMedia(media: MediaContent & Content): MediaContent & Content {
  const { source, kind } = media;
  const embedded: ReturnType<typeof parseDataUrl> = "url" in source ? parseDataUrl(source.url) : "base64" in source ? source : undefined;
  if (!embedded || (kind !== "image" && kind !== "document")) return media;
  const data = normaliseBase64(embedded.base64);
  const mediaType = sniffMediaType(data) ?? embedded.mediaType ?? media.mediaType ?? DEFAULT_TYPES[kind];
  if (isTextType(mediaType)) return { ...media, kind: "document", source: { text: Buffer.from(data, "base64").toString() } };
  const shown = mediaType.startsWith("image/") ? "image" : mediaType === DEFAULT_TYPES.document ? "document" : kind;
  return { ...media, kind: shown, mediaType, source: { base64: data } };
}

/** Bytes as an address. */
export function dataUrl(base64: string, mediaType: string): string {
  return `data:${mediaType};base64,${normaliseBase64(base64)}`;
}

const AUDIO_FORMATS: ReadonlyMap<string, string> = new Map([
  ["audio/wav", "wav"],
  ["audio/x-wav", "wav"],
  ["audio/wave", "wav"],
  ["audio/mp3", "mp3"],
  ["audio/mpeg", "mp3"],
]);

/** Sound as bytes of one of two formats (rule 177), or the code of the loss of any other. */
export function inputAudio(media: MediaContent): { data: string; format: string } | "media-type" | "media-url" | "media-file-id" {
  const { source, mediaType } = media;
  const embedded = "url" in source ? parseDataUrl(source.url)?.base64 : undefined;
  const data = "base64" in source ? source.base64 : embedded;
  if (data === undefined) return "fileId" in source ? "media-file-id" : "media-url";
  const format = AUDIO_FORMATS.get(mediaType ?? DEFAULT_TYPES.audio);
  return format === undefined ? "media-type" : { data: normaliseBase64(data), format };
}

/** A name always the same for the same document. */
export function fileName(title: string | undefined, mediaType = DEFAULT_TYPES.document): string {
  if (title !== undefined && title !== "") return title;
  return mediaType === DEFAULT_TYPES.document ? "document.pdf" : "document.txt";
}
