/** Routes, and what routing needs of a request (dossier A.4.1; rules 375, 379, 380, 423). The model stands in the path. */
import { scanObject } from "../../../wire/json-scan.ts";
import type { ClientRequest, ClientRoute, RequestPeek, WrongMethod } from "../../protocol.ts";
import { headerSession } from "../../shared/session.ts";
import { refuse } from "../fields.ts";

/** Vertex's version too: its clients look up under it what was listed as `models/…`. */
const VERSION = "/v1(?:alpha|beta1?)?";
/** Vertex: below a project and location, or without them for callers with an API key. */
const VERTEX = "/v1(?:beta1)?/(?:projects/[^/]+/locations/[^/]+/)?publishers/[^/]+";
const METHOD_PATH = new RegExp(`^(?:${VERSION}|${VERTEX})/((?:models|tunedModels)/.*):([A-Za-z]+)$`);
const MODEL_PATH = new RegExp(`^(?:${VERSION}|${VERTEX})/((?:models|tunedModels)/.+)$`);
const LIST_PATH = new RegExp(`^(?:${VERSION}|${VERTEX})/models/?$`);

/** Which of the protocol's routes a request is for. Methods beside the three are nobody's (rule 380). */
export function route(method: string, pathname: string, query: URLSearchParams): ClientRoute | WrongMethod | undefined {
  const path = decoded(pathname);
  const [, resource, action] = METHOD_PATH.exec(path) ?? [];
  const call = resource === undefined ? undefined : callRoute(action as string, modelName(resource), query);
  if (call) return method === "POST" ? call : { allow: "POST" };
  const model = MODEL_PATH.exec(path)?.[1];
  // Some names have a colon of their own.
  if (model !== undefined && method === "GET") return { operation: "get-model", model: modelName(model) };
  // Whoever posts here left out what is to be done: no method would help.
  if (model !== undefined) return resource === undefined && method !== "POST" ? { allow: "GET" } : undefined;
  if (LIST_PATH.test(path)) return method === "GET" ? { operation: "list-models" } : { allow: "GET" };
  return undefined;
}

function callRoute(method: string, model: string, query: URLSearchParams): ClientRoute | undefined {
  switch (method) {
    case "generateContent":
      return { operation: "generate", model, stream: false };
    case "streamGenerateContent":
      return { operation: "generate", model, stream: true, framing: query.get("alt") === "sse" ? "sse" : "json-array" };
    case "countTokens":
      return { operation: "count-tokens", model };
    default:
      return undefined;
  }
}

/** The name alone; some clients put `models/` before a name that has it already. */
function modelName(resource: string): string {
  return resource.replace(/^(?:models\/)+/, "");
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

/** Whether headers and query are such as only Google's clients send. */
export function speaks(headers: ClientRequest["headers"], query: URLSearchParams): boolean {
  return "x-goog-api-key" in headers || "x-goog-api-client" in headers || query.has("key");
}

/** How an answer can be written; absent: as JSON. */
const FORMATS: ReadonlySet<string> = new Set(["", "json", "sse"]);

/** Names are kept and told in headers, so they have a limit. */
const MAX_MODEL_CHARS = 256;

/** @throws GatewayError `invalid-request`. */
export function peek({ route: { model = "", stream = false }, query, headers, body }: ClientRequest): RequestPeek {
  const alt = query.get("alt") ?? "";
  if (!FORMATS.has(alt)) refuse("alt", `Invalid value for the query parameter 'alt': '${alt}'. Supported values are 'json' and 'sse'.`);
  if (model === "") refuse("model", "The path names no model: it must be …/models/{model}:generateContent or another method.");
  if (model.length > MAX_MODEL_CHARS) refuse("model", `The name of a model has at most ${MAX_MODEL_CHARS} characters.`);
  if (body.length === 0) refuse("", "The request has no body; send a JSON object.");
  try {
    const members = scanObject(body);
    const session = headerSession(headers);
    return { model, stream, members, ...(session !== undefined && { session }) };
  } catch (error) {
    const problem = error instanceof SyntaxError ? ` (${error.message})` : "";
    return refuse("", `Invalid JSON payload received. The request body is not valid JSON${problem}.`);
  }
}
