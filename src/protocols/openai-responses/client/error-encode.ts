/** Failures as Responses clients act on them (A.3.4, B.0.3; rules 290, 331, 339–341). */
import type { ErrorKind, GatewayError } from "../../../chat/error.ts";
import { writeJson, type JsonObject } from "../../../chat/json.ts";
import { formatFrame } from "../../../wire/sse.ts";
import type { StreamPlace } from "../../protocol.ts";
import { waitSeconds } from "../../shared/caller-error.ts";
import * as openai from "../../shared/openai-error-answers.ts";
import { idStem } from "./output.ts";

/** What Codex does not try again, with our words shown to its user. */
const FINAL = "invalid_prompt";

/** Codes of a response that failed. Codex takes `server_is_overloaded` for final and tries again after `server_error`. */
const CODES: Readonly<Record<ErrorKind, string>> = {
  "invalid-request": FINAL,
  unsupported: FINAL,
  "context-too-long": "context_length_exceeded",
  "content-policy": FINAL,
  "request-too-large": FINAL,
  unauthenticated: FINAL,
  billing: "insufficient_quota",
  permission: FINAL,
  "model-not-found": FINAL,
  "not-found": FINAL,
  "method-not-allowed": FINAL,
  conflict: "server_error",
  "rate-limited": "rate_limit_exceeded",
  overloaded: "server_error",
  upstream: "server_error",
  timeout: "server_error",
  transport: "server_error",
  "bad-credential": FINAL,
  unavailable: "server_error",
  cancelled: "server_error",
  internal: "server_error",
};

/** The `error` of a response that failed. */
export function responseError(error: GatewayError): JsonObject {
  const { message } = openai.errorObject(error);
  return { code: CODES[error.kind], message: withWait(message, error) };
}

/** Codex reads how long to wait out of the words (rule 339). */
function withWait(message: string, { kind, detail: { retryAfterMs } }: GatewayError): string {
  if (kind !== "rate-limited" || retryAfterMs === undefined || /try again in/i.test(message)) return message;
  return `${message} Please try again in ${waitSeconds(retryAfterMs)}s.`;
}

/** What an `error` event says: SDKs throw at it, and take a response that failed for an answer. */
export function errorEvent(error: GatewayError): JsonObject {
  const failure = responseError(error);
  const told = openai.errorObject(error);
  return { ...failure, param: told.param, error: { ...told, ...failure } };
}

/** Of a stream that nobody keeps count of. */
const AT_START: StreamPlace = { sequenceNumber: 0 };

/**
 * The end of a stream as OpenAI writes it: an `error`, and the response that failed, by whose code Codex knows whether to try
 * again.
 */
export function streamError(error: GatewayError, requestId: string, _begun: boolean, place: StreamPlace = AT_START): string {
  const { sequenceNumber } = place;
  const told = writeJson({ type: "error", sequence_number: sequenceNumber, ...errorEvent(error) });
  const failed = failedEvent(error, requestId, { ...place, sequenceNumber: sequenceNumber + 1 });
  return formatFrame("error", told) + formatFrame("response.failed", failed);
}

/** The failed response as an event's data. */
export function failedEvent(error: GatewayError, requestId: string, { sequenceNumber, answerId }: StreamPlace = AT_START): string {
  const id = answerId ?? `resp_${idStem({ requestId })}`;
  const response = { id, object: "response", status: "failed", error: responseError(error) };
  return writeJson({ type: "response.failed", sequence_number: sequenceNumber, response });
}
