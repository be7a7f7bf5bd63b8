/** What routing needs of a request in one of OpenAI's protocols, read from its bytes without parsing them (rules 1, 444). */
import { parseJson, type JsonObject, type JsonValue } from "../../chat/json.ts";
import type { ClientRequest, RequestPeek } from "../protocol.ts";
import { memberValue, peekBody, type PeekRefusals } from "./body-peek.ts";
import { objectAt, refuse, refuseMissing, refuseType } from "./openai-fields.ts";

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

/** A whole body. @throws GatewayError `invalid-request` when the bytes are not one JSON object. */
export function parseBody(bytes: Buffer): JsonObject {
  let value: JsonValue;
  try {
    value = parseJson(bytes.toString("utf8"));
  } catch {
    return REFUSALS.notJson("", "");
  }
  return objectAt(value, "");
}
