/** Gemini's errors: envelope, status names, usual wording (dossier A.4.4). */
import type { Call } from "./dialect.ts";
import type { VendorFault } from "./fault-names.ts";
import { wholeReply, type Frame, type Reply } from "./reply.ts";
import { VendorError } from "./vendor-error.ts";

const NAMES: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ABORTED",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

const MESSAGES: Readonly<Record<number, string>> = {
  400: "Request contains an invalid argument.",
  401: "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.",
  403: "The caller does not have permission",
  404: "Requested entity was not found.",
  429: "You exceeded your current quota, please check your plan and billing details.",
  500: "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting",
  503: "The model is overloaded. Please try again later.",
  504: "The request timed out. Please try again.",
};

/** The error as Google words it; `retryInfo` in seconds becomes the detail its 429 carries. */
export function geminiFailure(of: number | VendorFault, retryInfo?: number): VendorError {
  if (of === "invalid-key") return invalidKey();
  if (of === "no-credit") return geminiFailure(429);
  if (of === "context-too-long")
    return new VendorError(400, "The input token count (1213462) exceeds the maximum number of tokens allowed (1048576).");
  const message = MESSAGES[of] ?? "Internal error encountered.";
  if (retryInfo === undefined) return new VendorError(of, message);
  const details = [
    {
      "@type": "type.googleapis.com/google.rpc.QuotaFailure",
      violations: [{ quotaId: "GenerateRequestsPerMinutePerProjectPerModel-FreeTier" }],
    },
    { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${retryInfo}s` },
  ];
  return new VendorError(of, `${message}\nPlease retry in ${retryInfo}s.`, { details });
}

/** A bad key is told with a 400. */
function invalidKey(): VendorError {
  const details = [
    {
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: "API_KEY_INVALID",
      domain: "googleapis.com",
      metadata: { service: "generativelanguage.googleapis.com" },
    },
  ];
  return new VendorError(400, "API key not valid. Please pass a valid API key.", { details });
}

/** A missing key is told with a 403. */
export function missingKey(): VendorError {
  return new VendorError(
    403,
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
  );
}

/** The error as an HTTP answer; where a JSON array was asked for it stands in one. */
export function geminiFailureReply(error: VendorError, call: Call): Reply {
  const body = call.framing === "array" ? [envelope(error)] : envelope(error);
  return wholeReply(error.status, { "content-type": "application/json; charset=UTF-8" }, `${JSON.stringify(body, null, 2)}\n`);
}

/** The error as the last element of a stream. */
export function geminiFailureFrame(error: VendorError, call: Call, sent: number): Frame {
  const json = JSON.stringify(envelope(error));
  return {
    bytes: Buffer.from(call.framing === "array" ? `${sent === 0 ? "[" : ",\r\n"}${json}\n]` : `data: ${json}\r\n\r\n`),
    role: "end",
  };
}

function envelope(error: VendorError): object {
  const details = error.details.length === 0 ? {} : { details: error.details };
  return { error: { code: error.status, message: error.message, status: error.kind ?? NAMES[error.status] ?? "UNKNOWN", ...details } };
}
