/** Where a request may go: models at providers, in the steps in which they are tried. */
import type { ProtocolId } from "../chat/chat.ts";
import type { ErrorKind } from "../chat/error.ts";
import type { Protocols, Provider, StrategyName } from "../providers/provider.ts";

/** A model at a provider, and how it is spoken to. */
export interface Target {
  readonly provider: Provider;
  /** The upstream's name of it. */
  readonly model: string;
  readonly protocol: ProtocolId;
  /** All protocols that it could be spoken to in, the one that loses least first. */
  readonly protocols: Protocols;
}

/** Targets that are tried as one: their credentials are one pool. Most steps have one target. */
export interface Step {
  /** The same for every request that takes this step: whose turn it is, is remembered under it. */
  readonly id: string;
  /** At least one. */
  readonly targets: readonly Target[];
  /** How the credentials take turns. */
  readonly strategy: StrategyName;
  /** The failures of the steps before that lead here; absent: all but those that are the request's own fault. */
  readonly on?: ReadonlySet<ErrorKind>;
}

/** `provider/model`, for people. */
export function targetName({ provider, model }: Target): string {
  return `${provider.name}/${model}`;
}
