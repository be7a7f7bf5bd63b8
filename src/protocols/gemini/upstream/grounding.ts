/** What an answer was grounded on: searches, pages, and which words they support (rules 221, 228, 266). */
import type { Citation, HostedToolKind } from "../../../chat/chat.ts";
import { asArray, asNumber, asObject, asString, type JsonObject, type JsonValue } from "../../../chat/json.ts";

/** A grounded answer's sources. */
export interface Grounding {
  readonly kind: HostedToolKind;
  readonly queries: readonly string[];
  readonly sources: readonly Citation[];
  readonly supports: readonly Support[];
}

/** Which words which sources support. Offsets count bytes of UTF-8. */
interface Support {
  readonly start: number;
  readonly end: number;
  readonly text: string | undefined;
  readonly sources: readonly Citation[];
  readonly native: JsonObject;
}

/** A candidate's `groundingMetadata`, or `undefined` when it says nothing, as it does in most frames. */
export function readGrounding(value: JsonValue | undefined): Grounding | undefined {
  const metadata = asObject(value);
  const chunks = asArray(metadata?.["groundingChunks"]);
  const queries = (asArray(metadata?.["webSearchQueries"]) ?? []).filter(
    (query): query is string => typeof query === "string" && query !== "",
  );
  if (!metadata || (!chunks && queries.length === 0)) return undefined;
  const sources = (chunks ?? []).map(readChunk);
  const web = queries.length > 0 || (chunks ?? []).some((chunk) => asObject(chunk)?.["web"] !== undefined);
  const supports = (asArray(metadata["groundingSupports"]) ?? []).map((support) => readSupport(asObject(support) ?? {}, sources));
  return { kind: web ? "web-search" : "other", queries, sources, supports };
}

/**
 * The citations of a text.
 * @param text the item's text as far as it is known; offsets that do not fit it are left out.
 */
export function citationsOf({ supports }: Grounding, text: string): Citation[] {
  const bytes = supports.length > 0 ? Buffer.from(text) : undefined;
  return supports.flatMap(({ start, end, text: quoted, sources, native }) => {
    const range = bytes && locate(bytes, text, start, end, quoted);
    const citedText = quoted ?? (range && text.slice(range.start, range.end));
    return sources.map((source) => ({
      ...source,
      ...(citedText !== undefined && { citedText }),
      ...(range && { range }),
      native: { protocol: "gemini" as const, fields: native },
    }));
  });
}

/** Byte offsets as UTF-16 ones; where they miss the quoted words, the place where these stand. */
function locate(bytes: Buffer, text: string, start: number, end: number, quoted: string | undefined): Citation["range"] {
  const words = bytes.toString("utf8", start, end);
  if (words !== "" && (quoted === undefined || words === quoted)) {
    const from = bytes.toString("utf8", 0, start).length;
    return { start: from, end: from + words.length };
  }
  const at = quoted === undefined || quoted === "" ? -1 : text.indexOf(quoted);
  return at < 0 || quoted === undefined ? undefined : { start: at, end: at + quoted.length };
}

function readChunk(chunk: JsonValue): Citation {
  const [fields] = Object.values(asObject(chunk) ?? {}).map(asObject);
  const url = asString(fields?.["uri"]) ?? asString(fields?.["sourceUri"]);
  const title = asString(fields?.["title"]) ?? asString(fields?.["fileSearchStore"]);
  return { ...(url !== undefined && { url }), ...(title !== undefined && { title }) };
}

function readSupport(support: JsonObject, sources: readonly Citation[]): Support {
  const segment = asObject(support["segment"]);
  const indices = (asArray(support["groundingChunkIndices"]) ?? []).map(asNumber);
  return {
    start: asNumber(segment?.["startIndex"]) ?? 0,
    end: asNumber(segment?.["endIndex"]) ?? 0,
    text: asString(segment?.["text"]),
    sources: indices.map((index) => sources[index ?? -1]).filter((source) => source !== undefined),
    native: support,
  };
}

/** Titles with addresses, one a line: a summary any protocol can show. */
export function sourcesText(sources: readonly Citation[]): string {
  return sources.map(({ title, url }) => [title, url].filter((part) => part !== undefined).join(": ")).join("\n");
}

/** The pages that `urlContextMetadata` says were read, each with whether it could be. */
export function readFetches(value: JsonValue | undefined): { url: string; ok: boolean }[] {
  return (asArray(asObject(value)?.["urlMetadata"]) ?? []).map(asObject).flatMap((page) => {
    const url = asString(page?.["retrievedUrl"]);
    return url === undefined ? [] : [{ url, ok: page?.["urlRetrievalStatus"] === "URL_RETRIEVAL_STATUS_SUCCESS" }];
  });
}
