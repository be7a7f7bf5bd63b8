/** Errors as Google's clients expect them (dossier A.4.4, B.0.3; rules 297, 333, 338, 346). */
import type { ErrorKind, GatewayError } from "../../../chat/error.ts";
import { writeJson, type JsonObject } from "../../../chat/json.ts";
import type { ClientAnswer, ClientRoute } from "../../protocol.ts";
import { statusOf, waitSeconds } from "../../shared/caller-error.ts";
import { tokenCounts } from "../../shared/upstream-error.ts";

const WIRE: Readonly<Record<ErrorKind, { readonly status: number; readonly code: string }>> = {
  "invalid-request": { status: 400, code: "INVALID_ARGUMENT" },
  unsupported: { status: 400, code: "INVALID_ARGUMENT" },
  "context-too-long": { status: 400, code: "INVALID_ARGUMENT" },
  "content-policy": { status: 400, code: "INVALID_ARGUMENT" },
  "request-too-large": { status: 413, code: "INVALID_ARGUMENT" },
  unauthenticated: { status: 401, code: "UNAUTHENTICATED" },
  billing: { status: 429, code: "RESOURCE_EXHAUSTED" },
  permission: { status: 403, code: "PERMISSION_DENIED" },
  "model-not-found": { status: 404, code: "NOT_FOUND" },
  "not-found": { status: 404, code: "NOT_FOUND" },
  "method-not-allowed": { status: 405, code: "UNIMPLEMENTED" },
  conflict: { status: 409, code: "ABORTED" },
  "rate-limited": { status: 429, code: "RESOURCE_EXHAUSTED" },
  overloaded: { status: 503, code: "UNAVAILABLE" },
  upstream: { status: 502, code: "INTERNAL" },
  timeout: { status: 504, code: "DEADLINE_EXCEEDED" },
  transport: { status: 502, code: "INTERNAL" },
  // The caller's own key is fine (rule 341).
  "bad-credential": { status: 502, code: "INTERNAL" },
  unavailable: { status: 503, code: "UNAVAILABLE" },
  cancelled: { status: 499, code: "CANCELLED" },
  internal: { status: 500, code: "INTERNAL" },
};

/** Google's clients read the wait here, not in a header (rule 338). */
const RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo";
const BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest";

/** The error answer. Where the answer would have been a streamed array, the error is the only element of one (rule 346). */
export function encodeError(error: GatewayError, requestId: string, route: ClientRoute | undefined): ClientAnswer {
  const { retryAfterMs, headers } = error.detail;
  const body = writeJson(errorBody(error));
  return {
    status: wireStatus(error),
    headers: {
      "content-type": "application/json; charset=UTF-8",
      "request-id": requestId,
      ...(retryAfterMs !== undefined && { "retry-after": String(waitSeconds(retryAfterMs)) }),
      ...headers,
    },
    body: route?.framing === "json-array" ? `[${body}]` : body,
  };
}

/** The error as a body, a frame or an element. */
export function errorBody(error: GatewayError): JsonObject {
  const { retryAfterMs, field } = error.detail;
  const message = messageOf(error);
  const violation = { "@type": BAD_REQUEST, fieldViolations: [{ field, description: message }] };
  const details: JsonObject[] = [
    ...(field !== undefined && error.kind === "invalid-request" ? [violation] : []),
    ...(retryAfterMs === undefined ? [] : [{ "@type": RETRY_INFO, retryDelay: `${waitSeconds(retryAfterMs)}s` }]),
  ];
  return { error: { code: wireStatus(error), message, status: WIRE[error.kind].code, ...(details.length > 0 && { details }) } };
}

/** No client of Google's has heard of a 5xx beyond this. */
const HIGHEST_STATUS = 504;

function wireStatus(error: GatewayError): number {
  return statusOf(error, WIRE[error.kind].status, HIGHEST_STATUS);
}

const OVERFLOW = /input token count.*exceeds the maximum number of tokens allowed/i;

/** The sentence that agents compact on is Google's, whoever said it first (rule 333). */
function messageOf({ kind, message, detail }: GatewayError): string {
  if (kind !== "context-too-long") return message;
  const said = detail.upstreamMessage ?? message;
  if (OVERFLOW.test(said)) return said;
  const counts = detail.tokens ?? tokenCounts(said);
  return counts
    ? `The input token count (${counts.input}) exceeds the maximum number of tokens allowed (${counts.limit}).`
    : `The input token count exceeds the maximum number of tokens allowed. ${said}`;
}
