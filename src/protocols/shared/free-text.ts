/** A free-text tool's text, out of the JSON that models wrap it in, while it streams (dossier rule 67). */
import type { JsonText } from "../../chat/json.ts";
import { unwrapFreeText } from "./call-input.ts";

/** What stands before the text. */
const HEAD = /^\s*\{\s*"input"\s*:\s*"/;
/** What may still become that. */
const MAYBE_HEAD = /^\s*(?:\{\s*(?:"(?:i(?:n(?:p(?:u(?:t(?:"\s*(?::\s*)?)?)?)?)?)?)?)?)?$/;

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** Characters of an escape that is written in hexadecimal digits. */
const HEX_ESCAPE_LENGTH = 6;

/** Follows one call. What is not wrapped as declared is read when it is whole, as {@link unwrapFreeText} reads it. */
export class FreeTextReader {
  #state: "head" | "text" | "closed" | "other" = "head";
  /** What cannot be told yet. */
  #held = "";

  /** More of the JSON. @returns the text in it that is certain. */
  push(json: JsonText): string {
    this.#held += json;
    if (this.#state === "head") this.#readHead();
    return this.#state === "text" ? this.#readText() : "";
  }

  /** The call is over. @returns the rest of the text. */
  end(): string {
    const rest = this.#held;
    this.#held = "";
    // An escape that was cut says nothing, half a character is one.
    if (this.#state === "text") return /^\\u[0-9a-fA-F]{4}/.test(rest) ? unescape(rest).text : "";
    return this.#state === "closed" ? "" : unwrapFreeText(rest);
  }

  #readHead(): void {
    const head = HEAD.exec(this.#held);
    if (head) this.#held = this.#held.slice(head[0].length);
    else if (MAYBE_HEAD.test(this.#held)) return;
    this.#state = head ? "text" : "other";
  }

  #readText(): string {
    let text = "";
    let at = 0;
    for (;;) {
      const next = nextMark(this.#held, at);
      text += this.#held.slice(at, next);
      at = next;
      const mark = this.#held[at];
      if (mark === '"') this.#state = "closed";
      if (mark !== "\\") break;
      const escaped = unescape(this.#held.slice(at, at + 2 * HEX_ESCAPE_LENGTH));
      if (!escaped.whole) break;
      text += escaped.text;
      at += escaped.length;
    }
    this.#held = this.#state === "closed" ? "" : this.#held.slice(at);
    return text;
  }
}

/** Where the next escape or the end of the string is. */
function nextMark(json: string, from: number): number {
  for (let at = from; at < json.length; at += 1) if (json[at] === "\\" || json[at] === '"') return at;
  return json.length;
}

interface Unescaped {
  readonly text: string;
  /** Characters of the JSON that it took. */
  readonly length: number;
  /** Whether nothing that follows could change it. */
  readonly whole: boolean;
}

/** The escape that the JSON begins with; two that make one character are one. */
function unescape(json: string): Unescaped {
  const letter = json[1];
  if (letter !== "u") return { text: ESCAPES[letter ?? ""] ?? letter ?? "", length: 2, whole: letter !== undefined };
  const unit = hexUnit(json);
  if (unit === undefined) return { text: "", length: json.length, whole: false };
  const isHigh = unit >= 0xd800 && unit < 0xdc00;
  const rest = json.slice(HEX_ESCAPE_LENGTH);
  const low = hexUnit(rest);
  const isPair = isHigh && low !== undefined && low >= 0xdc00 && low < 0xe000;
  if (isPair) return { text: String.fromCharCode(unit, low), length: 2 * HEX_ESCAPE_LENGTH, whole: true };
  return { text: String.fromCharCode(unit), length: HEX_ESCAPE_LENGTH, whole: !isHigh || !mayBeEscape(rest) };
}

function hexUnit(json: string): number | undefined {
  const digits = /^\\u([0-9a-fA-F]{4})/.exec(json)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/** Whether more could make it an escape in hexadecimal digits. */
function mayBeEscape(json: string): boolean {
  return json.length < HEX_ESCAPE_LENGTH && /^(?:\\(?:u[0-9a-fA-F]*)?)?$/.test(json);
}
