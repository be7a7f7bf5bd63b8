/** Images, documents, audio and video as parts (dossier B.0.6, rules 76, 171, 181). */
import type { MediaContent, Native } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { DEFAULT_TYPES, normaliseBase64, parseDataUrl, sniffMediaType } from "../../shared/media-bytes.ts";
import type { EncodeTarget } from "../../protocol.ts";

/**
 * Where Gemini fetches by itself: cloud storage, its own Files API, YouTube (rule 171). What lies anywhere else is fetched
 * by the pipeline and comes here as bytes.
 */
const FETCHED_BY_GEMINI =
  /^(?:gs:\/\/|https:\/\/generativelanguage\.googleapis\.com\/v[^/]+\/files\/|https:\/\/(?:www\.|m\.)?youtube\.com\/|https:\/\/youtu\.be\/)/;

/** Whether Gemini fetches what lies at this address, whatever the model. */
export function fetchesUrl(url: string): boolean {
  return FETCHED_BY_GEMINI.test(url);
}

/** The part for a medium, marked with how closely to look at it, or `undefined` when Gemini cannot be given it, which is then on the ledger. */
export function encodeMedia(
  media: MediaContent & { readonly native?: Native },
  path: string,
  target: EncodeTarget,
): JsonObject | undefined {
  const part = encodePlain(media, path, target);
  if (!part || media.detail === undefined || media.detail === "auto") return part;
  const level = target.profile.mediaDetail ? LEVELS[media.detail] : undefined;
  if (level === undefined) target.losses.add("media-detail", path, "info");
  return level === undefined ? part : { ...part, mediaResolution: { level } };
}

/** The levels for which others have a word (rule 179). */
const LEVELS: Readonly<Partial<Record<NonNullable<MediaContent["detail"]>, string>>> = {
  low: "MEDIA_RESOLUTION_LOW",
  high: "MEDIA_RESOLUTION_HIGH",
};

function encodePlain(media: MediaContent & { readonly native?: Native }, path: string, { losses }: EncodeTarget): JsonObject | undefined {
  const { source, mediaType } = media;
  if ("base64" in source) return inline(source.base64, mediaType, media.kind);
  if ("text" in source) return inline(Buffer.from(source.text).toString("base64"), mediaType ?? "text/plain", media.kind);
  if ("url" in source) {
    const embedded = parseDataUrl(source.url);
    if (embedded) return inline(embedded.base64, embedded.mediaType ?? mediaType, media.kind);
    if (fetchesUrl(source.url)) return { fileData: { ...(mediaType !== undefined && { mimeType: mediaType }), fileUri: source.url } };
    losses.add("media-url", path, "contract");
    return undefined;
  }
  if (!("fileId" in source)) return undefined;
  if (media.native?.protocol === "gemini")
    return { fileData: { ...(mediaType !== undefined && { mimeType: mediaType }), fileUri: source.fileId } };
  losses.add("media-file-id", path, "contract");
  return undefined;
}

function inline(base64: string, mediaType: string | undefined, kind: MediaContent["kind"]): JsonObject {
  const data = normaliseBase64(base64);
  return { inlineData: { mimeType: sniffMediaType(data) ?? mediaType ?? DEFAULT_TYPES[kind], data } };
}
