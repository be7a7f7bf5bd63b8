/**
 * Finds strings in JSON bytes by their key, wherever it stands, at the speed of a search for bytes: for looking through
 * large bodies for what is mostly not there. Inside a JSON string every quote is escaped, so that a key in its quotes is
 * never found in a text that speaks of it.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const SPACES: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** The values of these keys that are strings no longer than `maxBytes`, the last one in the bytes first. */
export function* lastStrings(json: Buffer, keys: readonly string[], maxBytes: number): Generator<string> {
  const found = keys.map((key) => new KeySearch(json, `"${key}"`));
  for (;;) {
    const last = found.reduce((a, b) => (b.at > a.at ? b : a));
    if (last.at < 0) return;
    const value = stringBehind(json, last.end, maxBytes);
    last.goOn();
    if (value !== undefined) yield value;
  }
}

/** A search from the end of the bytes to their start. */
class KeySearch {
  readonly #json: Buffer;
  readonly #key: string;
  /** Where the latest find begins; negative: there are no more. */
  at: number;

  constructor(json: Buffer, key: string) {
    this.#json = json;
    this.#key = key;
    this.at = json.lastIndexOf(key);
  }

  get end(): number {
    return this.at + this.#key.length;
  }

  goOn(): void {
    this.at = this.at === 0 ? -1 : this.#json.lastIndexOf(this.#key, this.at - 1);
  }
}

/** The string that a key has which ends here; `undefined` when this is no key, or its value another. */
function stringBehind(json: Buffer, keyEnd: number, maxBytes: number): string | undefined {
  const colon = skipSpace(json, keyEnd);
  if (json[colon] !== COLON) return undefined;
  const start = skipSpace(json, colon + 1);
  if (json[start] !== QUOTE) return undefined;
  let end = json.indexOf(QUOTE, start + 1);
  while (end > 0 && isEscaped(json, end)) end = json.indexOf(QUOTE, end + 1);
  if (end < 0 || end - start > maxBytes) return undefined;
  const text = json.toString("utf8", start + 1, end);
  return text.includes("\\") ? unescaped(text) : text;
}

function isEscaped(json: Buffer, quote: number): boolean {
  let slashes = 0;
  while (json[quote - 1 - slashes] === BACKSLASH) slashes += 1;
  return slashes % 2 === 1;
}

function unescaped(text: string): string | undefined {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return undefined;
  }
}

function skipSpace(json: Buffer, from: number): number {
  let at = from;
  while (SPACES.has(json[at])) at += 1;
  return at;
}
