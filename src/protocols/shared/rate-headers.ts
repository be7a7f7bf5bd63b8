/** Limits in the head of an answer: headers that begin alike, a few for each limit, read in one pass over all of them. */
import type { Rate } from "../rate.ts";
import { resetWaitMs } from "./retry-hints.ts";

/** No limits: one list for every answer that tells none. */
export const NO_RATES: readonly Rate[] = [];

/** What is told of each limit, as it stands there: `remaining`, `limit` and the like by the name of the limit. */
export type RateFields = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * What headers tell of limits; `undefined` when none of them begins so. Asked of every answer: without such headers
 * nothing is made.
 * @param prefix in lower case.
 * @param split the limit and the field that the rest of a name is for, in lower case.
 */
export function rateFields(
  headers: readonly string[],
  prefix: string,
  split: (rest: string) => readonly [limit: string, field: string],
): RateFields | undefined {
  let found: Map<string, Map<string, string>> | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string;
    if (!beginsWith(name, prefix)) continue;
    const [limit, field] = split(name.slice(prefix.length).toLowerCase());
    found ??= new Map();
    const fields = found.get(limit) ?? new Map<string, string>();
    found.set(limit, fields.set(field, (headers[i + 1] as string).trim()));
  }
  return found;
}

/** A limit of which counts are told; `undefined` when nobody can read how many are left. */
export function countedRate(
  kind: Pick<Rate, "unit" | "window">,
  fields: ReadonlyMap<string, string>,
  headers: readonly string[],
): Rate | undefined {
  const remaining = countOf(fields.get("remaining"));
  if (remaining === undefined) return undefined;
  const limit = countOf(fields.get("limit"));
  const resetMs = resetWaitMs(headers, fields.get("reset") ?? "");
  return { ...kind, remaining, ...(limit !== undefined && { limit }), ...(resetMs !== undefined && { resetMs }) };
}

/** The longest wait among the limits that are used up, in ms; `undefined` when no such limit tells one. */
export function usedUpWaitMs(rates: readonly Rate[]): number | undefined {
  const waits = rates.flatMap(({ remaining, resetMs }) => (remaining === 0 && resetMs !== undefined && resetMs > 0 ? resetMs : []));
  return waits.length === 0 ? undefined : Math.max(...waits);
}

/** Some servers say -1 where nothing is counted. */
function countOf(value: string | undefined): number | undefined {
  return value !== undefined && /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : undefined;
}

const TO_LOWER_CASE = 0x20;

/** Compares without a copy. A prefix of letters, digits and `-` only: these differ from their capitals in one bit, or have none. */
function beginsWith(name: string, prefix: string): boolean {
  if (name.length < prefix.length) return false;
  for (let i = 0; i < prefix.length; i += 1) {
    if ((name.charCodeAt(i) | TO_LOWER_CASE) !== prefix.charCodeAt(i)) return false;
  }
  return true;
}
