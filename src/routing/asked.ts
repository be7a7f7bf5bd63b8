/** A request for a credential, as often as a pool has to look at it. */
import { bindingKey } from "./affinity.ts";
import type { LeaseRequest } from "./lease.ts";
import type { Target } from "./target.ts";

/** A request with what is found out once. */
export interface Asked {
  readonly request: LeaseRequest;
  /** By {@link sessionKey}. */
  readonly session: string | undefined;
}

/** Names the request's conversation at its step and model, by a digest; `undefined`: it is of no known one. */
export function sessionKey({ session, step }: LeaseRequest): string | undefined {
  return session === undefined ? undefined : bindingKey(session, `${step.id}\0${step.targets[0]?.model ?? ""}`);
}

/** The targets that may be asked. */
export function targetsOf({ step, without }: LeaseRequest): readonly Target[] {
  return without ? step.targets.filter((target) => !without.has(target)) : step.targets;
}

/** Where a request waits: at the provider that it would go to first. */
export function placeOf(request: LeaseRequest): string {
  return targetsOf(request)[0]?.provider.name ?? "";
}

/**
 * The same for requests of which none can be served when one cannot, whatever conversations they belong to; `undefined`: it
 * has tried somebody already, and is like no other.
 */
export function likeness({ step, without, exclude, othersFollow }: LeaseRequest): string | undefined {
  if (without || exclude.size > 0) return undefined;
  const targets = step.targets.map(
    ({ provider: { name, type, origin, basePath }, model }) => `${name}\0${type}\0${origin}${basePath}\0${model}`,
  );
  return `${othersFollow ? "more" : "last"}\0${targets.join("\0")}`;
}
