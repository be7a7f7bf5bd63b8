/** Routes, and what routing needs of a request, read from its bytes without parsing them (rules 1, 444). */
import { scanMembers, scanObject, type Span } from "../../wire/json-scan.ts";
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
  if (request.body.length === 0) return refuse("", "The request has no body; send a JSON object.");
  const members = scanned(() => scanObject(request.body));
  refuseLookalikes(members);
  const model = valueOf(request.body, members.get("model"), "model");
  if (model === undefined || model === null) return refuse("model", "Field required");
  if (typeof model !== "string") return refuse("model", "Input should be a valid string");
  if (model === "") return refuse("model", "String should have at least 1 character");
  if (model.length > MAX_MODEL_CHARS) return refuse("model", `String should have at most ${MAX_MODEL_CHARS} characters`);
  const stream = valueOf(request.body, members.get("stream"), "stream") ?? false;
  if (typeof stream !== "boolean") return refuse("stream", "Input should be a valid boolean");
  const session = headerSession(request) ?? metadataSession(request.body, members.get("metadata"));
  return { model, stream, members, ...(session !== undefined && { session }) };
}

/** Names are kept and told in headers, so they have a limit; Anthropic's own is the same. */
const MAX_MODEL_CHARS = 256;

/** A field that decides where a request goes must stand once: an upstream may read the other one (`Model`, say). */
function refuseLookalikes(members: ReadonlyMap<string, Span>): void {
  for (const key of members.keys()) {
    const field = key.toLowerCase();
    if (field !== key && (field === "model" || field === "stream")) refuse(field, `"${key}" may be mistaken for this field`);
  }
}

/** What a look into the body finds. @throws GatewayError `invalid-request` when it is not JSON. */
export function scanned<T>(scan: () => T): T {
  try {
    return scan();
  } catch (error) {
    const problem = error instanceof SyntaxError ? ` (${error.message})` : "";
    return refuse("", `The request body is not valid JSON${problem}.`);
  }
}

function valueOf(body: Buffer, span: Span | undefined, field: string): unknown {
  if (!span) return undefined;
  // A value that holds others is of the wrong type whatever it holds.
  if (body[span.start] === 0x7b || body[span.start] === 0x5b) return {};
  try {
    return JSON.parse(body.toString("utf8", span.start, span.end)) as unknown;
  } catch {
    return refuse(field, "The request body is not valid JSON.");
  }
}

/** Headers that name a conversation, in order of trust; the agent's id tells Claude Code's sub-agents apart (rules 415, 444). */
const SESSION_HEADERS = ["x-claude-code-session-id", "x-session-affinity", "x-session-id", "session_id", "session-id"];

function headerSession(request: ClientRequest): string | undefined {
  for (const name of SESSION_HEADERS) {
    const session = header(request, name);
    if (session === undefined) continue;
    const agent = name === "x-claude-code-session-id" ? header(request, "x-claude-code-agent-id") : undefined;
    return agent === undefined ? session : `${session}/${agent}`;
  }
  return undefined;
}

function header(request: ClientRequest, name: string): string | undefined {
  const value = request.headers[name];
  const first = typeof value === "string" ? value : value?.[0];
  return first === "" ? undefined : first;
}

/** Claude Code puts JSON with a `session_id` into `metadata.user_id`; its older versions a name that ends with `_session_<id>`. */
function metadataSession(body: Buffer, span: Span | undefined): string | undefined {
  if (!span || body[span.start] !== 0x7b) return undefined;
  const userId = valueOf(body, scanned(() => scanMembers(body, span)).get("user_id"), "metadata.user_id");
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
