/** What encoded media are, whatever they are labelled (dossier rules 168, 181). Pure functions of the text. */
import type { MediaContent } from "../../chat/chat.ts";

/** Standard base64 with padding, whatever alphabet or line breaks it came with (rule 181). */
export function normaliseBase64(text: string): string {
  const standard = /[^A-Za-z0-9+/=]/.test(text) ? text.replace(/\s+/g, "").replaceAll("-", "+").replaceAll("_", "/") : text;
  const unpadded = standard.endsWith("=") ? standard.replace(/=+$/, "") : standard;
  return unpadded.padEnd(Math.ceil(unpadded.length / 4) * 4, "=");
}

/** How well-known media begin: what stands at which byte, as Latin-1. */
const SIGNATURES: readonly (readonly [mediaType: string, at: number, bytes: string])[] = [
  ["image/png", 0, "\x89PNG"],
  ["image/jpeg", 0, "\xff\xd8\xff"],
  ["image/gif", 0, "GIF8"],
  ["image/webp", 8, "WEBP"],
  ["application/pdf", 0, "%PDF-"],
  ["image/bmp", 6, "\0\0\0\0"],
  ["image/tiff", 0, "II*\0"],
  ["image/tiff", 0, "MM\0*"],
  ["image/heic", 4, "ftypheic"],
  ["image/heic", 4, "ftypmif1"],
  ["image/avif", 4, "ftypavif"],
];

/** Enough characters of base64 to know any of them by. */
const HEAD_CHARS = 16;

/** Types whose mark is not at the very start also begin so. */
const BEGINNINGS: Readonly<Record<string, string>> = { "image/webp": "RIFF", "image/bmp": "BM" };

/**
 * What the bytes say they are: a wrong label on an image is refused, so the bytes count more (rule 168).
 * @param base64 normalised.
 * @returns a media type, or `undefined` for bytes that begin like nothing well known.
 */
export function sniffMediaType(base64: string): string | undefined {
  const head = Buffer.from(base64.slice(0, HEAD_CHARS), "base64").toString("latin1");
  return SIGNATURES.find(([type, at, bytes]) => head.startsWith(bytes, at) && head.startsWith(BEGINNINGS[type] ?? ""))?.[0];
}

/** Types whose bytes are words. */
const TEXT_TYPE = /^text\/|^application\/(?:json|xml|javascript|typescript|x-yaml|yaml|toml|x-sh|sql|x-ndjson)\b|\+(?:json|xml)\b/;

/** Whether media of this type can be read as text: pictures that are drawn in words are pictures. */
export function isTextType(mediaType: string): boolean {
  return !mediaType.startsWith("image/") && TEXT_TYPE.test(mediaType);
}

/** Pictures that every model which sees can read (dossier B.0.6). */
export const IMAGE_TYPES: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

const DATA_URL = /^data:([^;,]*)(?:;[^,]*)?;base64,/i;

/** The media inside a `data:` URL of base64, not yet normalised; `undefined` for any other address. */
export function parseDataUrl(url: string): { readonly mediaType?: string; readonly base64: string } | undefined {
  const found = DATA_URL.exec(url);
  if (!found) return undefined;
  const mediaType = found[1] ?? "";
  return { ...(mediaType !== "" && { mediaType }), base64: url.slice(found[0].length) };
}

/** What media are taken for when nobody says, and their bytes do not show it. */
export const DEFAULT_TYPES: Readonly<Record<MediaContent["kind"], string>> = {
  image: "image/png",
  document: "application/pdf",
  audio: "audio/wav",
  video: "video/mp4",
};
