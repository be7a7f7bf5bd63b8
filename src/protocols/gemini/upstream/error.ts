/** What a failed answer of Gemini's means (dossier A.4.4, B.0.3; resilience §3). Bodies come as an object, as an array of one, or as an event. */
import { GatewayError, type ErrorDetail, type ErrorKind } from "../../../chat/error.ts";
import { asArray, asNumber, asObject, asString, tryParseJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import type { UpstreamFailure } from "../../protocol.ts";
import { durationMs, headerWaitMs, sentenceWaitMs } from "../../shared/retry-hints.ts";
import { MAX_MESSAGE_CHARS, messageForCaller, STATUS_KINDS } from "../../shared/upstream-error.ts";

/** A daily quota says to come back in seconds and means tomorrow; in ms. */
const DAILY_QUOTA_REST_MS = 3_600_000;

/** The names of `google.rpc.Code`, which tell more than the other statuses do; all but `UNKNOWN`, which tells less. */
const CODE_KINDS: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  ["INVALID_ARGUMENT", "invalid-request"],
  ["OUT_OF_RANGE", "invalid-request"],
  ["FAILED_PRECONDITION", "invalid-request"],
  ["UNAUTHENTICATED", "unauthenticated"],
  ["PERMISSION_DENIED", "permission"],
  ["NOT_FOUND", "not-found"],
  ["ABORTED", "conflict"],
  ["RESOURCE_EXHAUSTED", "rate-limited"],
  ["UNAVAILABLE", "overloaded"],
  ["DEADLINE_EXCEEDED", "timeout"],
  ["INTERNAL", "upstream"],
  ["CANCELLED", "upstream"],
]);

