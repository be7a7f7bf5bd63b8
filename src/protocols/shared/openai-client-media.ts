/** Pictures and files as clients of OpenAI's protocols send them (B.0.6). */
import type { MediaContent, MediaSource } from "../../chat/chat.ts";
import type { JsonValue } from "../../chat/json.ts";
import { parseDataUrl } from "./media-bytes.ts";
import { refuse } from "./openai-fields.ts";

const DETAILS = ["low", "high", "auto", "original"] as const;

/** How closely a picture is to be looked at (rule 179), if the word is known. */
export function detailOf(word: JsonValue | undefined): MediaContent["detail"] {
  return DETAILS.find((known) => known === word);
}

/** Addresses that anyone could fetch from: of the web, and of clouds whose own models read there. */
const ADDRESS = /^(?:https?|gs|s3):\/\/./i;

/** What lies at an address. @throws GatewayError `invalid-request` for what is none. */
export function locate(url: string, path: string): { source: MediaSource; mediaType?: string } {
  if (ADDRESS.test(url)) return { source: { url } };
  if (!/^data:/i.test(url)) {
    const expected = "an http or https URL, or the bytes themselves as a data URL (data:image/png;base64,…)";
    return refuse(path, `Invalid '${path}': expected ${expected}.`, "invalid_image_url");
  }
  const data = parseDataUrl(url);
  if (!data) return refuse(path, `Invalid '${path}': a data URL must hold base64 (data:<media type>;base64,<data>).`, "invalid_image_url");
  const { mediaType, base64 } = data;
  return { source: { base64 }, ...(mediaType !== undefined && { mediaType }) };
}

/**
 * A file by what is said of its content: a data URL, the base64 alone, or, from some clients, an address.
 * @param title its name, which may tell its type.
 */
export function locateFile(data: string, title: string | undefined, path: string): MediaContent {
  if (/^https?:/i.test(data)) return { type: "media", kind: "document", source: { url: data } };
  const located = /^data:/i.test(data) ? locate(data, path) : { source: { base64: data }, ...typeOfName(title) };
  return { type: "media", kind: kindOf(located.mediaType), ...located };
}

function typeOfName(title: string | undefined): { mediaType?: string } {
  return title !== undefined && /\.pdf$/i.test(title) ? { mediaType: "application/pdf" } : {};
}

const FAMILIES: ReadonlySet<string> = new Set(["image", "audio", "video"]);

function kindOf(mediaType: string | undefined): MediaContent["kind"] {
  const family = mediaType?.split("/")[0] ?? "";
  return FAMILIES.has(family) ? (family as MediaContent["kind"]) : "document";
}
