/** Media of a request as a test can compare them: a kind, a type, and the bytes' hash or where they are. */
import { createHash } from "node:crypto";
import type { MediaPart } from "./conversation.ts";

/** Media whose bytes are in the request, in base64 of either alphabet. */
export function mediaBytes(mimeType: string, base64: string, name?: string): MediaPart {
  const bytes = Buffer.from(base64, "base64");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { type: "media", kind: mediaKind(mimeType), mimeType, source: "bytes", sha256, size: bytes.length, ...named(name) };
}

/** Media at an address; a `data:` address holds the bytes themselves. */
export function mediaAt(url: string, kind: MediaPart["kind"], mimeType?: string, name?: string): MediaPart {
  const data = /^data:([^;,]*)(?:;[^,]*)*;base64,(.*)$/s.exec(url);
  if (data !== null) return { ...mediaBytes(data[1] as string, data[2] as string, name), kind };
  return { type: "media", kind, mimeType, source: "url", reference: url, ...named(name) };
}

/** A file that the vendor holds. */
export function mediaFile(id: string, kind: MediaPart["kind"], mimeType?: string): MediaPart {
  return { type: "media", kind, mimeType, source: "file", reference: id };
}

/** The kind of a media type; what is neither image, audio nor video is a document. */
export function mediaKind(mimeType: string): MediaPart["kind"] {
  const kind = mimeType.split("/")[0];
  return kind === "image" || kind === "audio" || kind === "video" ? kind : "document";
}

function named(name: string | undefined): { readonly name?: string } {
  return name === undefined || name === "" ? {} : { name };
}
