/**
 * A belt for the log: secrets should never get there, and if one does, it does not get further. Works on the written
 * line, so that it holds for keys, values, messages and stacks alike.
 */

const REDACTED = "[redacted]";

/** Shorter secrets are replaced only as whole strings: anywhere else they are ordinary syllables. */
const MIN_CHARS_ANYWHERE = 8;

/** Keys that nobody registered, such as a caller's wrong one: after `Bearer`, or in a query. */
const UNKNOWN_KEYS = /(\bBearer +|[?&]key=)[^\s"\\&,;]+/gi;

/**
 * A function that replaces every secret in a line of JSON, also as it looks inside a JSON string or a URL.
 * @param secrets empty ones are ignored.
 */
export function createRedaction(secrets: readonly string[]): (line: string) => string {
  const forms = secrets.filter((secret) => secret !== "").flatMap((secret) => [escapeJson(secret), escapeJson(encodeUrl(secret))]);
  const patterns = [...new Set(forms)]
    // The longest first: one secret may begin with another.
    .sort((a, b) => b.length - a.length)
    .map((form) => (form.length >= MIN_CHARS_ANYWHERE ? escapePattern(form) : `(?<=")${escapePattern(form)}(?=")`));
  const known = patterns.length === 0 ? undefined : new RegExp(patterns.join("|"), "g");
  return (line) => (known === undefined ? line : line.replace(known, REDACTED)).replace(UNKNOWN_KEYS, `$1${REDACTED}`);
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