const BAD_KEY = /api key (?:not valid|not found|expired)|reported as leaked|invalid authentication credentials/i;
const SPENT = /prepay\w* credits|credits are depleted|spend(?:ing)? (?:cap|limit)/i;
const NO_BILLING = /enable billing|billing account|billing to be enabled/i;
const LOCATION = /location is not supported|not available in your (?:country|region|location)/i;
const OVERFLOW = /input token count.*exceeds the maximum number of tokens|exceeds the (?:model's )?(?:maximum )?context/i;
const COUNTS = /token count\s*\(?(\d+)\)?\s*exceeds the maximum number of tokens allowed\s*\(?(\d+)\)?/i;
const TOO_LARGE = /payload size exceeds the limit/i;
const ACCOUNT_REASONS: ReadonlySet<string> = new Set([
  "SERVICE_DISABLED",
  "CONSUMER_SUSPENDED",
  "CONSUMER_INVALID",
  "API_KEY_SERVICE_BLOCKED",
]);

/** Never throws. */
export function decodeError({ status, headers, body }: UpstreamFailure): GatewayError {
  return makeError(readBody(parseBody(body)), status, headerWaitMs(headers), `The upstream answered HTTP ${status}.`);
}

/** An error inside an answer that began with status 200 (rules 322, 346), or `undefined` when the body holds none. */
export function decodeErrorBody(body: JsonObject): GatewayError | undefined {
  if (asObject(body["error"]) === undefined) return undefined;
  const error = readBody(body);
  return makeError(error, error.status, undefined, "The upstream ended its answer with an error.");
}

interface ErrorBody {
  readonly status: number | undefined;
  readonly code: string;
  readonly message: string | undefined;
  readonly reason: string;
  readonly details: readonly JsonObject[];
}

function parseBody(body: string): JsonValue | undefined {
  const parsed = tryParseJson(body.startsWith("data:") ? body.slice("data:".length) : body);
  return Array.isArray(parsed) ? (parsed[0] as JsonValue | undefined) : parsed;
}

function readBody(body: JsonValue | undefined): ErrorBody {
  const error = asObject(asObject(body)?.["error"]);
  const details = (asArray(error?.["details"]) ?? []).map(asObject).filter((detail) => detail !== undefined);
  const message = asString(error?.["message"]) ?? asString(asObject(body)?.["error"]);
  return {
    status: asNumber(error?.["code"]),
    code: asString(error?.["status"]) ?? "",
    message: message === undefined ? undefined : withoutSecrets(message.slice(0, MAX_MESSAGE_CHARS)),
    reason: details.map((detail) => asString(detail["reason"])).find((reason) => reason !== undefined) ?? "",
    details,
  };
}

function makeError(error: ErrorBody, status: number | undefined, retryAfterMs: number | undefined, otherwise: string): GatewayError {
  const kind = kindOf(error, status);
  const { message } = error;
  const counts = COUNTS.exec(message ?? "");
  return new GatewayError(kind, messageForCaller(kind, message, otherwise), {
    ...(kind === "rate-limited" ? quotaHints(error, retryAfterMs) : retryAfterMs !== undefined && { retryAfterMs }),
    ...(kind === "permission" && ACCOUNT_REASONS.has(error.reason) && { scope: "account" as const }),
    ...(status !== undefined && { upstreamStatus: status }),
    ...(message !== undefined && { upstreamMessage: message }),
    ...(kind === "context-too-long" && counts && { tokens: { input: Number(counts[1]), limit: Number(counts[2]) } }),
  });
}

function kindOf({ code, message = "", reason }: ErrorBody, status: number | undefined): ErrorKind {
  const told = CODE_KINDS.get(code);
  const kind = STATUS_KINDS.get(status ?? 0) ?? told ?? kindOfStatus(status);
  if (reason.startsWith("BILLING_")) return "billing";
  // Behind a colon or a quote stand the caller's own words, which must not rest an account.
  const [own = ""] = message.split(/[:"'`]/, 1);
  switch (kind) {
    // Every quota error advises to check one's billing details, so only plain words count here.
    case "rate-limited":
      return SPENT.test(own) ? "billing" : kind;
    case "invalid-request":
    case "permission":
      if (SPENT.test(own) || NO_BILLING.test(own)) return "billing";
      if (reason.startsWith("API_KEY_INVALID") || BAD_KEY.test(own)) return "unauthenticated";
      if (LOCATION.test(own)) return "permission";
      if (OVERFLOW.test(message)) return "context-too-long";
      return TOO_LARGE.test(message) ? "request-too-large" : kind;
    case "not-found":
      return /\bmodels?\b/i.test(message) ? "model-not-found" : kind;
    default:
      return kind;
  }
}

function kindOfStatus(status: number | undefined): ErrorKind {
  if (status === 503) return "overloaded";
  return status !== undefined && status >= 400 && status < 500 && status !== 499 ? "invalid-request" : "upstream";
}

/** When to come back, and whether another model of the same account would do better. */
function quotaHints({ details, message = "" }: ErrorBody, retryAfterMs: number | undefined): ErrorDetail {
  const quotas = details
    .flatMap((detail) => asArray(detail["violations"]) ?? [])
    .map((violation) => asString(asObject(violation)?.["quotaId"]) ?? "");
  const told =
    details.map((detail) => durationMs(asString(detail["retryDelay"]) ?? "")).find((delay) => delay !== undefined) ??
    retryAfterMs ??
    sentenceWaitMs(message);
  const wait = quotas.some((quota) => quota.includes("PerDay")) ? Math.max(told ?? 0, DAILY_QUOTA_REST_MS) : told;
  const accountWide = quotas.length > 0 && quotas.every((quota) => quota !== "" && !quota.includes("PerModel"));
  return { ...(wait !== undefined && { retryAfterMs: wait }), ...(accountWide && { scope: "account" as const }) };
}

/** Google repeats keys and project numbers in some messages. */
function withoutSecrets(message: string): string {
  return message
    .replaceAll(/\bAIza[\w-]+|\bya29\.[\w.-]+|\bAQ\.[\w.-]{20,}/g, "[redacted]")
    .replaceAll(/\b(api_key:|key=|Bearer )[^\s'"&]+/gi, "$1[redacted]")
    .replaceAll(/\b(project(?:s\/|_number:|\s+))\d+/gi, "$1[redacted]");
}
