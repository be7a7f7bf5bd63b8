/** Assertions that say where a difference is. Deliberately few: what a scenario means should be read, not decoded. */

/** Something is not as a scenario says; the message names the place, what was wanted and what was found. */
export class Mismatch extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Mismatch";
  }
}

/** Fails unless both are deeply equal; an `undefined` member is one that must be absent. */
export function same(where: string, got: unknown, wanted: unknown): void {
  compare(where, got, wanted, true);
}

/** Like {@link same}, but objects may hold more than is wanted of them. Lists still are as long as wanted. */
export function has(where: string, got: unknown, wanted: unknown): void {
  compare(where, got, wanted, false);
}

/** Fails with the complaint unless the condition holds. */
export function holds(where: string, condition: boolean, complaint: string): void {
  if (!condition) throw new Mismatch(`${where}: ${complaint}`);
}

/** Fails unless the text contains the part. */
export function contains(where: string, text: string, part: string): void {
  if (!text.includes(part)) throw new Mismatch(`${where}: ${shown(part)} is not in ${shown(text)}`);
}

function compare(where: string, got: unknown, wanted: unknown, exactly: boolean): void {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(got)) throw difference(where, got, wanted);
    if (got.length !== wanted.length) throw new Mismatch(`${where}: ${got.length} of them, wanted ${wanted.length}: ${shown(got)}`);
    for (const [index, one] of wanted.entries()) compare(`${where}[${index}]`, got[index], one, exactly);
  } else if (isObject(wanted)) {
    if (!isObject(got)) throw difference(where, got, wanted);
    const names = new Set([...Object.keys(wanted), ...(exactly ? Object.keys(got) : [])]);
    for (const name of names) compare(`${where}.${name}`, got[name], wanted[name], exactly);
  } else if (!Object.is(got, wanted)) {
    throw difference(where, got, wanted);
  }
}

function difference(where: string, got: unknown, wanted: unknown): Mismatch {
  return new Mismatch(`${where}: ${shown(got)}, wanted ${shown(wanted)}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const SHOWN_LIMIT = 300;

function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > SHOWN_LIMIT ? `${text.slice(0, SHOWN_LIMIT)}…` : text;
}
