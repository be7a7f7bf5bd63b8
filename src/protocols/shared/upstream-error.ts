/** What error decoders of every upstream protocol agree on (resilience §3). */
import type { ErrorKind } from "../../chat/error.ts";

/** More than this of an upstream's words helps nobody. */
export const MAX_MESSAGE_CHARS = 4000;

/** Statuses that speak for themselves: the body refines some, and contradicts none. */
export const STATUS_KINDS: ReadonlyMap<number, ErrorKind> = new Map<number, ErrorKind>([
  [401, "unauthenticated"],
  [402, "billing"],
  [403, "permission"],
  [404, "not-found"],
  [405, "method-not-allowed"],
  [408, "timeout"],
  [409, "conflict"],
  [413, "request-too-large"],
  [429, "rate-limited"],
  [504, "timeout"],
  [529, "overloaded"],
]);

/** Words about our own account are for the log, not for the caller (rule 348). */
const OUR_ACCOUNT: ReadonlySet<ErrorKind> = new Set<ErrorKind>(["unauthenticated", "billing", "permission"]);

/** What the caller reads: the upstream's words where there are any that concern the caller, else `otherwise`. */
export function messageForCaller(kind: ErrorKind, said: string | undefined, otherwise: string): string {
  return said === undefined || said === "" || OUR_ACCOUNT.has(kind) ? otherwise : said;
}

/** How many tokens there are and how many fit, out of any vendor's sentence: the larger and the smaller of the numbers in it. */
export function tokenCounts(sentence: string): { input: number; limit: number } | undefined {
  const numbers = [...sentence.matchAll(/\b\d[\d,]*\d\b/g)].map(([digits]) => Number(digits.replaceAll(",", ""))).filter((n) => n >= 1000);
  if (numbers.length < 2) return undefined;
  const input = Math.max(...numbers);
  const limit = Math.min(...numbers);
  return input > limit ? { input, limit } : undefined;
}
