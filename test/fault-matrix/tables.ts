/**
 * What clients are told of failures, written by hand from the protocols' own words (dossier A.1.7, A.2.4, A.3.4, A.4.4; rules
 * 329–348; resilience §3 and §5). Nothing here is computed from the gateway's code.
 */
import type { ProtocolName } from "../../src/conformance/clients/client.ts";

/** What an upstream's failure is taken for, as records tell it. */
export type Cause =
  | "invalid-request"
  | "context-too-long"
  | "request-too-large"
  | "conflict"
  | "unauthenticated"
  | "permission"
  | "billing"
  | "not-found"
  | "model-not-found"
  | "rate-limited"
  | "overloaded"
  | "upstream"
  | "timeout"
  | "transport";

/** What a caller is told when nobody could serve. `quota`: of money that is used up, where its vendor calls that a limit of rate. */
export type Told = Exclude<Cause, "unauthenticated" | "permission" | "billing"> | "bad-credential" | "quota";

/** What follows from a failure before content. */
interface Consequence {
  /** Who is tried next; `nobody`: the request itself is at fault. */
  readonly next: "others" | "nobody";
  readonly told: Told;
  /** Whether a client of the upstream's own protocol gets the upstream's own error answer, byte for byte (rule 335). */
  readonly relayed: boolean;
  /** Whether the caller is always told when to come back, be there a hint or not. */
  readonly waits?: true;
}

export const CONSEQUENCES: Readonly<Record<Cause | "quota", Consequence>> = {
  "invalid-request": { next: "nobody", told: "invalid-request", relayed: true },
  "context-too-long": { next: "nobody", told: "context-too-long", relayed: true },
  "request-too-large": { next: "nobody", told: "request-too-large", relayed: true },
  conflict: { next: "nobody", told: "conflict", relayed: true },
  unauthenticated: { next: "others", told: "bad-credential", relayed: false },
  permission: { next: "others", told: "bad-credential", relayed: false },
  billing: { next: "others", told: "bad-credential", relayed: false },
  quota: { next: "others", told: "quota", relayed: true },
  "not-found": { next: "others", told: "not-found", relayed: true },
  "model-not-found": { next: "others", told: "model-not-found", relayed: false },
  // Without a hint of the upstream's the pool's own recovery is told, which the upstream's bytes know nothing of.
  "rate-limited": { next: "others", told: "rate-limited", relayed: false, waits: true },
  overloaded: { next: "others", told: "overloaded", relayed: false, waits: true },
  upstream: { next: "others", told: "upstream", relayed: true },
  timeout: { next: "others", told: "timeout", relayed: true },
  transport: { next: "others", told: "transport", relayed: false },
};

/** How an error answer of one protocol says it. */
export interface Wording {
  readonly status: number;
  /** Anthropic's `type`; OpenAI's `type` and `code`; Google's `status`. */
  readonly name: string;
}

function words(status: number, name: string): Wording {
  return { status, name };
}

const OPENAI: Readonly<Record<Told, Wording>> = {
  "invalid-request": words(400, "invalid_request_error"),
  "context-too-long": words(400, "invalid_request_error context_length_exceeded"),
  "request-too-large": words(413, "invalid_request_error request_too_large"),
  conflict: words(409, "invalid_request_error"),
  "bad-credential": words(502, "server_error"),
  quota: words(429, "requests insufficient_quota"),
  "not-found": words(404, "invalid_request_error"),
  "model-not-found": words(404, "invalid_request_error model_not_found"),
  "rate-limited": words(429, "requests rate_limit_exceeded"),
  overloaded: words(503, "server_error overloaded"),
  upstream: words(502, "server_error"),
  timeout: words(504, "server_error timeout"),
  transport: words(502, "server_error"),
};

export const WORDINGS: Readonly<Record<ProtocolName, Readonly<Record<Told, Wording>>>> = {
  anthropic: {
    "invalid-request": words(400, "invalid_request_error"),
    "context-too-long": words(400, "invalid_request_error"),
    "request-too-large": words(413, "request_too_large"),
    conflict: words(409, "conflict_error"),
    "bad-credential": words(502, "api_error"),
    quota: words(429, "rate_limit_error"),
    "not-found": words(404, "not_found_error"),
    "model-not-found": words(404, "not_found_error"),
    "rate-limited": words(429, "rate_limit_error"),
    overloaded: words(529, "overloaded_error"),
    upstream: words(502, "api_error"),
    timeout: words(504, "timeout_error"),
    transport: words(502, "api_error"),
  },
  chat: OPENAI,
  responses: OPENAI,
  gemini: {
    "invalid-request": words(400, "INVALID_ARGUMENT"),
    "context-too-long": words(400, "INVALID_ARGUMENT"),
    "request-too-large": words(413, "INVALID_ARGUMENT"),
    conflict: words(409, "ABORTED"),
    "bad-credential": words(502, "INTERNAL"),
    quota: words(429, "RESOURCE_EXHAUSTED"),
    "not-found": words(404, "NOT_FOUND"),
    "model-not-found": words(404, "NOT_FOUND"),
    "rate-limited": words(429, "RESOURCE_EXHAUSTED"),
    overloaded: words(503, "UNAVAILABLE"),
    upstream: words(502, "INTERNAL"),
    timeout: words(504, "DEADLINE_EXCEEDED"),
    transport: words(502, "INTERNAL"),
  },
};

/** What an error event inside a stream calls a failure that came after content. */
export const BREAK_NAMES: Readonly<Record<ProtocolName, Readonly<Record<"overloaded" | "timeout" | "transport", string>>>> = {
  anthropic: { overloaded: "overloaded_error", timeout: "timeout_error", transport: "api_error" },
  chat: { overloaded: "server_error overloaded", timeout: "server_error timeout", transport: "server_error" },
  // Codex tries again after this code, and after no other of these.
  responses: { overloaded: "server_error", timeout: "server_error", transport: "server_error" },
  gemini: { overloaded: "UNAVAILABLE", timeout: "DEADLINE_EXCEEDED", transport: "INTERNAL" },
};

/** The exception that an official SDK raises for a status. */
export function sdkClass(client: ProtocolName, status: number): string {
  if (client === "gemini") return "ApiError";
  const own = client === "anthropic" ? ANTHROPIC_CLASSES[status] : undefined;
  return own ?? SDK_CLASSES[status] ?? (status >= 500 ? "InternalServerError" : "APIError");
}

/** What Anthropic's and OpenAI's SDKs, made by one generator, have in common. */
const SDK_CLASSES: Readonly<Record<number, string>> = {
  400: "BadRequestError",
  401: "AuthenticationError",
  403: "PermissionDeniedError",
  404: "NotFoundError",
  409: "ConflictError",
  422: "UnprocessableEntityError",
  429: "RateLimitError",
};

const ANTHROPIC_CLASSES: Readonly<Record<number, string>> = {
  408: "RequestTimeoutError",
  413: "ContentTooLargeError",
  503: "ServiceUnavailableError",
  504: "GatewayTimeoutError",
  529: "OverloadedError",
};
