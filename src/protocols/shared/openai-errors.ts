/** What a failure of a server means that speaks one of OpenAI's protocols (A.2.4, B.0.3; resilience §3). No two vendors shape their errors alike (recordings, oddities 54, 55). */
import { GatewayError, type ErrorDetail, type ErrorKind } from "../../chat/error.ts";
import { asArray, asNumber, asObject, asString, isObject, tryParseJson, type JsonObject, type JsonValue } from "../../chat/json.ts";
import type { UpstreamFailure } from "../protocol.ts";
import { errorWaitMs } from "./openai-waits.ts";
import { shouldRetry } from "./retry-hints.ts";
import { MAX_MESSAGE_CHARS, messageForCaller, STATUS_KINDS, tokenCounts } from "./upstream-error.ts";

/** Codes and types by what they mean, in lower case; the first of `code` and `type` that is known counts. */
const KINDS: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  ["context_length_exceeded", "context-too-long"],
  ["too_many_prompt_tokens", "context-too-long"],
  ["exceed_context_size_error", "context-too-long"],
  ["content_policy_violation", "content-policy"],
  ["content_filter", "content-policy"],
  ["data_inspection_failed", "content-policy"],
  ["invalid_prompt", "content-policy"],
  ["image_content_policy_violation", "content-policy"],
  ["bio_policy", "content-policy"],
  ["misalignment_policy_violation", "content-policy"],
  ["insufficient_quota", "billing"],
  ["exceeded_current_quota_error", "billing"],
  // Of an account that pays by the month, for hours or days (A.3.4).
  ["usage_limit_reached", "billing"],
  ["usage_not_included", "billing"],
  ["billing_hard_limit_reached", "billing"],
  ["billing_not_active", "billing"],
  ["arrearage", "billing"],
  ["invalid_api_key", "unauthenticated"],
  ["authentication_error", "unauthenticated"],
  ["invalid_authentication_error", "unauthenticated"],
  ["permission_error", "permission"],
  ["unsupported_country_region_territory", "permission"],
  ["permission_denied", "permission"],
  ["model_not_found", "model-not-found"],
  ["deploymentnotfound", "model-not-found"],
  ["not_found_error", "not-found"],
  ["rate_limit_exceeded", "rate-limited"],
  ["rate_limit_error", "rate-limited"],
  ["ratelimitreached", "rate-limited"],
  ["overloaded", "overloaded"],
  ["overloaded_error", "overloaded"],
  ["engine_overloaded_error", "overloaded"],
  ["capacity_exceeded", "overloaded"],
  ["server_is_overloaded", "overloaded"],
  ["slow_down", "overloaded"],
  ["server_error", "upstream"],
  ["internal_server_error", "upstream"],
  ["timeout", "timeout"],
  ["vector_store_timeout", "timeout"],
  // The model wrote a call that its server could not read: another try may do better.
  ["tool_use_failed", "upstream"],
  ["invalid_request_error", "invalid-request"],
  // Pictures that an answer could not be given about: a stream tells no status.
  ["invalid_image", "invalid-request"],
  ["invalid_image_format", "invalid-request"],
  ["invalid_base64_image", "invalid-request"],
  ["invalid_image_url", "invalid-request"],
  ["image_too_large", "invalid-request"],
  ["image_too_small", "invalid-request"],
  ["image_parse_error", "invalid-request"],
  ["image_file_too_large", "invalid-request"],
  ["unsupported_image_media_type", "invalid-request"],
  ["empty_image_file", "invalid-request"],
  ["failed_to_download_image", "invalid-request"],
  ["image_file_not_found", "invalid-request"],
]);

/** Refusals that no other model of the same account would escape. */
const OF_THE_ACCOUNT: ReadonlySet<string> = new Set(["unsupported_country_region_territory"]);

/** Sentences that begin a message: what stands further in may be the caller's own words, and would rest the whole account. */
const BILLING =
  /^(?:You exceeded your current quota|Insufficient (?:balance|credits?)|Your (?:credit|account) balance|This request requires more credits)/i;
