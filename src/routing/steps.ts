/** The order in which a request takes its steps: which failure leads to which, and whether more may come (resilience §4). */
import type { ErrorKind, GatewayError } from "../chat/error.ts";
import type { Step } from "./target.ts";
import { verdict } from "./verdict.ts";

/** What a pool may come to that would have another step tried. */
const ANY_OTHER: readonly ErrorKind[] = ["transport", "timeout", "upstream", "overloaded"];

/** Whether a failure leads on to this step (resilience §3): the request's own fault does only where the operator says so. */
export function leadsTo({ on }: Step, failure: GatewayError): boolean {
  return on ? on.has(failure.kind) : verdict(failure).next !== "give-up";
}

/** Whether steps may follow that one of the steps, where its provider is down. */
export function othersFollow(steps: readonly Step[], index: number): boolean {
  return steps.slice(index + 1).some(({ on }) => !on || ANY_OTHER.some((kind) => on.has(kind)));
}

/**
 * Whether a step is to be tried again when nothing else served, because a provider that is thought to be down is better than
 * none. @param refusal what its pool said at once.
 */
export function deservesLastTry(refusal: GatewayError, othersFollow: boolean): boolean {
  return othersFollow && refusal.kind === "overloaded";
}
