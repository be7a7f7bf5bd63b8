/** Reads YAML into plain values and remembers where each stood. Only plain data: no merge keys, no tags of other types. */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { ErrorCode } from "yaml";
import { type Locate, type Path, type Position, ProblemList } from "./errors.ts";

/** Far above any real configuration; aliases can make a short file huge. */
const MAX_NODES = 50_000;
const MAX_DEPTH = 50;

/** A file's content. */
export interface ConfigDocument {
  /** Objects, arrays, strings, finite numbers, booleans, null. An empty file is an empty object. */
  readonly value: unknown;
  readonly locate: Locate;
}

/**
 * Reads a YAML document.
 * @throws ConfigError with the first thing that is not YAML: what follows it is mostly its consequence.
 */
export function readDocument(text: string, source: string): ConfigDocument {
  const lines = new LineCounter();
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const fail = (offset: number, message: string, suggestion?: string): never => {
    const problems = new ProblemList(() => positionOf(offset));
    problems.add([], message, suggestion);
    problems.throwIfAny(source);
    throw new Error("unreachable: a problem was added");
  };

  // The parser's own messages quote the source, where secrets may stand: only its codes are used.
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines, version: "1.2", merge: false });
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) fail(error.pos[0], SYNTAX_MESSAGES[error.code] ?? "this is not valid YAML");

  const positions = new Map<string, Position>();
  const value = document.contents === null ? {} : new Reader(document, positions, positionOf, fail).read(document.contents, [], 0);
  return {
    value: value ?? {},
    locate: (path, part) => {
      const own = part === "key" ? positions.get(keyOf(path, "key")) : undefined;
      return own ?? positions.get(keyOf(path, "value")) ?? placeOfParent(positions, path);
    },
  };
}

type Fail = (offset: number, message: string, suggestion?: string) => never;

class Reader {
  readonly #document: Document;
  readonly #positions: Map<string, Position>;
  readonly #positionOf: (offset: number) => Position;
  readonly #fail: Fail;
  #nodes = 0;

  constructor(document: Document, positions: Map<string, Position>, positionOf: (offset: number) => Position, fail: Fail) {
    this.#document = document;
    this.#positions = positions;
    this.#positionOf = positionOf;
    this.#fail = fail;
  }

  read(node: Node | null, path: Path, offset: number): unknown {
    const at = node?.range?.[0] ?? offset;
    this.#positions.set(keyOf(path, "value"), this.#positionOf(at));
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES || path.length > MAX_DEPTH) this.#fail(at, "the document is too large or nested too deeply");
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target === undefined) this.#fail(at, "this is read as an alias (`*…`) of nothing", "put text that begins with `*` in quotes");
      return this.read(target, path, at);
    }
    if (isMap<Node, Node | null>(node)) return this.#readMap(node.items, path, at);
    if (isSeq<Node>(node)) return node.items.map((item, index) => this.read(item, [...path, index], at));
    return isScalar(node) ? node.value : null;
  }

  #readMap(items: readonly { key: Node; value: Node | null }[], path: Path, mapOffset: number): unknown {
    const entries: [string, unknown][] = [];
    for (const { key, value } of items) {
      const at = key.range?.[0] ?? mapOffset;
      if (!isScalar(key)) this.#fail(at, "a key must be plain text");
      const name = isScalar(key) ? (key.source ?? String(key.value)) : "";
      if (name === "__proto__") this.#fail(at, "`__proto__` cannot be used as a key");
      const entryPath = [...path, name];
      this.#positions.set(keyOf(entryPath, "key"), this.#positionOf(at));
      entries.push([name, this.read(value, entryPath, at)]);
    }
    return Object.fromEntries(entries);
  }
}

/** Where to show what is missing: at the key of what it is missing from. */
function placeOfParent(positions: ReadonlyMap<string, Position>, path: Path): Position | undefined {
  for (let length = path.length - 1; length >= 0; length--) {
    const parent = path.slice(0, length);
    const place = positions.get(keyOf(parent, "key")) ?? positions.get(keyOf(parent, "value"));
    if (place !== undefined) return place;
  }
  return undefined;
}

function keyOf(path: Path, part: "key" | "value"): string {
  return `${part}${JSON.stringify(path)}`;
}

const SYNTAX_MESSAGES: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_ALIAS: "this is read as an alias or anchor; put text that begins with `*` or `&` in quotes",
  BAD_DQ_ESCAPE: "this text in double quotes holds a `\\` sequence that YAML does not know; use single quotes",
  BAD_INDENT: "the indentation does not fit, or a bracket is not closed before here",
  BAD_SCALAR_START: "a text cannot begin with this character; put it in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a key stands where a value was expected: check the indentation, and put text that holds `: ` in quotes",
  BLOCK_IN_FLOW: "a block stands inside brackets: put commas between entries, and text that holds `: ` in quotes",
  DUPLICATE_KEY: "this key stands here twice",
  MISSING_CHAR: "a bracket, a comma or a closing quote is missing here",
  MULTILINE_IMPLICIT_KEY: "a `:` is missing here, or the indentation does not fit",
  MULTIPLE_DOCS: "there is more than one document; remove what follows the `---`",
  RESOURCE_EXHAUSTION: "the document is too large or nested too deeply",
  TAB_AS_INDENT: "YAML is indented with spaces, not with tabs",
  TAG_RESOLVE_FAILED: "tags (`!…`) have no meaning here",
  UNEXPECTED_TOKEN: "this is not expected here: a whole text that begins with `*`, `&` or a quote belongs in quotes",
};
