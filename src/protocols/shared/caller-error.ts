/** What errors say to callers of every protocol alike. */
import type { GatewayError } from "../../chat/error.ts";

/**
 * The status of an error: a provider's own 5xx keeps its (rule 336), any other error has the one of its kind.
 * @param highest the last 5xx that the protocol's clients have heard of.
 */
export function statusOf({ kind, detail: { upstreamStatus } }: GatewayError, ofKind: number, highest = 599): number {
  return kind === "upstream" && upstreamStatus !== undefined && upstreamStatus >= 500 && upstreamStatus <= highest
    ? upstreamStatus
    : ofKind;
}

/** A wait in whole seconds, never none: clients would come back at once. */
export function waitSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
