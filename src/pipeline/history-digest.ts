/** What a conversation says before each of its turns, as digests: what reasoning is bound to (A.1.5, A.3.2), as far as the client says it. */
import { createHash, type Hash } from "node:crypto";
import type { ChatRequest, Content, Item } from "../chat/chat.ts";

/**
 * Reads a request turn by turn. Cache marks, state and reasoning are left out, because clients move, drop or rewrite them;
 * so are fields that only one protocol knows.
 */
export class HistoryDigest {
  readonly #request: ChatRequest;
  readonly #hash: Hash;
  /** The first item that has not been read. */
  #next = 0;

  constructor(request: ChatRequest) {
    this.#request = request;
    this.#hash = createHash("sha256");
    for (const { path: _path, cache: _cache, native: _native, ...tool } of request.tools) this.#add(tool);
    for (const item of request.system) this.#addItem("system", item);
  }

  /** Of everything before a turn; turns are asked for in order. Behind the last one: of all there is. */
  before(turn: number): string {
    const { items, turns } = this.#request;
    for (; this.#next < items.length; this.#next += 1) {
      const item = items[this.#next] as Item;
      if (item.turn >= turn) break;
      this.#addItem(turns[item.turn]?.role ?? "user", item);
    }
    return this.#hash.copy().digest("base64");
  }

  #addItem(role: string, { turn: _turn, path: _path, ...content }: Item): void {
    if (content.type !== "reasoning") this.#add([role, said(content)]);
  }

  #add(value: unknown): void {
    // JSON has no line breaks of its own, so no two conversations read alike.
    this.#hash.update(`${JSON.stringify(value)}\n`);
  }
}

/** The content without what says nothing. */
function said({ cache: _cache, native: _native, ...content }: Content): unknown {
  const { state: _state, ...rest } = content as typeof content & { readonly state?: unknown };
  if (rest.type === "tool-result" || rest.type === "search-result") return { ...rest, content: rest.content.map(said) };
  if (rest.type === "media" && "content" in rest.source) return { ...rest, source: rest.source.content.map(said) };
  return rest;
}
