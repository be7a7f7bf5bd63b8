/** What goes wrong upstream, and what the official SDK raises then. */
import { holds, same } from "../check.ts";
import type { ProtocolName } from "../clients/client.ts";
import type { SdkError } from "../conversation.ts";
import { oneTurn, type ConversationScenario } from "../scenario.ts";
import type { FaultName } from "../../simulator/types.ts";

/** What a client of each protocol is told: class of the SDK, status, and the protocol's own word for it. */
type Wanted = Readonly<Record<ProtocolName, Partial<Pick<SdkError, "class" | "status" | "type" | "code">>>>;

const LONG: Wanted = {
  anthropic: { class: "BadRequestError", status: 400, type: "invalid_request_error" },
  chat: { class: "BadRequestError", status: 400, code: "context_length_exceeded" },
  responses: { class: "BadRequestError", status: 400, code: "context_length_exceeded" },
  gemini: { class: "ApiError", status: 400, type: "INVALID_ARGUMENT" },
};
const BAD: Wanted = {
  anthropic: { class: "BadRequestError", status: 400, type: "invalid_request_error" },
  chat: { class: "BadRequestError", status: 400, type: "invalid_request_error" },
  responses: { class: "BadRequestError", status: 400, type: "invalid_request_error" },
  gemini: { class: "ApiError", status: 400, type: "INVALID_ARGUMENT" },
};
const UNKNOWN: Wanted = {
  anthropic: { class: "NotFoundError", status: 404, type: "not_found_error" },
  chat: { class: "NotFoundError", status: 404, code: "model_not_found" },
  responses: { code: "model_not_found" },
  gemini: { class: "ApiError", status: 404, type: "NOT_FOUND" },
};
const RATE: Wanted = {
  anthropic: { class: "RateLimitError", status: 429, type: "rate_limit_error" },
  chat: { class: "RateLimitError", status: 429 },
  responses: { class: "RateLimitError", status: 429 },
  gemini: { class: "ApiError", status: 429, type: "RESOURCE_EXHAUSTED" },
};

/** What each vendor says of a model that it does not have. */
const NO_MODEL: Readonly<Record<ProtocolName, { readonly status: number; readonly body: object }>> = {
  anthropic: { status: 404, body: { type: "error", error: { type: "not_found_error", message: "model: nobody" } } },
  chat: {
    status: 404,
    body: {
      error: {
        message: "The model `nobody` does not exist or you do not have access to it.",
        type: "invalid_request_error",
        param: null,
        code: "model_not_found",
      },
    },
  },
  responses: {
    status: 400,
    body: {
      error: {
        message: "The requested model 'nobody' does not exist.",
        type: "invalid_request_error",
        param: "model",
        code: "model_not_found",
      },
    },
  },
  gemini: {
    status: 404,
    body: {
      error: {
        code: 404,
        message: "models/nobody is not found for API version v1beta, or is not supported for generateContent.",
        status: "NOT_FOUND",
      },
    },
  },
};

function checkError(error: SdkError, wanted: Wanted[ProtocolName]): void {
  for (const name of ["class", "status", "type", "code"] as const) {
    if (wanted[name] !== undefined) same(`error.${name}`, error[name], wanted[name]);
  }
}

function failing(
  id: string,
  title: string,
  fault: FaultName | { readonly fault: FaultName; readonly retryAfter?: number; readonly retryInfo?: number },
  check: ConversationScenario["check"],
): ConversationScenario {
  const answer = typeof fault === "string" ? { fault } : fault;
  return { id, feature: "errors", title, upsets: true, turns: oneTurn("Hello", answer), check };
}

/** A server's failure: for the client to try again later, never for it to think its request or key is wrong. */
function checkServerError(error: SdkError): void {
  holds("error.status", (error.status ?? 0) >= 500, `is ${error.status}: ${error.message}`);
}

export const ERRORS: readonly ConversationScenario[] = [
  failing("error-bad-request", "a request that the upstream refuses", "400", ({ failed, client }) => checkError(failed(0), BAD[client])),
  failing(
    "error-context-too-long",
    "a prompt that is too long, in the words that clients look for",
    "context-too-long",
    ({ failed, client }) => {
      const error = failed(0);
      checkError(error, LONG[client]);
      if (client === "anthropic") holds("error.message", error.message.includes("prompt is too long"), `is ${error.message}`);
      if (client === "gemini")
        holds("error.message", error.message.includes("exceeds the maximum number of tokens"), `is ${error.message}`);
    },
  ),
  {
    id: "error-unknown-model",
    feature: "errors",
    title: "a model that the upstream does not have",
    upsets: true,
    turns: ({ upstream }) => [{ says: "Hello", answer: NO_MODEL[upstream] }],
    check: ({ failed, client }) => checkError(failed(0), UNKNOWN[client]),
  },
  failing(
    "error-rate-limit",
    "a rate limit, with the time to wait in the client's own idiom",
    { fault: "429", retryAfter: 7, retryInfo: 7 },
    ({ failed, client }) => {
      const error = failed(0);
      checkError(error, RATE[client]);
      holds("time to wait", error.retryAfter !== undefined && error.retryAfter >= 1 && error.retryAfter <= 7, `is ${error.retryAfter} s`);
    },
  ),
  failing("error-bad-credential", "the gateway's own key is refused: no fault of the client's key", "invalid-key", ({ failed }) => {
    checkServerError(failed(0));
  }),
  failing("error-internal", "the upstream fails", "500", ({ failed }) => checkServerError(failed(0))),
  {
    id: "error-overloaded",
    feature: "errors",
    title: "the upstream is overloaded",
    upsets: true,
    turns: ({ upstream }) => [{ says: "Hello", answer: { fault: upstream === "anthropic" ? "529" : "503" } }],
    check({ failed, client }) {
      const error = failed(0);
      checkServerError(error);
      if (client === "anthropic") same("error.type", error.type, "overloaded_error");
      if (client === "gemini") same("error.type", error.type, "UNAVAILABLE");
    },
  },
  failing("error-in-good-status", "an error that comes with status 200", "error-in-200", ({ failed }) => {
    holds("error.status", (failed(0).status ?? 500) >= 500, `is ${failed(0).status}`);
  }),
  failing("error-nothing-came", "an answer without a single byte", "empty", ({ failed }) => {
    holds("error.status", (failed(0).status ?? 500) >= 500, `is ${failed(0).status}`);
  }),
  failing("error-page", "a proxy's HTML page instead of an answer", "html", ({ failed }) => {
    holds("error.status", (failed(0).status ?? 500) >= 500, `is ${failed(0).status}`);
  }),
];
