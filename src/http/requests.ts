/** Every request enters here: probes, then who calls, then which protocol's route it is, then the body. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { allowsModel, type KeyRing } from "../access/keys.ts";
import { refuseWithoutKeys } from "../access/origin.ts";
import { modelFacts } from "../catalog/models.ts";
import { GatewayError, toGatewayError } from "../chat/error.ts";
import { writeJson, type JsonObject } from "../chat/json.ts";
import type { Answer } from "../pipeline/answer.ts";
import { handle, type Caller, type HandleContext } from "../pipeline/handle.ts";
import { refuseLoops } from "../pipeline/hops.ts";
import { serveStored, type StoredCall } from "../pipeline/stored-operations.ts";
import type { ClientRoute, ClientSide, ModelEntry } from "../protocols/protocol.ts";
import type { StoredRoute } from "../protocols/stateful.ts";
import type { Shutdown } from "../pipeline/shutdown.ts";
import { isAdminPath, type AdminListener } from "./admin/listener.ts";
import { readBody } from "./body.ts";
import { HttpAnswer } from "./http-answer.ts";
import type { RequestListener } from "./server.ts";

/** How much there may be of WebSockets. */
export interface WebSocketLimits {
  /** Connections at once. */
  readonly maxConnections: number;
  /** How long one may be open, in ms; an answer under way is finished. */
  readonly maxAgeMs: number;
}

/** What serving needs from the program. */
export interface RequestsContext {
  readonly handling: HandleContext;
  /** In the order in which a path is offered to them; the last is the dialect of errors nobody claims. */
  readonly clients: readonly [ClientSide, ...ClientSide[]];
  /** Absent: only loopback callers, and no key. */
  readonly keys: KeyRing | undefined;
  readonly maxBodyBytes: number;
  /** Absent: no connection becomes a WebSocket. */
  readonly webSockets?: WebSocketLimits;
  /** Absent: there is no admin API. */
  readonly admin?: AdminListener;
  /** Why no request can be served now; `undefined` when some can. */
  notReady(): string | undefined;
}

const KEYLESS: Caller = { mayUse: () => true };

export function newRequestId(): string {
  return `req_${randomUUID().replaceAll("-", "")}`;
}

/** @param current what serves a request that begins now; it serves that request to its end. */
export function createRequestListener(current: () => RequestsContext): RequestListener {
  return async (request, response, shutdown) => {
    const context = current();
    const requestId = newRequestId();
    const { pathname, query } = readTarget(request.url ?? "/");
    if (context.admin && isAdminPath(pathname)) return context.admin(request, response, pathname, query);
    if (probe(context, request, response, pathname)) return;
    const claim = claimRoute(context.clients, request, pathname, query);
    const answer = new HttpAnswer(response, claim.client, asksModel(claim.route) ? claim.route : undefined, requestId);
    try {
      refuseLoops(request.headers, context.handling.instanceId);
      const caller = identify(context, request, query);
      if (claim.route === undefined) throw claim.refusal;
      // The gateway's own key is consumed here and goes no further (rule 432).
      query.delete("key");
      await serve(context, request, claim.client, claim.route, query, caller, answer, shutdown);
    } catch (thrown) {
      const error = toGatewayError(thrown);
      if (error.kind === "internal") context.handling.log.error({ requestId, err: error }, "request");
      else context.handling.log.info({ requestId, method: request.method, path: pathname, err: error }, "refused");
      // What was not read of the body would be taken for the next request.
      if (!request.complete) response.setHeader("connection", "close");
      answer.fail(error);
    }
  };
}

async function serve(
  context: RequestsContext,
  request: IncomingMessage,
  client: ClientSide,
  route: ClientRoute | StoredRoute,
  query: URLSearchParams,
  caller: Caller,
  answer: Answer,
  shutdown: Shutdown,
): Promise<void> {
  const { router } = context.handling;
  if (!asksModel(route)) {
    const question = { query, body: await readBody(request, context.maxBodyBytes) };
    const asked = { operation: route.stored, question, headers: request.headers, caller: caller.name ?? "", shutdown };
    return sendJson(answer, await answerStored(context.handling, client, asked));
  }
  switch (route.operation) {
    case "list-models": {
      const models = router.listModels().filter((id) => caller.mayUse(id));
      const entries = models.map((id) => modelEntry(context.handling, id));
      return sendJson(answer, client.encodeModelList(entries, query));
    }
    case "get-model": {
      const id = route.model ?? "";
      if (!caller.mayUse(id)) throw new GatewayError("permission", `This key may not use the model ${id}.`, { field: "model" });
      return sendJson(answer, client.encodeModel(modelEntry(context.handling, id)));
    }
    case "generate":
    case "count-tokens": {
      const body = await readBody(request, context.maxBodyBytes);
      const call = { client, request: { route, query, headers: request.headers, body }, rawHeaders: request.rawHeaders, caller };
      return handle(context.handling, call, answer, shutdown);
    }
  }
}

/** What a client is told of what it has left here. */
function answerStored(
  handling: HandleContext,
  { id, stateful }: ClientSide,
  asked: Omit<StoredCall, "side" | "upstream">,
): Promise<JsonObject> {
  const upstream = handling.protocols.get(id)?.upstream;
  if (!stateful || !upstream) throw new GatewayError("internal", `Clients of ${id} leave nothing here.`);
  return serveStored(handling, { ...asked, side: stateful, upstream });
}

/**
 * What is known of a model; a name that leads to several of them has no limits of its own.
 * @throws GatewayError `model-not-found`.
 */
