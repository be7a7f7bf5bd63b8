/**
 * What a failure means for who is tried next and who must rest (resilience §3, §4). Classified once, from the error's
 * kind; which kind an answer is was settled by the protocol's decoder.
 */
import type { GatewayError } from "../chat/error.ts";

/**
 * - `rate-limit` a 429: the hint, else short and doubling
 * - `transient` the upstream stumbled: short, doubling, never for the only credential left
 * - `long` the account cannot pay, or may not use this model
 * - `down` the credential was refused: until it is changed
 *
 * Whatever the class, a probe is let through at least every `probeIntervalMs`.
 */
export type RestClass = "rate-limit" | "transient" | "long" | "down";

/** How a credential must rest. */
export interface Rest {
  readonly class: RestClass;
  /** All of the credential, or only the model that was asked of it. */
  readonly scope: "account" | "model";
  /** When trying again makes sense, in ms from now, as the provider said. */
  readonly hintMs?: number;
}

/** Who may be tried next, before content has begun and while the budget lasts. */
export type Next = "retry-same" | "next-credential" | "next-target" | "give-up";

export interface Verdict {
  /** Absent: the credential is not at fault. */
  readonly rest?: Rest;
  readonly next: Next;
}

/**
 * The verdict on a failed attempt.
 * @param retried whether this attempt was itself a second try with the same credential: there is no third.
 */
export function verdict(error: GatewayError, retried = false): Verdict {
  const { scope, retryAfterMs, resetBeforeHead, modelSlipped } = error.detail;
  const rest = (restClass: RestClass, impliedScope: Rest["scope"]): Rest => ({
    class: restClass,
    scope: scope ?? impliedScope,
    ...(retryAfterMs !== undefined && { hintMs: retryAfterMs }),
  });
  switch (error.kind) {
    case "rate-limited":
      return { rest: rest("rate-limit", "model"), next: "next-credential" };
    case "transport":
      // A kept-alive connection that the upstream had just closed says nothing about the upstream.
      if (resetBeforeHead && !retried) return { next: "retry-same" };
      return { rest: rest("transient", "model"), next: "next-credential" };
    case "upstream":
      if (modelSlipped) return { next: retried ? "give-up" : "retry-same" };
      return { rest: rest("transient", "model"), next: "next-credential" };
    case "overloaded":
    case "timeout":
      return { rest: rest("transient", "model"), next: "next-credential" };
    case "unauthenticated":
      return { rest: rest("down", "account"), next: "next-credential" };
    case "billing":
      return { rest: rest("long", "account"), next: "next-credential" };
    case "permission":
    case "model-not-found":
      return { rest: rest("long", "model"), next: "next-credential" };
    // A file or a batch that another account may hold: the request names it, so nothing here need rest.
    case "not-found":
      return { next: "next-credential" };
    // What this target cannot do another may, and a pool that cannot serve now leaves the other targets' pools.
    case "unsupported":
    case "bad-credential":
    case "unavailable":
      return { next: "next-target" };
    case "invalid-request":
    case "context-too-long":
    case "content-policy":
    case "request-too-large":
    case "method-not-allowed":
    case "conflict":
    case "cancelled":
    case "internal":
      return { next: "give-up" };
  }
}
