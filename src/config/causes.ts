/** The failures that may lead to a fallback, as people write them. */
import type { ErrorKind } from "../chat/error.ts";

const KINDS = {
  rate_limit: ["rate-limited"],
  overloaded: ["overloaded"],
  error: ["upstream"],
  timeout: ["timeout"],
  connection: ["transport"],
  auth: ["unauthenticated", "bad-credential"],
  billing: ["billing"],
  permission: ["permission"],
  model_not_found: ["model-not-found"],
  unsupported: ["unsupported"],
  unavailable: ["unavailable"],
  context_too_long: ["context-too-long"],
  content_policy: ["content-policy"],
  invalid_request: ["invalid-request", "request-too-large"],
} as const satisfies Readonly<Record<string, readonly ErrorKind[]>>;

export type Cause = keyof typeof KINDS;
export const CAUSES = Object.keys(KINDS) as [Cause, ...Cause[]];

/** The kinds of error that these stand for. */
export function kindsOf(causes: readonly Cause[]): readonly ErrorKind[] {
  return causes.flatMap((cause) => KINDS[cause]);
}

/** The causes that stand for these kinds of error, as people wrote them. */
export function causesOf(kinds: Iterable<ErrorKind>): readonly Cause[] {
  const known = new Set<ErrorKind>(kinds);
  return CAUSES.filter((cause) => KINDS[cause].some((kind) => known.has(kind)));
}
