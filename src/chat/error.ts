/**
 * Everything that can go wrong, as one closed set. Errors are made in three places (a protocol's decoder, a provider,
 * the transport) and shown in one (the client protocol's encoder).
 */

/**
 * - `invalid-request` the request is at fault (400)
 * - `unsupported` the request asks for what the target cannot do, and losing it would break the answer (400)
 * - `context-too-long` more tokens than the model takes (400)
 * - `content-policy` refused before an answer began (400)
 * - `request-too-large` more bytes than allowed (413)
 * - `unauthenticated` no key, or a wrong one (401)
 * - `billing` the account cannot pay, or its spend limit is reached (402)
 * - `permission` the key may not do this (403)
 * - `model-not-found` (404), `not-found` any other unknown thing (404), `method-not-allowed` (405), `conflict` (409)
 * - `rate-limited` (429)
 * - `overloaded` the provider has no capacity (529, 503)
 * - `upstream` the provider failed (5xx) or answered what nobody can read (502)
 * - `timeout` a phase took too long (504)
 * - `transport` the connection was refused, reset or cut (502)
 * - `bad-credential` every credential that could serve was refused: the operator's keys, not the caller's (502)
 * - `unavailable` nothing can serve now: not configured, shutting down, queue full (503)
 * - `cancelled` the client left (499)
 * - `internal` our own fault (500)
 */
export type ErrorKind =
  | "invalid-request"
  | "unsupported"
  | "context-too-long"
  | "content-policy"
  | "request-too-large"
  | "unauthenticated"
  | "billing"
  | "permission"
  | "model-not-found"
  | "not-found"
  | "method-not-allowed"
  | "conflict"
  | "rate-limited"
  | "overloaded"
  | "upstream"
  | "timeout"
  | "transport"
  | "bad-credential"
  | "unavailable"
  | "cancelled"
  | "internal";

/** What is known about a failure besides its kind and message. */
export interface ErrorDetail {
  /** When trying again makes sense, in ms from now, as the provider said. */
  readonly retryAfterMs?: number;
  /** The request field at fault, as a path (`messages[2].content`). */
  readonly field?: string;
  /** What the caller's protocol calls this in its own list of codes, where that says more than the kind. */
  readonly code?: string;
  /** What the failure spares: the whole account, or this model on it. Absent: what the kind implies. */
  readonly scope?: "account" | "model";
  /** The HTTP status the upstream answered. */
  readonly upstreamStatus?: number;
  /** For `context-too-long`: how many tokens the input has and how many the model takes (rule 330). */
  readonly tokens?: { readonly input: number; readonly limit: number };
  /** The upstream's own words, when clients act on them (dossier C.13, C.14). */
  readonly upstreamMessage?: string;
  /** The upstream's own error body and headers, for the relay lane, which passes them untouched (rule 335). */
  readonly upstreamAnswer?: UpstreamAnswer;
  /** Whether the client's SDK should try again by itself; absent: its own rules. */
  readonly shouldRetry?: boolean;
  /** The connection was reset before an answer began: often a kept-alive one that the upstream had just closed. */
  readonly resetBeforeHead?: boolean;
  /** The model failed, not its provider: the same request may well succeed (rule 238). */
  readonly modelSlipped?: boolean;
  /** Headers to add to the error answer, lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An upstream's whole answer, small enough to keep. */
export interface UpstreamAnswer {
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** The one error class that crosses module borders. Its message is readable by the caller and never holds a secret. */
export class GatewayError extends Error {
  readonly kind: ErrorKind;
  readonly detail: ErrorDetail;

  constructor(kind: ErrorKind, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = "GatewayError";
    this.kind = kind;
    this.detail = detail;
  }

  /** The same failure with more known about it. */
  with(detail: ErrorDetail): GatewayError {
    return new GatewayError(this.kind, this.message, { ...this.detail, ...detail });
  }
}

/** Any thrown value as a {@link GatewayError}; what is not one becomes `internal`, its own text kept out of sight. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  return new GatewayError("internal", "Dragoman failed to handle this request; its log has the details.", { cause: thrown });
}
