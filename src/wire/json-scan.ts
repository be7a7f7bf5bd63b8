/**
 * Finds values in JSON bytes without parsing them, so that a relayed body can change in one place and stay the same
 * everywhere else: reprinting loses big integers, number forms and cache hits (dossier rules 1–3).
 */

/** Bytes from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A replacement of bytes. An empty `text` removes them. */
export interface Edit extends Span {
  readonly text: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

/** Deeper nesting than any request has; refusing it keeps the scan bounded. */
const MAX_DEPTH = 512;
/** More members of one object than any request has. */
const MAX_MEMBERS = 10_000;

/**
 * The members of a body that is one JSON object: key → span of its value.
 * @throws SyntaxError with the byte offset, when the bytes are not one well-formed JSON object.
 */
export function scanObject(body: Uint8Array): ReadonlyMap<string, Span> {
  const start = skipSpace(body, 0);
  const { members, end } = readMembers(body, start);
  const rest = skipSpace(body, end);
  if (rest < body.length) fail("unexpected text after the JSON object", rest);
  return members;
}

/** The members of an object value inside a body. */
export function scanMembers(body: Uint8Array, span: Span): ReadonlyMap<string, Span> {
  return readMembers(body, span.start).members;
}

/** The elements of an array value inside a body. */
export function scanArray(body: Uint8Array, span: Span): readonly Span[] {
  if (body[span.start] !== OPEN_BRACKET) fail("expected an array", span.start);
  const elements: Span[] = [];
  let at = skipSpace(body, span.start + 1);
  if (body[at] === CLOSE_BRACKET) return elements;
  for (;;) {
    const end = skipValue(body, at);
    elements.push({ start: at, end });
    at = skipSpace(body, end);
    if (body[at] === CLOSE_BRACKET) return elements;
    if (body[at] !== COMMA) fail("expected a comma or the end of the array", at);
    at = skipSpace(body, at + 1);
  }
}

/** The body with the edits made; they must not overlap. */
export function spliceSpans(body: Buffer, edits: readonly Edit[]): Buffer {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    pieces.push(body.subarray(from, edit.start));
    if (edit.text !== "") pieces.push(Buffer.from(edit.text));
    from = edit.end;
  }
  pieces.push(body.subarray(from));
  return Buffer.concat(pieces);
}

/** Edits that take elements out of a list, each with one comma: the one before it, or for the first ones the one after. */
export function removeElements(elements: readonly Span[], removed: readonly number[]): Edit[] {
  const gone = new Set(removed);
  const firstKept = elements.findIndex((_, i) => !gone.has(i));
  return removed.map((i) => {
    const { start, end } = elements[i] as Span;
    if (firstKept >= 0 && i < firstKept) return { start, end: (elements[i + 1] as Span).start, text: "" };
    return { start: i === 0 ? start : (elements[i - 1] as Span).end, end, text: "" };
  });
}

function readMembers(body: Uint8Array, start: number): { members: Map<string, Span>; end: number } {
  if (body[start] !== OPEN_BRACE) fail("expected a JSON object", start);
  const members = new Map<string, Span>();
  let at = skipSpace(body, start + 1);
  if (body[at] === CLOSE_BRACE) return { members, end: at + 1 };
  for (;;) {
    if (body[at] !== QUOTE) fail("expected a key in double quotes", at);
    const keyEnd = stringEnd(body, at + 1);
    const key = text(body, at, keyEnd + 1);
    at = skipSpace(body, keyEnd + 1);
    if (body[at] !== COLON) fail("expected a colon after the key", at);
    at = skipSpace(body, at + 1);
    const end = skipValue(body, at);
    const name = key.includes("\\") ? (JSON.parse(key) as string) : key.slice(1, -1);
    // Parsers disagree on which one counts, so the gateway and the upstream might.
    if (members.has(name)) fail("a key is repeated", at);
    if (members.size === MAX_MEMBERS) fail(`more than ${MAX_MEMBERS} members`, at);
    members.set(name, { start: at, end });
    at = skipSpace(body, end);
    if (body[at] === CLOSE_BRACE) return { members, end: at + 1 };
    if (body[at] !== COMMA) fail("expected a comma or the end of the object", at);
    at = skipSpace(body, at + 1);
  }
}

/** Where the value that starts here ends. */
function skipValue(body: Uint8Array, start: number): number {
  const first = body[start];
  if (first === QUOTE) return stringEnd(body, start + 1) + 1;
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipNested(body, start);
  let end = start;
  while (end < body.length && !isDelimiter(body[end] as number)) end += 1;
  if (end === start || !SCALAR.test(text(body, start, end))) fail("expected a JSON value", start);
  return end;
}

const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/** Strings and brackets only: what stands between them is the upstream's to judge. */
function skipNested(body: Uint8Array, start: number): number {
  const closers: number[] = [];
  for (let at = start; at < body.length; at += 1) {
    switch (body[at]) {
      case QUOTE:
        at = stringEnd(body, at + 1);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        closers.push(body[at] === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET);
        if (closers.length > MAX_DEPTH) fail(`nested deeper than ${MAX_DEPTH} levels`, at);
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (closers.pop() !== body[at]) fail("mismatched bracket", at);
        if (closers.length === 0) return at + 1;
        break;
      default:
    }
  }
  return fail("unexpected end of the JSON text", body.length);
}

/** Where the string ends whose opening quote stands before `start`: the offset of its closing quote. */
function stringEnd(body: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    // Most strings are short, where a loop beats the native search.
    const near = Math.min(at + 12, body.length);
    while (at < near) {
      const byte = body[at];
      if (byte === QUOTE) return at;
      at += byte === BACKSLASH ? 2 : 1;
    }
    if (at >= body.length) return fail("a string does not end", start - 1);
    const quote = body.indexOf(QUOTE, at);
    if (quote < 0) return fail("a string does not end", start - 1);
    let backslashes = 0;
    while (quote - 1 - backslashes >= at && body[quote - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote;
    at = quote + 1;
  }
}

function skipSpace(body: Uint8Array, start: number): number {
  let at = start;
  while (at < body.length && isSpace(body[at] as number)) at += 1;
  return at;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDelimiter(byte: number): boolean {
  return isSpace(byte) || byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET;
}

function text(body: Uint8Array, start: number, end: number): string {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.length);
  return bytes.toString("utf8", start, end);
}

function fail(problem: string, offset: number): never {
  throw new SyntaxError(`${problem} at byte ${offset}`);
}
