/** What a conversation says before each of its turns, as digests: what reasoning is bound to (A.1.5, A.3.2), as far as the client says it. */
import { createHash, type Hash } from "node:crypto";
import type { ChatRequest, Content, Item } from "../chat/chat.ts";

/**
 * Reads a request turn by turn. Cache marks, state and reasoning are left out, because clients move, drop or rewrite them;
 * so are fields that only one protocol knows, and what clients note for themselves.
 */
export class HistoryDigest {
  readonly #request: ChatRequest;
  /** Made when a digest is first asked for: mostly nobody does. */
  #hash: Hash | undefined;
  /** The first item that has not been read. */
  #next = 0;

  constructor(request: ChatRequest) {
    this.#request = request;
  }

  /** Of everything before a turn; turns are asked for in order. Behind the last one: of all there is. */
  before(turn: number): string {
    const { items, turns } = this.#request;
    const hash = (this.#hash ??= this.#begun());
    for (; this.#next < items.length; this.#next += 1) {
      const item = items[this.#next] as Item;
      if (item.turn >= turn) break;
      addItem(hash, turns[item.turn]?.role ?? "user", item);
    }
    return hash.copy().digest("base64");
  }

  #begun(): Hash {
    const hash = createHash("sha256");
    for (const { path: _path, cache: _cache, native: _native, ...tool } of this.#request.tools) add(hash, tool);
    for (const item of this.#request.system) addItem(hash, "system", item);
    return hash;
  }
}

function addItem(hash: Hash, role: string, { turn: _turn, path: _path, ...content }: Item): void {
  if (content.type !== "reasoning" && !("clientMetadata" in content)) add(hash, [role, said(content)]);
}

/** JSON has no line breaks of its own, so no two conversations read alike. */
function add(hash: Hash, value: unknown): void {
  hash.update(`${JSON.stringify(value)}\n`);
}

/** The content without what says nothing. */
function said({ cache: _cache, native: _native, ...content }: Content): unknown {
  const { state: _state, ...rest } = content as typeof content & { readonly state?: unknown };
  if (rest.type === "tool-result" || rest.type === "search-result") return { ...rest, content: rest.content.map(said) };
  if (rest.type === "media" && "content" in rest.source) return { ...rest, source: rest.source.content.map(said) };
  return rest;
}
