/** What a failed answer of an Anthropic-shaped upstream means (A.1.7, B.0.3, resilience §3). */
import { GatewayError, type ErrorDetail, type ErrorKind } from "../../../chat/error.ts";
import { asObject, asString, tryParseJson, type JsonObject } from "../../../chat/json.ts";
import { headerValue } from "../../../wire/headers.ts";
import type { UpstreamFailure } from "../../protocol.ts";
import { headerWaitMs, shouldRetry, untilMs } from "../../shared/retry-hints.ts";
import { MAX_MESSAGE_CHARS, messageForCaller, STATUS_KINDS, tokenCounts } from "../../shared/upstream-error.ts";

/** Error types by what they mean, whatever the status. */
const KINDS: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  ["invalid_request_error", "invalid-request"],
  ["authentication_error", "unauthenticated"],
  ["billing_error", "billing"],
  ["permission_error", "permission"],
  ["not_found_error", "not-found"],
  ["conflict_error", "conflict"],
  ["request_too_large", "request-too-large"],
  ["rate_limit_error", "rate-limited"],
  ["timeout_error", "timeout"],
  ["overloaded_error", "overloaded"],
]);

/** Sentences that begin a message: what stands further in may be the caller's own words, and would rest the whole account. */
const BILLING = /^(?:Your credit balance is too low|You have reached your specified (?:API )?usage limits)/i;
const BILLING_CODES: ReadonlySet<string> = new Set(["contract_spend_limit_reached"]);
const OVERFLOW =
  /prompt is too long|exceed(?:s|ed)? (?:the )?context (?:limit|window)|input is too long|maximum context length|context_length_exceeded/i;
const POLICY = /blocked by (?:our )?content filtering policy|content[_ ]policy/i;

/** Never throws. The message is the upstream's own where the request is at fault: clients act on its wording (A.1.7). */
export function decodeError({ status, headers, body }: UpstreamFailure): GatewayError {
  const { type, message, code } = readBody(tryParseJson(body));
  const kind = kindOf(status, type, message ?? "", code);
  return makeError(kind, message, `The upstream answered HTTP ${status}.`, { upstreamStatus: status, ...hints(headers, kind) });
}

/** An `error` event or body that came with status 200 (rules 322, 345). */
export function decodeErrorBody(body: JsonObject): GatewayError {
  const { type, message, code } = readBody(body);
  const kind = kindOf(undefined, type, message ?? "", code);
  return makeError(kind, message, "The upstream ended its answer with an error.", {});
}

function readBody(body: unknown): { type?: string | undefined; message?: string | undefined; code?: string | undefined } {
  const error = asObject(body)?.["error"];
  if (typeof error === "string") return { message: error };
  const fields = asObject(error);
  return {
    type: asString(fields?.["type"]),
    message: asString(fields?.["message"])?.slice(0, MAX_MESSAGE_CHARS),
    code: asString(asObject(fields?.["details"])?.["error_code"]),
  };
}

function kindOf(status: number | undefined, type: string | undefined, text: string, code?: string): ErrorKind {
  const told = KINDS.get(type ?? "");
  const billing = BILLING.test(text) || BILLING_CODES.has(code ?? "");
  const byStatus = status === 503 ? "overloaded" : STATUS_KINDS.get(status ?? 0);
  const kind = byStatus ?? (status !== undefined && status >= 400 && status < 500 ? (told ?? "invalid-request") : (told ?? "upstream"));
  switch (kind) {
    case "invalid-request":
    case "request-too-large":
      if (billing) return "billing";
      if (OVERFLOW.test(text)) return "context-too-long";
      return POLICY.test(text) ? "content-policy" : kind;
    case "rate-limited":
      return billing ? "billing" : kind;
    case "not-found":
      return /\bmodel\b/i.test(text) ? "model-not-found" : kind;
    // A provider that is overloaded says so with several statuses; one that is not may still answer 503.
    case "overloaded":
      return status === 503 && told === "invalid-request" ? told : kind;
    default:
      return kind;
  }
}

function makeError(kind: ErrorKind, said: string | undefined, otherwise: string, detail: ErrorDetail): GatewayError {
  const field = kind === "invalid-request" ? /^([a-z_]+(?:\.\w+)*): /.exec(said ?? "")?.[1] : undefined;
  const tokens = kind === "context-too-long" ? tokenCounts(said ?? "") : undefined;
  return new GatewayError(kind, messageForCaller(kind, said, otherwise), {
    ...detail,
    ...(said !== undefined && { upstreamMessage: said }),
    ...(field !== undefined && { field: field.replaceAll(/\.(\d+)/g, "[$1]") }),
    ...(tokens && { tokens }),
  });
}

function hints(headers: readonly string[], kind: ErrorKind): ErrorDetail {
  const wait = headerWaitMs(headers) ?? (kind === "rate-limited" ? untilReset(headers) : undefined);
  // The subscription's windows (5 hours, 7 days) belong to the account, not to a model (resilience §3).
  const accountWide = kind === "rate-limited" && headerValue(headers, "anthropic-ratelimit-unified-status") === "rejected";
  return {
    ...(wait !== undefined && { retryAfterMs: wait }),
    ...(accountWide && { scope: "account" as const }),
    ...shouldRetry(headers),
  };
}

/** The latest reset among the limits that are used up, by the upstream's own clock. */
function untilReset(headers: readonly string[]): number | undefined {
  const unified = Number(headerValue(headers, "anthropic-ratelimit-unified-reset") ?? Number.NaN);
  if (Number.isFinite(unified)) return untilMs(headers, unified * 1000);
  const waits = ["requests", "tokens", "input-tokens", "output-tokens"]
    .filter((family) => headerValue(headers, `anthropic-ratelimit-${family}-remaining`) === "0")
    .map((family) => untilMs(headers, Date.parse(headerValue(headers, `anthropic-ratelimit-${family}-reset`) ?? "")))
    .filter((wait) => wait !== undefined);
  return waits.length === 0 ? undefined : Math.max(...waits);
}
