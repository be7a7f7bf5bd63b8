/** Results of tools where they hold text only: what else one shows goes behind it (rules 73, 74, 77). */
import type { Content } from "../../chat/chat.ts";
import type { JsonObject } from "../../chat/json.ts";
import { mediaLabel, NO_OUTPUT_TEXT } from "./fixed-texts.ts";

/** A result in two. */
export interface SplitResult {
  /** Its texts, a line each; never empty. */
  readonly text: string;
  /** Parts that are no text. */
  readonly shown: readonly JsonObject[];
}

/**
 * @param path of the result.
 * @param encode a piece of content as parts of a message, of which texts have a field `text`.
 */
export function splitResult(
  content: readonly Content[],
  path: string,
  encode: (content: Content, path: string) => readonly JsonObject[],
): SplitResult {
  const shown: JsonObject[] = [];
  const lines = content.flatMap((piece, i) => pieceLines(piece, encode(piece, `${path}.content[${i}]`), shown));
  const said = lines.filter((line) => line !== "").join("\n");
  return { text: said === "" ? NO_OUTPUT_TEXT : said, shown };
}

function pieceLines(content: Content, parts: readonly JsonObject[], shown: JsonObject[]): string[] {
  const isFile = content.type === "media" && !("text" in content.source) && !("content" in content.source);
  const texts = parts.flatMap(({ text }) => (typeof text === "string" ? [text] : []));
  if (!isFile) {
    shown.push(...parts.filter(({ text }) => typeof text !== "string"));
    return texts;
  }
  // What could not be given is said in words, and needs no message of its own.
  if (texts.length === parts.length) return texts;
  shown.push(...parts);
  const label = mediaLabel(content);
  return [`[${content.kind}${label === "" ? "" : `: ${label}`}, attached below]`];
}
