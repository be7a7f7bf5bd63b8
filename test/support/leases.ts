/** What a pool is asked for, for tests that need no router. */
import type { LeaseRequest } from "../../src/routing/lease.ts";
import type { Step, Target } from "../../src/routing/target.ts";
import { credential, provider } from "./providers.ts";

/** A step over these models at providers of these names. */
export function stepOf(...places: readonly { readonly provider: string; readonly model: string }[]): Step {
  const targets = places.map((place): Target => ({
    provider: provider(place.provider),
    model: place.model,
    protocol: "anthropic-messages",
    protocols: ["anthropic-messages"],
  }));
  return { id: places.map((place) => place.provider).join(" "), targets, strategy: "round-robin" };
}

/** What may be said of a request beside its step. */
export interface AskSettings extends Partial<Omit<LeaseRequest, "step" | "exclude" | "preferredAccounts">> {
  /** Names of credentials that it has tried at the first target. */
  readonly excluded?: readonly string[] | undefined;
  readonly preferredAccount?: string | undefined;
}

export function askFor(step: Step, { excluded = [], preferredAccount, ...rest }: AskSettings = {}): LeaseRequest {
  const [target] = step.targets as [Target];
  return {
    step,
    exclude: new Set(excluded.map((name) => leaseId(target, name))),
    ...(preferredAccount !== undefined && { preferredAccounts: new Map([[target, preferredAccount]]) }),
    ...rest,
  };
}

/** The id that a lease of this credential has, where its key is what `credential` gives it. */
export function leaseId({ provider: { name: owner }, model }: Target, name: string): string {
  return `${owner}/${name}/${credential(name).fingerprint} ${model}`;
}
