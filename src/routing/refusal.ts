/** What is said when no credential of a pool can serve: why each of them cannot, and which answer follows (resilience §5). */
import { GatewayError, type ErrorDetail, type ErrorKind } from "../chat/error.ts";
import type { Row } from "./cooldown.ts";
import type { Target } from "./target.ts";

/** Why one credential cannot serve. */
export interface Reason {
  readonly credential: string;
  /**
   * - `cooling` it rests, or its one probe is under way
   * - `down` it rests until it is changed
   * - `excluded` this request has tried it already
   * - `busy` every permit is in use
   */
  readonly state: "cooling" | "down" | "excluded" | "busy";
  /** What it rests from. */
  readonly why?: ErrorKind;
  /** When it should serve again, in ms from now; absent: unknown. */
  readonly recoversMs?: number;
}

/** The typed failure of a lease: answerable as it is, and with the reasons for whoever weighs several pools. */
export class PoolRefusal extends GatewayError {
  readonly reasons: readonly Reason[];

  constructor(kind: ErrorKind, message: string, detail: ErrorDetail, reasons: readonly Reason[]) {
    super(kind, message, detail);
    this.reasons = reasons;
  }
}

/** The reason that a credential's rests give, of which there is at least one: the one that ends last. */
export function restingReason(credential: string, rows: readonly Row[], now: number): Reason {
  const row = rows.reduce((last, other) => (other.until > last.until ? other : last));
  if (row.until === Infinity) return { credential, state: "down", why: row.why };
  return { credential, state: "cooling", why: row.why, recoversMs: Math.max(row.until - now, 0) };
}

/** The failure of a lease on these targets. */
export function refuse(targets: readonly Target[], reasons: readonly Reason[]): PoolRefusal {
  const provider = listed(targets.map((target) => target.provider.name));
  const model = listed(targets.map((target) => target.model));
  const told = reasons.map(({ credential, state, why }) => `${credential} (${why ?? state})`).join(", ");
  const failure = (kind: ErrorKind, message: string, detail: ErrorDetail = {}): PoolRefusal =>
    new PoolRefusal(kind, message, detail, reasons);
  if (reasons.length === 0) return failure("unavailable", `Provider "${provider}" has no credentials.`);
  if (reasons.every(({ why }) => why === "model-not-found")) {
    return failure("model-not-found", `No credential of provider "${provider}" can use the model "${model}": ${told}.`);
  }
  if (reasons.every(({ why }) => why !== undefined && isRefusal(why))) {
    return failure("bad-credential", `Every credential of provider "${provider}" was refused for the model "${model}": ${told}.`, {
      shouldRetry: false,
    });
  }
  const cooling = reasons.filter(({ state, why }) => state === "cooling" && why !== undefined && !isRefusal(why));
  if (cooling.length === 0)
    return failure("unavailable", `No credential of provider "${provider}" is left to try for the model "${model}": ${told}.`);
  const retryAfterMs = Math.min(...cooling.map(({ recoversMs }) => recoversMs ?? Infinity));
  const limited = cooling.some(({ why }) => why === "rate-limited");
  return failure(
    limited ? "rate-limited" : "overloaded",
    `Every credential of provider "${provider}" rests for the model "${model}": ${told}.`,
    { retryAfterMs },
  );
}

function listed(names: readonly string[]): string {
  return [...new Set(names)].join(", ");
}

/** Causes that waiting does not cure: the provider will not have this credential, or not for this model. */
function isRefusal(why: ErrorKind): boolean {
  return why === "unauthenticated" || why === "billing" || why === "permission" || why === "model-not-found";
}
