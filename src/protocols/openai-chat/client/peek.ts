/** Routes, and what routing needs of a request, read from its bytes without parsing them (rules 1, 444). */
import { memberValue, peekBody, type PeekRefusals } from "../../shared/body-peek.ts";
import type { ClientRequest, ClientRoute, RequestPeek, WrongMethod } from "../../protocol.ts";
import { refuse, refuseMissing, refuseType } from "./fields.ts";

/** Which of the protocol's routes a request is for (A.2.4). */
export function route(method: string, pathname: string): ClientRoute | WrongMethod | undefined {
  const model = /^\/v1\/models\/(.+)$/.exec(pathname)?.[1];
  if (model !== undefined) return method === "GET" ? { operation: "get-model", model: decoded(model) } : { allow: "GET" };
  const known = ROUTES.get(pathname);
  return known && (known.method === method ? known.route : { allow: known.method });
}

const ROUTES: ReadonlyMap<string, { readonly method: string; readonly route: ClientRoute }> = new Map([
  ["/v1/chat/completions", { method: "POST", route: { operation: "generate" } }],
  ["/v1/models", { method: "GET", route: { operation: "list-models" } }],
]);

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** OpenAI's own SDKs name themselves; most clients of this protocol say nothing, so they are known by saying nothing. */
export function speaks(headers: ClientRequest["headers"]): boolean {
  const agent = headers["user-agent"];
  return "openai-organization" in headers || "openai-project" in headers || (typeof agent === "string" && /OpenAI\//.test(agent));
}

/** @throws GatewayError `invalid-request`, naming the field. */
export function peek(request: ClientRequest): RequestPeek {
  const found = peekBody(request, REFUSALS);
  if (found.session !== undefined) return found;
  const key = memberValue(request.body, found.members.get("prompt_cache_key"), "prompt_cache_key", REFUSALS);
  return typeof key === "string" && key !== "" ? { ...found, session: key } : found;
}

const NOT_JSON = "We could not parse the JSON body of your request. The API expects a JSON payload, but what was sent was not valid JSON";

/** Refusals in OpenAI's words. */
export const REFUSALS: PeekRefusals = {
  noBody: () => refuse("", "We could not parse the JSON body of your request: it has no body. The API expects a JSON payload."),
  notJson: (problem, field) => refuse(field, `${NOT_JSON}${problem}.`),
  modelMissing: () => refuse("model", "you must provide a model parameter", "missing_required_parameter"),
  modelNotString: (given) => refuseType("model", "a string", given),
  modelEmpty: () => refuseMissing("model"),
  modelTooLong: (maxChars) =>
    refuse("model", `Invalid 'model': string too long. Expected a string with maximum length ${maxChars}.`, "string_above_max_length"),
  streamNotBoolean: (given) => refuseType("stream", "a boolean", given),
  lookalike: (field, key) => refuse(field, `Unknown parameter: '${key}', which may be mistaken for '${field}'.`, "unknown_parameter"),
};
