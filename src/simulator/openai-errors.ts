/** OpenAI's failures: envelope, types and codes by status, usual wording (dossier A.2.4). */
import type { Call } from "./dialect.ts";
import type { VendorFault } from "./fault-names.ts";
import { idFrom, seedOf } from "./identity.ts";
import { wrong } from "./openai-refusals.ts";
import { wholeReply, type Frame, type Reply } from "./reply.ts";
import { VendorError } from "./vendor-error.ts";

interface Usual {
  readonly message: string;
  readonly type: string;
  readonly code?: string;
}

const INTERNAL: Usual = {
  message: "The server had an error while processing your request. Sorry about that!",
  type: "server_error",
};

const USUAL: Readonly<Record<number, Usual>> = {
  400: { message: "The request is not valid.", type: "invalid_request_error" },
  401: {
    message: "Incorrect API key provided: sk-****. You can find your API key at https://platform.openai.com/account/api-keys.",
    type: "invalid_request_error",
    code: "invalid_api_key",
  },
  402: { message: "Your account needs attention.", type: "billing_error" },
  403: {
    message: "You are not allowed to use this model.",
    type: "permission_error",
    code: "permission_denied",
  },
  404: { message: "The requested resource was not found.", type: "invalid_request_error" },
  409: { message: "The request conflicts with another one.", type: "invalid_request_error" },
  413: { message: "Request body is too large.", type: "invalid_request_error" },
  422: { message: "The request cannot be processed.", type: "invalid_request_error" },
  429: {
    message:
      "Rate limit reached for this model in organization org-simulator on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 2s.",
    type: "tokens",
    code: "rate_limit_exceeded",
  },
  500: INTERNAL,
  503: { message: "The engine is currently overloaded, please try again later", type: "server_error", code: "overloaded" },
  504: { message: "The request timed out.", type: "server_error" },
};

/** The model's context, in tokens. */
export const CONTEXT_WINDOW_TOKENS = 1_050_000;

const NAMED: Readonly<Record<VendorFault, VendorError>> = {
  "invalid-key": usual(401),
  "no-credit": new VendorError(
    429,
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
    { kind: "insufficient_quota", code: "insufficient_quota" },
  ),
  "context-too-long": contextTooLong(1_213_462),
};

/** The error as OpenAI words it. */
export function openAiFailure(of: number | VendorFault): VendorError {
  return typeof of === "string" ? NAMED[of] : usual(of);
}

/** The error for a prompt of so many tokens, which are too many. */
export function contextTooLong(tokens: number): VendorError {
  return wrong(
    `This model's maximum context length is ${CONTEXT_WINDOW_TOKENS} tokens. However, your messages resulted in ${tokens} tokens. Please reduce the length of the messages.`,
    "messages",
    "context_length_exceeded",
  );
}

/** A missing key is told with a 401 of its own wording. */
export function missingKey(): VendorError {
  return new VendorError(
    401,
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    { kind: "invalid_request_error" },
  );
}

/** The error as an HTTP answer. */
export function openAiFailureReply(error: VendorError, call: Call): Reply {
  return wholeReply(error.status, { "content-type": "application/json", "x-request-id": requestIdOf(call) }, envelope(error));
}

/** The error as the event that ends a stream; no `[DONE]` follows. */
export function openAiFailureFrame(error: VendorError): Frame {
  return { bytes: Buffer.from(`data: ${JSON.stringify(envelope(error))}\n\n`), role: "end" };
}

/** What is told of an error. */
export function errorFields(error: VendorError): { message: string; type: string; param: string | null; code: string | null } {
  const type = error.kind ?? (error.status >= 500 ? "server_error" : "invalid_request_error");
  return { message: error.message, type, param: error.param ?? null, code: error.code ?? null };
}

/** The request id of a call: the same for the same body. */
export function requestIdOf(call: Call): string {
  return `req_${seedOf("request", call.operation, call.body).slice(0, 32)}`;
}

/** An id in OpenAI's style. */
export function openAiId(prefix: string, seed: string): string {
  return idFrom(prefix, seed, 24);
}

function usual(status: number): VendorError {
  const { message, type, code } = USUAL[status] ?? INTERNAL;
  return new VendorError(status, message, { kind: type, ...(code === undefined ? {} : { code }) });
}

function envelope(error: VendorError): object {
  return { error: errorFields(error) };
}
