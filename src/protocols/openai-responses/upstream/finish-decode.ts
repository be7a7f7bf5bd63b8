/** How an answer ended (A.3.3, B.0.1): what was said counts more than the word. */
import type { Finish, FinishReason } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import { asObject, asString, isObject, type JsonObject } from "../../../chat/json.ts";
import { decodeErrorBody } from "../../shared/openai-errors.ts";
import type { Findings } from "./item-reader.ts";

const INCOMPLETE: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ["max_output_tokens", "length"],
  ["max_tokens", "length"],
  ["max_messages", "length"],
  ["content_filter", "content-filter"],
]);

/** The events that end an answer, by what each says of it. */
const ENDINGS: ReadonlyMap<string, string> = new Map(
  ["completed", "incomplete", "failed", "cancelled"].map((status) => [`response.${status}`, status]),
);

/**
 * The response that an event ends the answer with; `undefined` for other events. The event's name says how it ended where the
 * response in it says nothing, or is the one from the answer's beginning.
 */
export function endedResponse(type: string, event: JsonObject): JsonObject | undefined {
  const ending = ENDINGS.get(type);
  if (ending === undefined) return undefined;
  const response = asObject(event["response"]) ?? {};
  const says = asString(response["status"]) ?? "";
  const isStale = ending === "completed" ? says === "" || isPending(response) : says !== ending;
  return isStale ? { ...response, status: ending } : response;
}

/** The end of an answer that did not fail. */
export function decodeFinish(response: JsonObject, { calls, refused, logprobs }: Findings): Finish {
  const more = logprobs.length > 0 ? { logprobs } : {};
  if (response["status"] === "incomplete") {
    const raw = asString(asObject(response["incomplete_details"])?.["reason"]) ?? "incomplete";
    return { reason: INCOMPLETE.get(raw) ?? "other", raw, ...more };
  }
  const raw = asString(response["status"]) ?? "completed";
  return { reason: calls > 0 ? "tool-calls" : refused ? "refusal" : "stop", raw, ...more };
}

/** Whether an object is a response, and no event about one. */
export function isResponse(body: JsonObject): boolean {
  return body["object"] === "response" || (Array.isArray(body["output"]) && typeof body["status"] === "string");
}

/** What a response says is wrong with it; `undefined` for one that has ended well (rule 322; recordings, oddities 28, 36). */
export function failureOf(response: JsonObject): GatewayError | undefined {
  const { status, error } = response;
  if (isObject(error)) return decodeErrorBody({ error });
  if (isPending(response)) return new GatewayError("upstream", "The upstream took the request and did not wait for its answer.");
  if (status === "failed") return new GatewayError("upstream", "The upstream says that its answer failed, and not why.");
  return status === "cancelled" ? new GatewayError("upstream", "The upstream says that its answer was cancelled.") : undefined;
}

/** Whether a response is still to come. */
export function isPending({ status }: JsonObject): boolean {
  return status === "queued" || status === "in_progress";
}
