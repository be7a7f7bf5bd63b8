/** Sources that a text names, as annotations of its part (A.3.1). */
import type { Citation } from "../../chat/chat.ts";
import { asNumber, asString, type JsonObject } from "../../chat/json.ts";
import { leftover } from "../shared/leftover.ts";
import { nativeOf, ownFields } from "./native.ts";

const PLAIN_TYPE = "url_citation";
const PLAIN_KEYS = ["type", "url", "title", "start_index", "end_index"];

/** An annotation. One that is no address means something to OpenAI only, and stays whole. */
export function decodeCitation(annotation: JsonObject): Citation {
  const url = asString(annotation["url"]);
  const title = asString(annotation["title"]) ?? asString(annotation["filename"]);
  const [start, end] = [asNumber(annotation["start_index"]), asNumber(annotation["end_index"])];
  return {
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(start !== undefined && end !== undefined && { range: { start, end } }),
    ...nativeOf(annotation["type"] === PLAIN_TYPE ? leftover(annotation, PLAIN_KEYS) : annotation),
  };
}

/**
 * The annotation; `undefined` when the source is no address, or nobody knows which words it supports.
 * @param length of a text that is supported as a whole where nobody knows; absent: it is not.
 */
export function encodeCitation({ url, title, range, native }: Citation, length?: number): JsonObject | undefined {
  const own = ownFields(native);
  if (own?.["type"] !== undefined) return own;
  const supported = range ?? (length === undefined ? undefined : { start: 0, end: length });
  if (url === undefined || !supported) return undefined;
  return { type: PLAIN_TYPE, start_index: supported.start, end_index: supported.end, title: title ?? url, url, ...own };
}
