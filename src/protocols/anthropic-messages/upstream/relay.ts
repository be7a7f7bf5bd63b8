/** The relay lane: what of a request passes besides its body (rules 8, 9), and what a whole answer says of itself. */
import { GatewayError } from "../../../chat/error.ts";
import { asArray, asObject, type JsonObject } from "../../../chat/json.ts";
import type { Operation, WholeAnswer } from "../../protocol.ts";
import { withQuery } from "../../shared/relay-request.ts";
import { decodeErrorBody } from "./error-decode.ts";
import { stateOf } from "../state.ts";
import { decodeUsage } from "../usage.ts";

/** Path and query of a relayed request. `?beta=true` and the paging of lists pass; a key in the query never does (rule 432). */
export function relayPath(operation: Operation, model: string, _stream: boolean, query: URLSearchParams): string {
  return withQuery(pathOf(operation, model), query);
}

function pathOf(operation: Operation, model: string): string {
  switch (operation) {
    case "generate":
      return "/v1/messages";
    case "count-tokens":
      return "/v1/messages/count_tokens";
    case "list-models":
      return "/v1/models";
    case "get-model":
      return `/v1/models/${encodeURIComponent(model)}`;
  }
}

const RELAYED: ReadonlySet<string> = new Set(["accept", "accept-language", "content-type", "user-agent", "x-app", "x-client-request-id"]);
const RELAYED_FAMILIES = ["anthropic-", "x-stainless-", "x-claude-"];

/** The client's own headers that Anthropic may see: a list, so that no key, cookie or address slips through (rules 10, 432). */
export function relaysRequestHeader(name: string): boolean {
  return RELAYED.has(name) || RELAYED_FAMILIES.some((family) => name.startsWith(family));
}

/** What a whole answer says of itself (A.1.4, A.1.7). */
export function inspectWhole(body: JsonObject): WholeAnswer {
  if (body["type"] === "message") {
    const usage = asObject(body["usage"]);
    const minted = (asArray(body["content"]) ?? []).flatMap((block) => stateOf(asObject(block)) ?? []);
    return { ...(usage && { usage: decodeUsage(usage) }), minted };
  }
  if (body["error"] !== undefined) return { error: decodeErrorBody(body) };
  return { error: new GatewayError("upstream", "The upstream's answer is not a message.") };
}
