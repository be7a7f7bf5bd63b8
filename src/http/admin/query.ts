/** Reads what a request to the admin API asks for. Nothing is ignored silently. */
import { GatewayError } from "../../chat/error.ts";
import { nearMatches } from "../../chat/names.ts";

/**
 * The query's parameters; those that stand there twice or are empty count as what stands there first, and as absent.
 * @throws GatewayError `invalid-request` for one that is not known.
 */
export function readQuery<Name extends string>(query: URLSearchParams, known: readonly Name[]): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {};
  for (const [name, value] of query) {
    const parameter = known.find((candidate) => candidate === name);
    if (parameter === undefined) throw unknownName("parameter", name, known);
    if (value !== "") found[parameter] ??= value;
  }
  return found;
}

/** @throws GatewayError `invalid-request` when it is no whole number from 1 to `max`. */
export function readCount(text: string | undefined, name: string, { max, preset }: { max: number; preset: number }): number {
  if (text === undefined) return preset;
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= max) return count;
  throw new GatewayError("invalid-request", `\`${name}\` must be a whole number from 1 to ${max}.`, { field: name });
}

/** A refusal that says which name was probably meant. */
export function unknownName(what: string, name: string, known: readonly string[]): GatewayError {
  return new GatewayError("invalid-request", `There is no ${what} ${JSON.stringify(shown(name))}${instead(name, known)}`);
}

/** The same for a name of something that could be there (404). @param place says where, after the name. */
export function notFound(what: string, name: string, known: readonly string[], place = ""): GatewayError {
  return new GatewayError("not-found", `There is no ${what} ${JSON.stringify(shown(name))}${place}${instead(name, known)}`);
}

/** The same for what may be a secret by mistake: it is not repeated. */
export function notFoundUnnamed(what: string, name: string, known: readonly string[]): GatewayError {
  return new GatewayError("not-found", `There is no ${what} of this name${instead(name, known)}`);
}

const MAX_SHOWN = 12;
const MAX_SHOWN_CHARS = 128;

function instead(name: string, known: readonly string[]): string {
  const near = nearMatches(name, known);
  if (near.length > 0) return `; did you mean ${near.map((candidate) => JSON.stringify(candidate)).join(" or ")}?`;
  if (known.length === 0) return ".";
  return `; there ${known.length === 1 ? "is" : "are"}: ${known.slice(0, MAX_SHOWN).join(", ")}${known.length > MAX_SHOWN ? ", …" : ""}.`;
}

function shown(name: string): string {
  return name.length > MAX_SHOWN_CHARS ? `${name.slice(0, MAX_SHOWN_CHARS)}…` : name;
}
