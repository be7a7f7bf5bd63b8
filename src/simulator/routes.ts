/** Which protocol and operation a path is, and where its API key is. */
import type { IncomingHttpHeaders } from "node:http";
import { chat } from "./chat.ts";
import type { Call, Dialect, Operation } from "./dialect.ts";
import { gemini } from "./gemini.ts";
import { messages } from "./messages.ts";
import { responses } from "./responses.ts";

/** A request's place. `undefined` operation: no such path in this protocol. */
export interface Route {
  readonly dialect: Dialect;
  readonly operation: Operation | undefined;
  readonly model: string;
  readonly responseId: string;
  readonly framing: Call["framing"];
}

/** What is asked of a kept answer, by method and what follows its id. */
const OF_RESPONSES: Readonly<Record<string, Operation>> = {
  "GET ": "get-response",
  "DELETE ": "delete-response",
  "GET input_items": "list-input-items",
};

const GEMINI_METHODS: Readonly<Record<string, Operation>> = {
  generateContent: "generate",
  streamGenerateContent: "generate",
  countTokens: "count-tokens",
};

/** The route of a request. Paths that two protocols share are told apart by their headers (dossier A.4.1, clients' notes on `/v1/models`). */
export function routeOf(method: string, url: URL, headers: IncomingHttpHeaders): Route {
  const { pathname } = url;
  if (pathname === "/v1/messages") return onMessages(method === "POST" ? "generate" : undefined);
  if (pathname === "/v1/messages/count_tokens") return onMessages(method === "POST" ? "count-tokens" : undefined);
  if (pathname.endsWith("/chat/completions")) return onChat(method === "POST" ? "generate" : undefined);
  const ofResponses = /\/responses(?:\/([^/]+)(?:\/(\w+))?)?$/.exec(pathname);
  if (ofResponses !== null) return onResponses(method, decoded(ofResponses[1] ?? ""), ofResponses[2] ?? "");
  const onPath = /^\/(v1|v1beta|v1alpha)\/models(?:\/([^:]+)(?::(\w+))?)?$/.exec(pathname);
  if (onPath === null) return onOtherPath(method, url, headers);
  const model = decoded(onPath[2] ?? "");
  const verb = onPath[3];
  if (verb === undefined) {
    const operation = method !== "GET" ? undefined : model === "" ? "list-models" : "get-model";
    if (isGoogle(pathname, url, headers)) return onGemini(operation, model);
    return isAnthropic(headers) ? onMessages(operation, model) : onChat(operation, model);
  }
  const stream = verb === "streamGenerateContent";
  const framing = stream ? (url.searchParams.get("alt") === "sse" ? "sse" : "array") : undefined;
  return onGemini(method === "POST" ? GEMINI_METHODS[verb] : undefined, model, framing);
}

/** The API key, wherever one of the protocols has it. */
export function credentialOf(headers: IncomingHttpHeaders, url: URL): string | undefined {
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  const found = [headers["x-api-key"], bearer, headers["x-goog-api-key"], url.searchParams.get("key")];
  return found.find((key): key is string => typeof key === "string" && key !== "");
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function isGoogle(pathname: string, url: URL, headers: IncomingHttpHeaders): boolean {
  if ("anthropic-version" in headers) return false;
  return pathname.startsWith("/v1beta") || pathname.startsWith("/v1alpha") || "x-goog-api-key" in headers || url.searchParams.has("key");
}

function isAnthropic(headers: IncomingHttpHeaders): boolean {
  return "anthropic-version" in headers || "x-api-key" in headers;
}

/** Compatible servers have OpenAI's protocols, and their list of models, below paths of their own. */
function onOtherPath(method: string, url: URL, headers: IncomingHttpHeaders): Route {
  const models = /^\/.+\/models(?:\/([^/]+))?$/.exec(url.pathname);
  if (models !== null && method === "GET") return onChat(models[1] === undefined ? "list-models" : "get-model", decoded(models[1] ?? ""));
  return isGoogle(url.pathname, url, headers) ? onGemini(undefined) : onMessages(undefined);
}

function onResponses(method: string, id: string, member: string): Route {
  if (method === "POST" && (id === "" || id === "input_tokens"))
    return onDialect(responses, member !== "" ? undefined : id === "" ? "generate" : "count-tokens");
  return { ...onDialect(responses, id === "" ? undefined : OF_RESPONSES[`${method} ${member}`]), responseId: id };
}

function onChat(operation: Operation | undefined, model?: string): Route {
  return onDialect(chat, operation, model);
}

function onMessages(operation: Operation | undefined, model?: string): Route {
  return onDialect(messages, operation, model);
}

function onGemini(operation: Operation | undefined, model?: string, framing?: Call["framing"]): Route {
  return onDialect(gemini, operation, model, framing);
}

function onDialect(dialect: Dialect, operation: Operation | undefined, model = "", framing?: Call["framing"]): Route {
  return { dialect, operation, model, responseId: "", framing };
}
