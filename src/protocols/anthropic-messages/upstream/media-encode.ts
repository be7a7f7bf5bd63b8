/** Images and documents as blocks (B.0.6; rules 168–170, 173, 176, 178, 181). The wire has no others. */
import type { Content, MediaContent } from "../../../chat/chat.ts";
import { isObject, type JsonObject } from "../../../chat/json.ts";
import { IMAGE_TYPES, isTextType, normaliseBase64, parseDataUrl, sniffMediaType } from "../../shared/media-bytes.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { encodeAnnotations, ownFields } from "../native.ts";

const PDF = "application/pdf";

/** Where a medium is, and what that makes of it. */
interface EncodedSource {
  readonly type: "image" | "document";
  readonly source: JsonObject;
}

/**
 * The block for a medium, or `undefined` when Claude cannot be given it, which is then on the ledger.
 * @param inner encodes the content that a document is made of.
 */
export function encodeMedia(
  content: MediaContent & Content,
  path: string,
  target: EncodeTarget,
  inner: (content: Content, path: string) => readonly JsonObject[],
): JsonObject | undefined {
  const { source: given, title, context } = content;
  const own = ownFields(content.native);
  const encoded =
    "content" in given
      ? encodeInner(given.content.flatMap((part, i) => inner(part, `${path}.source.content[${i}]`)))
      : encodeSource(content, own !== undefined, path, target);
  if (!encoded) return undefined;
  if (content.detail !== undefined && content.detail !== "auto") target.losses.add("media-detail", path, "info");
  const { source: _source, ...annotations } = encodeAnnotations(content);
  return {
    type: encoded.type,
    source: { ...encoded.source, ...(isObject(own?.["source"]) && own["source"]) },
    ...(encoded.type === "document" && title !== undefined && { title }),
    ...(encoded.type === "document" && context !== undefined && { context }),
    ...annotations,
  };
}

function encodeInner(content: readonly JsonObject[]): EncodedSource {
  return { type: "document", source: { type: "content", content } };
}

/** @param own whether Claude's own caller wrote it, whose files it knows. */
function encodeSource(media: MediaContent, own: boolean, path: string, target: EncodeTarget): EncodedSource | undefined {
  const { source, mediaType, kind } = media;
  const type = kind === "image" ? "image" : "document";
  const label = mediaType === undefined ? {} : { media_type: mediaType };
  if (kind === "audio" || kind === "video") {
    target.losses.add("media-type", path, "contract");
    return undefined;
  }
  if ("base64" in source) return encodeBytes(source.base64, mediaType, type, path, target);
  if ("text" in source) return { type: "document", source: { type: "text", media_type: mediaType ?? "text/plain", data: source.text } };
  if ("fileId" in source) {
    if (!own) target.losses.add("media-file-id", path, "contract");
    return own ? { type, source: { type: "file", ...label, file_id: source.fileId } } : undefined;
  }
  if (!("url" in source)) return undefined;
  const embedded = parseDataUrl(source.url);
  if (embedded) return encodeBytes(embedded.base64, embedded.mediaType ?? mediaType, type, path, target);
  if (own || isFetched(media, source.url, target)) return { type, source: { type: "url", ...label, url: source.url } };
  target.losses.add("media-url", path, "contract");
  return undefined;
}

/** Whether Claude fetches it by itself (rule 170): pictures, and of documents PDF only (rule 178). */
function isFetched({ kind, mediaType }: MediaContent, url: string, { profile }: EncodeTarget): boolean {
  const readable = kind === "image" || mediaType === undefined || mediaType === PDF;
  return readable && profile.fetches.includes(kind) && /^https:\/\//i.test(url);
}

/** What the bytes are counts, not what they are called (rule 168): a PDF called an image is a document. */
function encodeBytes(
  base64: string,
  label: string | undefined,
  type: EncodedSource["type"],
  path: string,
  { losses }: EncodeTarget,
): EncodedSource | undefined {
  const data = normaliseBase64(base64);
  const mediaType = sniffMediaType(data) ?? label ?? (type === "document" ? PDF : "");
  if (IMAGE_TYPES.has(mediaType)) return { type: "image", source: { type: "base64", media_type: mediaType, data } };
  if (mediaType === PDF) return { type: "document", source: { type: "base64", media_type: PDF, data } };
  if (isTextType(mediaType)) {
    return { type: "document", source: { type: "text", media_type: "text/plain", data: Buffer.from(data, "base64").toString() } };
  }
  losses.add("media-type", path, "contract");
  return undefined;
}
