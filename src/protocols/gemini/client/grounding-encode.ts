/**
 * What an answer was grounded on, in Google's words: searches and their sources, which text they support, and pages that
 * were read (rules 266, 221). Offsets count bytes of UTF-8 over all of the answer's text.
 */
import type { Citation } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";

interface Support {
  readonly start: number;
  readonly end: number;
  readonly sources: number[];
}

export class GroundingWriter {
  readonly #queries: string[] = [];
  readonly #chunks: JsonObject[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #supports: Support[] = [];
  readonly #pages = new Set<string>();
  /** The answer's text so far, and where the current item's begins in it. */
  #said = "";
  #itemStart = 0;
  #counted = START;
  /** Citations of the whole current item, whose end is not known yet. */
  #whole: Citation[] = [];

  beginText(): void {
    this.#itemStart = this.#said.length;
  }

  /** More of the answer's text. */
  say(text: string): void {
    this.#said += text;
  }

  /** A source of the current text: of the range it names, or of all of it. */
  cite(citation: Citation): void {
    if (citation.range) this.#support(citation, this.#itemStart + citation.range.start, this.#itemStart + citation.range.end);
    else this.#whole.push(citation);
  }

  endText(): void {
    for (const citation of this.#whole) this.#support(citation, this.#itemStart, this.#said.length);
    this.#whole = [];
  }

  /** A search that was made. */
  query(query: string | undefined): void {
    if (query !== undefined && query !== "" && !this.#queries.includes(query)) this.#queries.push(query);
  }

  /** A page that was read. */
  page(url: string | undefined): void {
    if (url !== undefined && url !== "") this.#pages.add(url);
  }

  /** A source that was found. @returns its index among all. */
  source({ url, title, citedText }: Citation): number {
    const key = url ?? `${title}\n${citedText}`;
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const named = title === undefined ? {} : { title };
    const chunk =
      url === undefined
        ? { retrievedContext: { ...named, ...(citedText !== undefined && { text: citedText }) } }
        : { web: { uri: url, ...named } };
    this.#indexes.set(key, this.#chunks.push(chunk) - 1);
    return this.#chunks.length - 1;
  }

  /** The candidate's fields, those that say something. */
  fields(): JsonObject {
    const grounded = this.#queries.length > 0 || this.#chunks.length > 0;
    return {
      ...(grounded && {
        groundingMetadata: {
          ...(this.#queries.length > 0 && { webSearchQueries: this.#queries }),
          ...(this.#chunks.length > 0 && { groundingChunks: this.#chunks }),
          ...(this.#supports.length > 0 && { groundingSupports: this.#supports.map((support) => this.#encode(support)) }),
        },
      }),
      ...(this.#pages.size > 0 && {
        urlContextMetadata: {
          urlMetadata: [...this.#pages].map((url) => ({ retrievedUrl: url, urlRetrievalStatus: "URL_RETRIEVAL_STATUS_SUCCESS" })),
        },
      }),
    };
  }

  #support(citation: Citation, start: number, end: number): void {
    const index = this.source(citation);
    const last = this.#supports.at(-1);
    if (last?.start !== start || last.end !== end) this.#supports.push({ start, end, sources: [index] });
    else if (!last.sources.includes(index)) last.sources.push(index);
  }

  #encode({ start, end, sources }: Support): JsonObject {
    const text = this.#said.slice(start, end);
    const startIndex = this.#bytesBefore(start);
    return { segment: { startIndex, endIndex: startIndex + Buffer.byteLength(text), text }, groundingChunkIndices: sources };
  }

  /** Supports mostly follow each other, so what was counted for the last one is not counted again. */
  #bytesBefore(index: number): number {
    const { index: from, bytes } = index >= this.#counted.index ? this.#counted : START;
    const total = bytes + Buffer.byteLength(this.#said.slice(from, index));
    // Half a character counts as another one.
    if (!/[\uD800-\uDBFF]/.test(this.#said.charAt(index - 1))) this.#counted = { index, bytes: total };
    return total;
  }
}

const START = { index: 0, bytes: 0 };
