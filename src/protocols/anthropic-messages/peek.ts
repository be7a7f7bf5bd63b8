/** Routes, and what routing needs of a request, read from its bytes without parsing them (rules 1, 444). */
import { scanMembers, type Span } from "../../wire/json-scan.ts";
import { memberValue, peekBody, scanned, type PeekRefusals } from "../shared/body-peek.ts";
import type { ClientRequest, ClientRoute, RequestPeek, WrongMethod } from "../protocol.ts";
import { refuse } from "./fields.ts";

/** Which of the protocol's routes a request is for (A.1.1). */
export function route(method: string, pathname: string): ClientRoute | WrongMethod | undefined {
  const model = /^\/v1\/models\/(.+)$/.exec(pathname)?.[1];
  if (model !== undefined) return method === "GET" ? { operation: "get-model", model: decoded(model) } : { allow: "GET" };
  const known = ROUTES[pathname];
  return known && (known.method === method ? known.route : { allow: known.method });
}

const ROUTES: Readonly<Record<string, { readonly method: string; readonly route: ClientRoute }>> = {
  "/v1/messages": { method: "POST", route: { operation: "generate" } },
  "/v1/messages/count_tokens": { method: "POST", route: { operation: "count-tokens" } },
  "/v1/models": { method: "GET", route: { operation: "list-models" } },
};

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** @throws GatewayError `invalid-request`, naming the field. */
export function peek(request: ClientRequest): RequestPeek {
  const found = peekBody(request, REFUSALS);
  const session = found.session ?? metadataSession(request.body, found.members.get("metadata"));
  return { ...found, ...(session !== undefined && { session }) };
}

/** Refusals in Anthropic's words. */
export const REFUSALS: PeekRefusals = {
  noBody: () => refuse("", "The request has no body; send a JSON object."),
  notJson: (problem, field) => refuse(field, `The request body is not valid JSON${problem}.`),
  modelMissing: () => refuse("model", "Field required"),
  modelNotString: () => refuse("model", "Input should be a valid string"),
  modelEmpty: () => refuse("model", "String should have at least 1 character"),
  modelTooLong: (maxChars) => refuse("model", `String should have at most ${maxChars} characters`),
  streamNotBoolean: () => refuse("stream", "Input should be a valid boolean"),
  lookalike: (field, key) => refuse(field, `"${key}" may be mistaken for this field`),
};

/** Claude Code puts JSON with a `session_id` into `metadata.user_id`; its older versions a name that ends with `_session_<id>`. */
function metadataSession(body: Buffer, span: Span | undefined): string | undefined {
  if (!span || body[span.start] !== 0x7b) return undefined;
  const metadata = scanned(() => scanMembers(body, span), REFUSALS);
  const userId = memberValue(body, metadata.get("user_id"), "metadata.user_id", REFUSALS);
  if (typeof userId !== "string") return undefined;
  const named = /_session_([\w-]+)$/.exec(userId)?.[1];
  if (named !== undefined || !userId.startsWith("{")) return named;
  try {
    const session = (JSON.parse(userId) as { session_id?: unknown }).session_id;
    return typeof session === "string" && session !== "" ? session : undefined;
  } catch {
    return undefined;
  }
}