function modelEntry(handling: HandleContext, id: string): ModelEntry {
  const targets = handling.router.resolve(id).steps.flatMap((step) => step.targets);
  const [target] = targets;
  if (!target || targets.length > 1) return { id };
  const { provider, model, protocol } = target;
  const { contextWindow } = modelFacts(provider.platform, model);
  const { maxOutputTokens } = handling.profileFor({ platform: provider.platform, model, protocol });
  return {
    id,
    ...(contextWindow !== undefined && { maxInputTokens: contextWindow }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
  };
}

function sendJson(answer: Answer, value: JsonObject): void {
  answer.whole({ status: 200, headers: ["content-type", "application/json", "request-id", answer.requestId] }, writeJson(value));
}

/** @throws GatewayError when it is nobody who may call. */
export function identify({ keys }: RequestsContext, request: IncomingMessage, query: URLSearchParams): Caller {
  if (!keys) {
    const refusal = refuseWithoutKeys({ remoteAddress: request.socket.remoteAddress, headers: request.headers });
    if (refusal) throw refusal;
    return KEYLESS;
  }
  const key = keys.identify(request.headers, query);
  if (key instanceof GatewayError) throw key;
  return { name: key.name, ...(key.loss && { loss: key.loss }), mayUse: (model) => allowsModel(key, model) };
}

/** For whoever has put one path segment too many or too few into a base URL, or speaks another protocol. */
const SERVED =
  "Dragoman serves POST /v1/messages, /v1/messages/count_tokens, /v1/responses, /v1/responses/input_tokens, /v1/chat/completions and /v1beta/models/{model}:generateContent, :streamGenerateContent, :countTokens; GET /v1/models and /v1beta/models. Anthropic's and Google's clients want its address without a path, OpenAI's with /v1.";

/** Whether a route leads to models, not to what is kept. */
function asksModel(route: ClientRoute | StoredRoute | undefined): route is ClientRoute {
  return route !== undefined && "operation" in route;
}

type Claim =
  | { readonly client: ClientSide; readonly route: ClientRoute | StoredRoute }
  | { readonly client: ClientSide; readonly route?: undefined; readonly refusal: GatewayError };

/** Whose route a request is for; where it is nobody's, in whose words it is refused. */
export function claimRoute(
  clients: RequestsContext["clients"],
  { method = "GET", headers }: IncomingMessage,
  pathname: string,
  query: URLSearchParams,
): Claim {
  const offered = clients.map((client) => ({ client, route: client.route(method, pathname, query) }));
  const speaks = ({ client }: { readonly client: ClientSide }): boolean => client.speaks(headers, query);
  const served = offered.filter(({ route }) => route && !("allow" in route));
  // A path that is another protocol's under another method is nothing to whoever speaks this one (rule 380).
  const speaking = served.length > 0 ? [] : offered.filter(speaks);
  const claimed = offered.filter(({ route }) => route);
  const candidates = [served, speaking, claimed, offered].find(({ length }) => length > 0) ?? offered;
  // The last is whoever says nothing about itself: OpenAI's clients send no header of their own.
  const fluent = candidates.filter(speaks);
  const { client, route } = (fluent.find(({ route }) => route) ?? fluent[0] ?? candidates.at(-1)) as (typeof offered)[0];
  if (!route) {
    const meant = meantPath(clients, method, pathname, query);
    const hint = meant === undefined ? "" : ` Did you mean ${meant}?`;
    return { client, refusal: new GatewayError("not-found", `There is nothing at this path.${hint} ${SERVED}`) };
  }
  if (!("allow" in route)) return { client, route };
  return {
    client,
    refusal: new GatewayError("method-not-allowed", `${method} is not allowed here; use ${route.allow}.`, {
      headers: { allow: route.allow },
    }),
  };
}

/** Deeper paths than any mistake makes. */
const MAX_SEGMENTS = 8;

/** The path that is served among those that differ by what base URLs have too much of, or too little. */
function meantPath(clients: RequestsContext["clients"], method: string, pathname: string, query: URLSearchParams): string | undefined {
  const segments = pathname.split("/").filter((segment) => segment !== "");
  if (segments.length > MAX_SEGMENTS) return undefined;
  const ends = segments.map((_, i) => `/${segments.slice(i).join("/")}`);
  return ends
    .flatMap((end) => [end, `/v1${end}`, `/v1beta${end}`])
    .find((path) =>
      clients.some((client) => {
        const route = client.route(method, path, query);
        return route && "operation" in route && route.operation !== "get-model";
      }),
    );
}

/** Liveness, readiness, and the bare `/` that clients look at before they begin (older Claude Codes send `HEAD /`). */
function probe(context: RequestsContext, request: IncomingMessage, response: ServerResponse, pathname: string): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  const send = (status: number, body: JsonObject): true => {
    const text = writeJson(body);
    response.writeHead(status, ["content-type", "application/json", "content-length", String(Buffer.byteLength(text))]);
    response.end(request.method === "HEAD" ? undefined : text);
    return true;
  };
  switch (pathname) {
    case "/healthz":
      return send(200, { status: "ok" });
    case "/readyz": {
      const reason = context.notReady();
      return reason === undefined ? send(200, { status: "ready" }) : send(503, { status: "not ready", reason });
    }
    case "/":
      return send(200, { name: "dragoman" });
    default:
      return false;
  }
}

/** Path and query; servers must take a whole URL too (RFC 9112 §3.2.2). */
export function readTarget(target: string): { pathname: string; query: URLSearchParams } {
  const url = target.replace(/^https?:\/\/[^/?]*/i, "") || "/";
  const mark = url.indexOf("?");
  return mark < 0
    ? { pathname: url, query: new URLSearchParams() }
    : { pathname: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}
