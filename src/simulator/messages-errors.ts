/** Anthropic's errors: envelope, types by status, usual wording (dossier A.1.7). */
import type { Call } from "./dialect.ts";
import type { VendorFault } from "./fault-names.ts";
import { idFrom, seedOf } from "./identity.ts";
import { wholeReply, type Frame, type Reply } from "./reply.ts";
import { VendorError } from "./vendor-error.ts";

const TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  409: "conflict_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

const MESSAGES: Readonly<Record<number, string>> = {
  400: "The request is not valid.",
  401: "invalid x-api-key",
  402: "Your organization's billing needs attention.",
  403: "Your API key does not have permission to use the specified resource.",
  404: "Not found",
  409: "The request conflicts with the state of the resource.",
  413: "Request exceeds the maximum size",
  429: "This request would exceed your organization's rate limit of 30,000 input tokens per minute.",
  500: "Internal server error",
  504: "Request timed out.",
  529: "Overloaded",
};

const NAMED: Readonly<Record<VendorFault, VendorError>> = {
  "invalid-key": new VendorError(401, "invalid x-api-key"),
  "no-credit": new VendorError(
    400,
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
  ),
  "context-too-long": new VendorError(400, "prompt is too long: 1213462 tokens > 1000000 maximum"),
};

/** The error as Anthropic words it. */
export function anthropicFailure(of: number | VendorFault): VendorError {
  return typeof of === "string" ? NAMED[of] : new VendorError(of, MESSAGES[of] ?? "Internal server error");
}

/** The error as an HTTP answer. A 413 comes from the edge, which knows neither `type` nor request ids. */
export function anthropicFailureReply(error: VendorError, call: Call): Reply {
  const headers = { "content-type": "application/json" };
  if (error.status === 413) return wholeReply(413, headers, { error: { type: typeOf(error), message: error.message } });
  const requestId = requestIdOf(call);
  const retry = error.status === 408 || error.status === 409 || error.status === 429 || error.status >= 500;
  return wholeReply(
    error.status,
    { ...headers, "request-id": requestId, "x-should-retry": String(retry) },
    { ...envelope(error), request_id: requestId },
  );
}

/** The error as the event that ends a stream. */
export function anthropicFailureFrame(error: VendorError): Frame {
  return { bytes: Buffer.from(`event: error\ndata: ${JSON.stringify(envelope(error))}\n\n`), role: "end" };
}

/** The request id of a call: the same for the same body. */
export function requestIdOf(call: Call): string {
  return idFrom("req_011C", seedOf("request", call.operation, call.body), 20);
}

function envelope(error: VendorError): object {
  return { type: "error", error: { type: typeOf(error), message: error.message } };
}

function typeOf(error: VendorError): string {
  return error.kind ?? TYPES[error.status] ?? (error.status >= 500 ? "api_error" : "invalid_request_error");
}
