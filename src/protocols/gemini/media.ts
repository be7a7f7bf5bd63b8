/** Images, documents, audio and video as parts (dossier B.0.6, rules 76, 171, 181). */
import type { MediaContent } from "../../chat/chat.ts";
import type { JsonObject } from "../../chat/json.ts";
import { normaliseBase64, parseDataUrl, sniffMediaType } from "../media-bytes.ts";
import type { EncodeTarget } from "../protocol.ts";

/** Where every model fetches by itself: cloud storage, its own Files API, YouTube (rule 171). */
const FETCHED_BY_GEMINI =
  /^(?:gs:\/\/|https:\/\/generativelanguage\.googleapis\.com\/v[^/]+\/files\/|https:\/\/(?:www\.|m\.)?youtube\.com\/|https:\/\/youtu\.be\/)/;

/** Newer models fetch from any public address, but want to be told the type: by the address's ending, when nobody says (rule 171). */
const PUBLIC_URL = /^https:\/\/[^?#]*?(?:\.(\w+))?(?:[?#]|$)/;
const TYPES_BY_ENDING: ReadonlyMap<string, string> = new Map([
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["webp", "image/webp"],
  ["pdf", "application/pdf"],
]);

/** The part for a medium, or `undefined` when Gemini cannot be given it, which is then on the ledger. */
export function encodeMedia(media: MediaContent, path: string, { profile, losses }: EncodeTarget): JsonObject | undefined {
  const { source, mediaType } = media;
  if ("base64" in source) return inline(source.base64, mediaType, media.kind);
  if ("text" in source) return inline(Buffer.from(source.text).toString("base64"), mediaType ?? "text/plain", media.kind);
  if ("url" in source) {
    const embedded = parseDataUrl(source.url);
    if (embedded) return inline(embedded.base64, embedded.mediaType ?? mediaType, media.kind);
    if (FETCHED_BY_GEMINI.test(source.url))
      return { fileData: { ...(mediaType !== undefined && { mimeType: mediaType }), fileUri: source.url } };
    const publicType = profile.fetches.includes(media.kind) ? typeOfPublic(source.url, media) : undefined;
    if (publicType !== undefined) return { fileData: { mimeType: publicType, fileUri: source.url } };
    losses.add("media-url", path, "contract");
    return undefined;
  }
  if ("fileId" in source) losses.add("media-file-id", path, "contract");
  return undefined;
}

/** The type of what lies at a public address; `undefined` for any other address, and when the type is anyone's guess. */
function typeOfPublic(url: string, { mediaType, kind }: MediaContent): string | undefined {
  const found = PUBLIC_URL.exec(url);
  if (!found) return undefined;
  return mediaType ?? TYPES_BY_ENDING.get(found[1]?.toLowerCase() ?? "") ?? (kind === "document" ? DEFAULT_TYPES.document : undefined);
}

function inline(base64: string, mediaType: string | undefined, kind: MediaContent["kind"]): JsonObject {
  const data = normaliseBase64(base64);
  return { inlineData: { mimeType: sniffMediaType(data) ?? mediaType ?? DEFAULT_TYPES[kind], data } };
}

const DEFAULT_TYPES: Readonly<Record<MediaContent["kind"], string>> = {
  image: "image/png",
  document: "application/pdf",
  audio: "audio/wav",
  video: "video/mp4",
};
