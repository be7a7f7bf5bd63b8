/** What a failed answer of an Anthropic-shaped upstream means (A.1.7, B.0.3, resilience §3). */
import { GatewayError, type ErrorDetail, type ErrorKind } from "../../../chat/error.ts";
import { asObject, asString, tryParseJson, type JsonObject } from "../../../chat/json.ts";
import type { UpstreamFailure } from "../../protocol.ts";
import { usedUpWaitMs } from "../../shared/rate-headers.ts";
import { headerWaitMs, shouldRetry } from "../../shared/retry-hints.ts";
import { MAX_MESSAGE_CHARS, messageForCaller, STATUS_KINDS, tokenCounts } from "../../shared/upstream-error.ts";
import { rates, refusesAccount } from "./rates.ts";

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
/** Of a 400 or a 403: no model of the account's will do better. */
const NO_ACCOUNT = /^(?:This|Your) organization has been disabled|^OAuth authentication is currently not (?:allowed|supported)/i;
const BILLING_CODES: ReadonlySet<string> = new Set(["contract_spend_limit_reached"]);
const OVERFLOW =
  /prompt is too long|exceed(?:s|ed)? (?:the )?context (?:limit|window)|input is too long|maximum context length|context_length_exceeded/i;
const POLICY = /blocked by (?:our )?content filtering policy|content[_ ]policy/i;

/** Never throws. The message is the upstream's own where the request is at fault: clients act on its wording (A.1.7). */
export function decodeError({ status, headers, body }: UpstreamFailure): GatewayError {
  const { type, message, code } = readBody(tryParseJson(body));
  const kind = kindOf(status, type, message ?? "", code);
  return makeError(kind, message, `The upstream answered HTTP ${status}.`, {
    upstreamStatus: status,
    ...hints(headers, kind, message ?? ""),
  });
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
  // A provider that is overloaded says so with several statuses; one that is not may still answer 503.
  const byStatus = status === 503 ? (told === "invalid-request" ? told : "overloaded") : STATUS_KINDS.get(status ?? 0);
  const kind = byStatus ?? (status !== undefined && status >= 400 && status < 500 ? (told ?? "invalid-request") : (told ?? "upstream"));
  switch (kind) {
    case "invalid-request":
    case "request-too-large":
      if (billing) return "billing";
      if (NO_ACCOUNT.test(text)) return "permission";
      if (OVERFLOW.test(text)) return "context-too-long";
      return POLICY.test(text) ? "content-policy" : kind;
    case "rate-limited":
      return billing ? "billing" : kind;
    case "not-found":
      return /\bmodel\b/i.test(text) ? "model-not-found" : kind;
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

function hints(headers: readonly string[], kind: ErrorKind, message: string): ErrorDetail {
  const limited = kind === "rate-limited";
  const wait = headerWaitMs(headers) ?? (limited ? usedUpWaitMs(rates(headers)) : undefined);
  // A subscription's windows belong to the account, not to a model (resilience §3).
  const accountWide = limited ? refusesAccount(headers) : kind === "permission" && NO_ACCOUNT.test(message);
  return {
    ...(wait !== undefined && { retryAfterMs: wait }),
    ...(accountWide && { scope: "account" as const }),
    ...shouldRetry(headers),
  };
}
