/**
 * A belt for the log: secrets should never get there, and if one does, it does not get further. Works on the written
 * line, so that it holds for keys, values, messages and stacks alike.
 */

const REDACTED = "[redacted]";

/** Shorter secrets are replaced only as whole strings: anywhere else they are ordinary syllables. */
const MIN_CHARS_ANYWHERE = 8;

/** Keys that nobody registered, such as a caller's wrong one: after `Bearer`, or in a query. */
const UNKNOWN_KEYS = /(\bBearer +|[?&]key=)[^\s"\\&,;]+/gi;

/** Secrets of former configurations that are still left out: more than are in use while anything runs on these. */
const MAX_FORMER = 200;

/** Replaces every secret in a line of JSON, also as it looks inside a JSON string or a URL. */
export class Redaction {
  #current: readonly string[];
  readonly #always: readonly string[];
  /** The latest first. */
  #former: readonly string[] = [];
  #known: RegExp | undefined;

  /**
   * @param secrets empty ones are ignored.
   * @param always those that no {@link replace} replaces.
   */
  constructor(secrets: readonly string[], always: readonly string[] = []) {
    this.#current = secrets;
    this.#always = always;
    this.#known = patternOf([...always, ...secrets]);
  }

  /** From now on these are secrets. Those before stay secret too, as long as there is room: running answers may use them. */
  replace(secrets: readonly string[]): void {
    const former = new Set([...this.#current, ...this.#former]).difference(new Set(secrets));
    this.#former = [...former].slice(0, MAX_FORMER);
    this.#current = secrets;
    this.#known = patternOf([...this.#always, ...secrets, ...this.#former]);
  }

  redact(line: string): string {
    return (this.#known === undefined ? line : line.replace(this.#known, REDACTED)).replace(UNKNOWN_KEYS, `$1${REDACTED}`);
  }
}

function patternOf(secrets: readonly string[]): RegExp | undefined {
  const forms = secrets.filter((secret) => secret !== "").flatMap((secret) => [escapeJson(secret), escapeJson(encodeUrl(secret))]);
  const patterns = [...new Set(forms)]
    // The longest first: one secret may begin with another.
    .sort((a, b) => b.length - a.length)
    .map((form) => (form.length >= MIN_CHARS_ANYWHERE ? escapePattern(form) : `(?<=")${escapePattern(form)}(?=")`));
  return patterns.length === 0 ? undefined : new RegExp(patterns.join("|"), "g");
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

function escapeJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function encodeUrl(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
