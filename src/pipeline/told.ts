/** What the caller is told when nothing could serve it (resilience §5): distinct, readable, and never a 401 for keys that are ours. */
import { GatewayError } from "../chat/error.ts";
import type { AttemptRecord } from "../storage/request-log.ts";

/** The `x-dragoman-attempts` header. */
export function attemptsHeader(notes: readonly AttemptRecord[]): string {
  return notes.map(({ target, credential, cause, ms }) => `${target} ${credential ?? "-"} ${cause} ${ms}ms`).join(", ");
}

/**
 * The error that ends the request, made from the last one.
 * @param asked the model as the caller names it.
 * @param tried `provider/model` of the last target; absent when there was none.
 */
export function finalError(last: GatewayError, asked: string, tried?: string): GatewayError {
  switch (last.kind) {
    case "billing":
      // Used-up quota keeps the status that its vendor gives it: clients know that waiting a moment does not help (A.3.4). To a
      // client of the vendor's own protocol its words go too, in which Codex looks for the time when there is some again (rule 374).
      if (last.detail.upstreamStatus === 429) {
        return new GatewayError(
          "rate-limited",
          `Every credential that could serve this request has used up its quota with its provider. Last answer: ${last.message}`,
          { ...last.detail, code: "insufficient_quota", shouldRetry: false },
        );
      }
      return refusedCredentials(last);
    // The caller's key is fine: a 401 would make agents log out (rule 341).
    case "unauthenticated":
    case "permission":
      return refusedCredentials(last);
    // The caller knows the model by the name it asked for (rule 342).
    case "model-not-found":
      if (tried === undefined || tried.endsWith(`/${asked}`)) return last.with({ shouldRetry: false });
      return new GatewayError(last.kind, `model: ${asked} leads to ${tried}, which its provider does not have.`, {
        ...withoutAnswer(last),
        shouldRetry: false,
      });
    // We have tried what there was to try; the client's own ladder of retries would start from the same place (rule 340).
    case "invalid-request":
    case "unsupported":
      return last.with({ shouldRetry: false });
    default:
      return last;
  }
}

function refusedCredentials(last: GatewayError): GatewayError {
  return new GatewayError(
    "bad-credential",
    `Every credential that could serve this request was refused by its provider (${last.kind}). Last answer: ${last.message}`,
    { ...withoutAnswer(last), shouldRetry: false },
  );
}

/** Two hints closer than this are the same, in ms. */
const HINT_TOLERANCE_MS = 1_000;

/** An upstream's failure, with the recovery of the whole pool where that is nearer; its own bytes then no longer say the truth. */
export function withSoonerRecovery(upstream: GatewayError, pool: GatewayError): GatewayError {
  const { retryAfterMs } = pool.detail;
  if (pool.kind !== upstream.kind || retryAfterMs === undefined) return upstream;
  const told = upstream.detail.retryAfterMs;
  // A hint of no time at all is none.
  if (told !== undefined && told > 0 && told - retryAfterMs < HINT_TOLERANCE_MS) return upstream;
  return new GatewayError(upstream.kind, upstream.message, { ...withoutAnswer(upstream), retryAfterMs });
}

function withoutAnswer(error: GatewayError): GatewayError["detail"] {
  const { upstreamAnswer: _answer, ...detail } = error.detail;
  return detail;
}