const BAD_KEY = /^(?:Incorrect API key|Invalid API key|Authentication Fails|No auth credentials|API key (?:not valid|expired))/i;
const FLAGGED = /moderation and your input was flagged|^The response was filtered/i;
const OVERFLOW =
  /maximum context length|context[_ ](?:length|window|size)|too many (?:prompt |input )?tokens|prompt is too long|maximum prompt length|reduce the length of the (?:messages|input)|length of all messages is too long|input is too long/i;
const RATE = /tokens? per (?:min|day)|requests? per (?:min|day)|please wait/i;

/** Never throws. The message is the upstream's own where the request is at fault: clients act on its wording. */
export function decodeError({ status, headers, body }: UpstreamFailure): GatewayError {
  const error = readBody(tryParseJson(body));
  const kind = kindOf(error, status);
  return makeError(kind, error, `The upstream answered HTTP ${status}.`, {
    upstreamStatus: status,
    ...hints(kind, error, headers),
    ...shouldRetry(headers),
  });
}

/** An error that came with status 200: whole, in a chunk, or as an `error` event (rules 322, 347). */
export function decodeErrorBody(body: JsonObject): GatewayError {
  const error = readBody(body);
  const kind = kindOf(error, error.status);
  return makeError(kind, error, "The upstream ended its answer with an error.", hints(kind, error, []));
}

/** Whether a body tells of an error: some servers have an empty field for it in every answer. */
export function saysError({ error }: JsonObject): boolean {
  if (isObject(error)) return Object.keys(error).length > 0;
  return error !== undefined && error !== null && error !== "" && error !== false;
}

interface ErrorBody {
  readonly message: string | undefined;
  /** `code` and `type`, whichever are text, in lower case. */
  readonly words: readonly string[];
  /** A status that the body tells. */
  readonly status: number | undefined;
  readonly param: string | undefined;
  readonly tokens: { readonly input: number; readonly limit: number } | undefined;
  /** All of it. */
  readonly fields: JsonObject;
}

function readBody(value: JsonValue | undefined): ErrorBody {
  const body = asObject(asArray(value)?.[0]) ?? asObject(value) ?? {};
  const error = asObject(body["error"]) ?? { ...body, message: body["message"] ?? body["error"] ?? detailOf(body["detail"]) };
  const codes = [error["code"], error["type"], asObject(error["innererror"])?.["code"]];
  const numbers = [error["status"], error["status_code"], ...codes].map(statusNumber);
  const input = asNumber(error["n_prompt_tokens"]);
  const limit = asNumber(error["n_ctx"]);
  const message = messageOf(error);
  return {
    message: message === undefined ? undefined : withoutSecrets(message.slice(0, MAX_MESSAGE_CHARS)),
    words: codes.flatMap((code) => asString(code)?.toLowerCase() ?? []),
    status: numbers.find((number) => number !== undefined),
    param: asString(error["param"]),
    tokens: input !== undefined && limit !== undefined ? { input, limit } : undefined,
    fields: error,
  };
}

/** A proxy's own words say nothing where it keeps those of the server behind it. */
function messageOf(error: JsonObject): string | undefined {
  const message = asString(error["message"]) ?? detailOf(error["message"]);
  const raw = asString(asObject(error["metadata"])?.["raw"]);
  if (message !== "Provider returned error" || raw === undefined) return message;
  const inner = asObject(tryParseJson(raw));
  return inner ? (messageOf(asObject(inner["error"]) ?? inner) ?? message) : raw;
}

/** A text, or a list of what is wrong and where, which some servers wrap once more. */
function detailOf(value: JsonValue | undefined): string | undefined {
  const detail = asObject(value)?.["detail"] ?? value;
  const first = asObject(asArray(detail)?.[0]);
  if (!first) return asString(detail);
  const place = (asArray(first["loc"]) ?? [])
    .flatMap((step) => (step === "body" ? [] : String(asString(step) ?? asNumber(step) ?? "")))
    .join(".");
  const problem = asString(first["msg"]) ?? "is refused";
  return place === "" ? problem : `${place}: ${problem}`;
}

function statusNumber(value: JsonValue | undefined): number | undefined {
  const number = typeof value === "string" && /^\d{3}$/.test(value) ? Number(value) : asNumber(value);
  return number !== undefined && number >= 400 && number < 600 ? number : undefined;
}

