/** The relay lane: what of a request passes besides its body, and what a whole answer says of itself (rules 322, 432). */
import { GatewayError } from "../../../chat/error.ts";
import { asArray, asObject, type JsonObject } from "../../../chat/json.ts";
import type { Operation, WholeAnswer } from "../../protocol.ts";
import { decodeErrorBody, saysError } from "../../shared/openai-errors.ts";
import { withQuery } from "../../shared/relay-request.ts";
import { failureOf, isPending, isResponse } from "./finish-decode.ts";
import { mintedIn } from "./minted.ts";
import { decodeUsage } from "./usage-decode.ts";

/** Path and query of a relayed request below a base URL that ends with the version. */
export function relayPath(operation: Operation, model: string, _stream: boolean, query: URLSearchParams): string {
  return withQuery(pathOf(operation, model), query);
}

function pathOf(operation: Operation, model: string): string {
  switch (operation) {
    case "generate":
      return "/responses";
    case "count-tokens":
      return "/responses/input_tokens";
    case "list-models":
      return "/models";
    case "get-model":
      return `/models/${encodeURIComponent(model)}`;
  }
}

/** Path of an answer that the provider keeps. */
export function answerPath(id: string): string {
  return `/responses/${encodeURIComponent(id)}`;
}

/** What a whole answer says of itself. One that is still to come is what its caller asked for (recordings, oddity 36). */
export function inspectWhole(body: JsonObject): WholeAnswer {
  if (!isResponse(body)) {
    if (saysError(body)) return { error: decodeErrorBody(body) };
    return { error: new GatewayError("upstream", "The upstream's answer is no response.") };
  }
  const error = isPending(body) ? undefined : failureOf(body);
  if (error) return { error };
  const usage = decodeUsage(asObject(body["usage"]) ?? {});
  return { ...(usage && { usage }), minted: (asArray(body["output"]) ?? []).flatMap((item) => mintedIn(asObject(item) ?? {})) };
}
