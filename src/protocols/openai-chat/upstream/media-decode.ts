/** What stands beside the text of an answer: pictures, sound, sources. */
import type { Citation, Content } from "../../../chat/chat.ts";
import { asArray, asNumber, asObject, asString, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { parseDataUrl } from "../../shared/media-bytes.ts";
import type { EventWriter } from "./event-writer.ts";

/** The `images` some servers add to a message: parts of the kind that requests have. */
export function decodeImages(images: readonly JsonValue[]): Content[] {
  return images.flatMap((image): Content[] => {
    const url = asString(asObject(asObject(image)?.["image_url"])?.["url"]);
    if (url === undefined) return [];
    const data = parseDataUrl(url);
    if (!data) return [{ type: "media", kind: "image", source: { url } }];
    const { mediaType, base64 } = data;
    return [{ type: "media", kind: "image", ...(mediaType !== undefined && { mediaType }), source: { base64 } }];
  });
}

/** An `url_citation` (A.2.2); other annotations say nothing that can be shown. */
export function urlCitation(annotation: JsonValue): Citation | undefined {
  const fields = asObject(asObject(annotation)?.["url_citation"]);
  const url = asString(fields?.["url"]);
  if (url === undefined) return undefined;
  const title = asString(fields?.["title"]);
  const citedText = asString(fields?.["content"]);
  const start = asNumber(fields?.["start_index"]);
  const end = asNumber(fields?.["end_index"]);
  return {
    url,
    ...(title !== undefined && { title }),
    ...(citedText !== undefined && { citedText }),
    ...(start !== undefined && end !== undefined && end > start && { range: { start, end } }),
  };
}

/** Pages that a searching server names beside its answer: `search_results`, or bare addresses. */
export function sourcesOf(body: JsonObject): Citation[] {
  const found = (asArray(body["search_results"]) ?? []).flatMap((result) => {
    const fields = asObject(result);
    const url = asString(fields?.["url"]);
    const title = asString(fields?.["title"]);
    return url === undefined ? [] : [{ url, ...(title !== undefined && { title }) }];
  });
  if (found.length > 0) return found;
  return (asArray(body["citations"]) ?? []).flatMap((url) => (typeof url === "string" ? [{ url }] : []));
}

/** Sound, whole or in pieces, with its words. */
export class AudioReader {
  readonly #pieces: Buffer[] = [];
  #transcript = "";

  add(audio: JsonObject): void {
    const data = asString(audio["data"]) ?? "";
    if (data !== "") this.#pieces.push(Buffer.from(data, "base64"));
    this.#transcript += asString(audio["transcript"]) ?? "";
  }

  /** Writes what came; nothing is open then. */
  end(writer: EventWriter): void {
    if (this.#transcript !== "") writer.whole({ type: "text", text: this.#transcript });
    if (this.#pieces.length === 0) return;
    writer.whole({ type: "media", kind: "audio", source: { base64: Buffer.concat(this.#pieces).toString("base64") } });
  }
}
