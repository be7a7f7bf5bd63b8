/**
 * Which protocol a model turned out to be served in, where its provider speaks several and refused the one that was asked
 * first: some models of OpenAI's exist in Responses only, and some compatible servers have no Responses (dossier D.2 item 8).
 */
import { LRUCache } from "lru-cache";
import type { ProtocolId } from "../chat/chat.ts";
import type { GatewayError } from "../chat/error.ts";
import { serverOf } from "../providers/provider.ts";
import type { Target } from "../routing/target.ts";

/** Servers are updated: then it is found out anew, in ms. */
const TTL_MS = 86_400_000;
const MAX_MODELS = 1000;

/** Tells the time in ms. */
interface Clock {
  now(): number;
}

export class ProtocolMemory {
  readonly #served: LRUCache<string, ProtocolId>;

  constructor(clock: Clock) {
    // The time is asked for anew each time, so that a test's clock counts.
    this.#served = new LRUCache({ max: MAX_MODELS, ttl: TTL_MS, ttlResolution: 0, perf: clock });
  }

  /** The protocol to speak instead of the target's; `undefined` where its own was never refused. */
  insteadOf(target: Target): ProtocolId | undefined {
    return this.#served.size === 0 ? undefined : this.#served.get(keyOf(target));
  }

  /** The target was refused in its protocol, and served in this one. */
  remember(refused: Target, served: ProtocolId): void {
    this.#served.set(keyOf(refused), served);
    this.#served.delete(keyOf({ ...refused, protocol: served }));
  }
}

function keyOf({ provider, model, protocol }: Target): string {
  return `${serverOf(provider)} ${model} ${protocol}`;
}

/** OpenAI's refusals name the path to use instead. */
const OTHER_PATH = /\bv1\/(?:responses|chat\/completions)\b/;

/** Whether a refusal may mean the protocol rather than the request: the path or the model is unknown there, or another path is named. */
export function blamesProtocol({ kind, message, detail }: GatewayError): boolean {
  if (kind === "not-found" || kind === "model-not-found" || kind === "method-not-allowed") return true;
  return kind === "invalid-request" && OTHER_PATH.test(detail.upstreamMessage ?? message);
}