function kindOf({ words, message = "" }: ErrorBody, status: number | undefined): ErrorKind {
  const kinds = words.flatMap((word) => KINDS.get(word) ?? []);
  const told = kinds.find((kind) => kind !== "invalid-request") ?? kinds[0];
  const isOverflow = OVERFLOW.test(message) && !RATE.test(message);
  const kind = kindOfStatus(status, told, isOverflow) ?? told ?? "upstream";
  switch (kind) {
    case "invalid-request":
    case "request-too-large":
      if (BILLING.test(message)) return "billing";
      if (BAD_KEY.test(message)) return "unauthenticated";
      if (isOverflow) return "context-too-long";
      return FLAGGED.test(message) ? "content-policy" : kind;
    case "rate-limited":
      return told === "billing" || BILLING.test(message) ? "billing" : kind;
    case "permission":
      if (told === "billing" || BILLING.test(message)) return "billing";
      return FLAGGED.test(message) ? "content-policy" : kind;
    case "not-found":
      return told === "model-not-found" || /\bmodels?\b|no endpoints found/i.test(message) ? "model-not-found" : kind;
    default:
      return kind;
  }
}

/** What may stand in a 5xx and is the request's fault nevertheless: no other credential would do better (resilience §3). */
const REQUEST_FAULTS: ReadonlySet<ErrorKind | undefined> = new Set<ErrorKind>(["invalid-request", "context-too-long", "content-policy"]);

/** What the status says, where the body says nothing that goes before it. */
function kindOfStatus(status: number | undefined, told: ErrorKind | undefined, isOverflow: boolean): ErrorKind | undefined {
  if (status === undefined) return undefined;
  if (status >= 500 && status !== 529) {
    if (REQUEST_FAULTS.has(told)) return told;
    if (isOverflow) return "context-too-long";
  }
  if (status === 503 || status === 498) return "overloaded";
  return STATUS_KINDS.get(status) ?? told ?? (status >= 400 && status < 500 ? "invalid-request" : undefined);
}

function makeError(kind: ErrorKind, { message, param, tokens }: ErrorBody, otherwise: string, detail: ErrorDetail): GatewayError {
  const counts = kind === "context-too-long" ? (tokens ?? overflowCounts(message ?? "")) : undefined;
  return new GatewayError(kind, messageForCaller(kind, message, otherwise), {
    ...detail,
    ...(message !== undefined && { upstreamMessage: message }),
    ...(kind === "invalid-request" && param !== undefined && { field: param.replaceAll(/\.?\[(\d+)\]/g, "[$1]") }),
    ...(counts && { tokens: counts }),
  });
}

/** When to come back, and whether another model of the same account would do better. */
function hints(kind: ErrorKind, { fields, message = "", words }: ErrorBody, headers: readonly string[]): ErrorDetail {
  const retryAfterMs = errorWaitMs(kind, fields, message, headers);
  const accountWide = kind === "permission" && words.some((word) => OF_THE_ACCOUNT.has(word));
  return { ...(retryAfterMs !== undefined && { retryAfterMs }), ...(accountWide && { scope: "account" as const }) };
}

const LIMIT_THEN_INPUT = /maximum context length (?:is|of) (\d+)\D+?(?:requested|resulted in|has|contains)\D*?(\d+)/i;

/** Servers name more numbers than two: the limit comes first, what was asked next (rule 330). */
function overflowCounts(message: string): { input: number; limit: number } | undefined {
  const [, limit, input] = LIMIT_THEN_INPUT.exec(message) ?? [];
  return limit !== undefined && input !== undefined && Number(input) > Number(limit)
    ? { input: Number(input), limit: Number(limit) }
    : tokenCounts(message);
}

/** Vendors repeat organisations, projects and keys in their messages (rule 348). */
function withoutSecrets(message: string): string {
  return message
    .replaceAll(/\b(?:org|proj|user)-[\w-]+|\bproj_\w+|\bsk-[\w*-]+|\bgsk_\w+/g, "[redacted]")
    .replaceAll(/\b(Bearer |api[_ ]key: )[^\s'"&,]+/gi, "$1[redacted]");
}
