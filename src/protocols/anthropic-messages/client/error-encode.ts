/** Errors as Messages clients expect them (A.1.7, B.0.3; rules 329–336, 341, 425). */
import type { ErrorKind, GatewayError } from "../../../chat/error.ts";
import { formatFrame } from "../../../wire/sse.ts";
import type { ClientAnswer } from "../../protocol.ts";
import { statusOf, waitSeconds } from "../../shared/caller-error.ts";
import { overflowMessage } from "./overflow.ts";

const WIRE: Readonly<Record<ErrorKind, { readonly status: number; readonly type: string }>> = {
  "invalid-request": { status: 400, type: "invalid_request_error" },
  unsupported: { status: 400, type: "invalid_request_error" },
  "context-too-long": { status: 400, type: "invalid_request_error" },
  "content-policy": { status: 400, type: "invalid_request_error" },
  "request-too-large": { status: 413, type: "request_too_large" },
  unauthenticated: { status: 401, type: "authentication_error" },
  billing: { status: 402, type: "billing_error" },
  permission: { status: 403, type: "permission_error" },
  "model-not-found": { status: 404, type: "not_found_error" },
  "not-found": { status: 404, type: "not_found_error" },
  "method-not-allowed": { status: 405, type: "invalid_request_error" },
  conflict: { status: 409, type: "conflict_error" },
  "rate-limited": { status: 429, type: "rate_limit_error" },
  overloaded: { status: 529, type: "overloaded_error" },
  upstream: { status: 502, type: "api_error" },
  timeout: { status: 504, type: "timeout_error" },
  transport: { status: 502, type: "api_error" },
  // A 401 would make agents log out, though their key is fine (rule 341).
  "bad-credential": { status: 502, type: "api_error" },
  unavailable: { status: 503, type: "api_error" },
  cancelled: { status: 499, type: "api_error" },
  internal: { status: 500, type: "api_error" },
};

/** The error answer, with its request id in body and header. */
export function encodeError(error: GatewayError, requestId: string): ClientAnswer {
  const { retryAfterMs, headers } = error.detail;
  const shouldRetry = error.detail.shouldRetry ?? (error.kind === "bad-credential" ? false : undefined);
  return {
    status: statusOf(error, WIRE[error.kind].status),
    headers: {
      "content-type": "application/json",
      "request-id": requestId,
      ...(retryAfterMs !== undefined && { "retry-after": String(waitSeconds(retryAfterMs)) }),
      ...(shouldRetry !== undefined && { "x-should-retry": String(shouldRetry) }),
      ...headers,
    },
    body: envelope(error, requestId),
  };
}

/** The error as the last event of a stream: nothing follows it, no `message_stop` either (rule 277). */
export function streamError(error: GatewayError, requestId: string): string {
  return formatFrame("error", envelope(error, requestId));
}

function envelope(error: GatewayError, requestId: string): string {
  const { upstreamMessage, tokens } = error.detail;
  const message = error.kind === "context-too-long" ? overflowMessage(upstreamMessage ?? error.message, tokens) : error.message;
  return JSON.stringify({ type: "error", error: { type: WIRE[error.kind].type, message }, request_id: requestId });
}
