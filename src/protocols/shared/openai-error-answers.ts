/** Errors in OpenAI's envelope, the same in all of its protocols (A.2.4, B.0.3; rules 331, 332, 340, 341). The SDK chooses its exception by the status, agents by the code. */
import type { ErrorKind, GatewayError } from "../../chat/error.ts";
import type { ClientAnswer } from "../protocol.ts";
import { statusOf, waitSeconds } from "./caller-error.ts";
import { tokenCounts } from "./upstream-error.ts";

interface WireError {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
}

const WIRE: Readonly<Record<ErrorKind, WireError>> = {
  "invalid-request": { status: 400, type: "invalid_request_error", code: null },
  unsupported: { status: 400, type: "invalid_request_error", code: "unsupported_parameter" },
  "context-too-long": { status: 400, type: "invalid_request_error", code: "context_length_exceeded" },
  "content-policy": { status: 400, type: "invalid_request_error", code: "content_policy_violation" },
  "request-too-large": { status: 413, type: "invalid_request_error", code: "request_too_large" },
  unauthenticated: { status: 401, type: "invalid_request_error", code: "invalid_api_key" },
  billing: { status: 429, type: "insufficient_quota", code: "insufficient_quota" },
  permission: { status: 403, type: "invalid_request_error", code: "permission_denied" },
  "model-not-found": { status: 404, type: "invalid_request_error", code: "model_not_found" },
  "not-found": { status: 404, type: "invalid_request_error", code: null },
  "method-not-allowed": { status: 405, type: "invalid_request_error", code: "method_not_supported" },
  conflict: { status: 409, type: "invalid_request_error", code: null },
  "rate-limited": { status: 429, type: "requests", code: "rate_limit_exceeded" },
  overloaded: { status: 503, type: "server_error", code: "overloaded" },
  upstream: { status: 502, type: "server_error", code: null },
  timeout: { status: 504, type: "server_error", code: "timeout" },
  transport: { status: 502, type: "server_error", code: null },
  // A 401 would make clients ask for another key, though theirs is fine (rule 341).
  "bad-credential": { status: 502, type: "server_error", code: null },
  unavailable: { status: 503, type: "server_error", code: null },
  cancelled: { status: 499, type: "server_error", code: null },
  internal: { status: 500, type: "server_error", code: null },
};

/** Kinds that trying again does not heal before someone does something, though their status makes SDKs try. */
const FINAL: ReadonlySet<ErrorKind> = new Set<ErrorKind>(["bad-credential", "billing"]);

/** The error answer. */
export function encodeError(error: GatewayError, requestId: string): ClientAnswer {
  const { retryAfterMs, headers } = error.detail;
  const shouldRetry = error.detail.shouldRetry ?? (FINAL.has(error.kind) ? false : undefined);
  return {
    status: statusOf(error, WIRE[error.kind].status),
    headers: {
      "content-type": "application/json",
      "x-request-id": requestId,
      ...(retryAfterMs !== undefined && {
        "retry-after": String(waitSeconds(retryAfterMs)),
        "retry-after-ms": String(Math.max(1, Math.ceil(retryAfterMs))),
      }),
      ...(shouldRetry !== undefined && { "x-should-retry": String(shouldRetry) }),
      ...headers,
    },
    body: errorEnvelope(error),
  };
}

/** What the envelope holds. */
export function errorObject(error: GatewayError): { message: string; type: string; param: string | null; code: string | null } {
  const { type, code } = WIRE[error.kind];
  const { field, code: finer } = error.detail;
  const message = error.kind === "context-too-long" ? overflowMessage(error) : error.message;
  return { message, type, param: field ?? null, code: finer ?? code };
}

/** The envelope as text. */
export function errorEnvelope(error: GatewayError): string {
  return JSON.stringify({ error: errorObject(error) });
}

/** Sentences that agents know for what they are. */
const OWN_WORDING = /maximum context length|context window of this model/i;

/** What agents compact on, with numbers where they are known (rule 332). */
function overflowMessage({ message, detail }: GatewayError): string {
  const said = detail.upstreamMessage ?? message;
  if (OWN_WORDING.test(said)) return said;
  const counts = detail.tokens ?? tokenCounts(said);
  if (!counts) return `Your input exceeds the context window of this model. Please adjust your input and try again. (${said})`;
  return `This model's maximum context length is ${counts.limit} tokens. However, your messages resulted in ${counts.input} tokens. Please reduce the length of the messages.`;
}
