/** The admin API: who may ask, what there is to ask for, and what a failure looks like (resilience §6). */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createAdminAccess } from "../../access/admin.ts";
import { GatewayError, toGatewayError } from "../../chat/error.ts";
import { StorageError } from "../../storage/home.ts";
import { sendError } from "./answer.ts";
import type { AdminContext, Asked } from "./context.ts";
import { answerExplain } from "./explain.ts";
import { answerRequest, answerRequests, answerTraffic } from "./records.ts";
import { answerReset } from "./reset.ts";
import { answerStatus } from "./status.ts";

const ADMIN_PATH = "/admin";

/** Whether a path is the admin API's: all that stands below {@link ADMIN_PATH}. */
export function isAdminPath(path: string): boolean {
  return path === ADMIN_PATH || path.startsWith(`${ADMIN_PATH}/`);
}

/** Answers one request; does not reject. */
export type AdminListener = (request: IncomingMessage, response: ServerResponse, path: string, query: URLSearchParams) => Promise<void>;

interface Endpoint {
  readonly method: "GET" | "POST";
  /** Below {@link ADMIN_PATH}; `{id}` stands for one segment. */
  readonly path: string;
  answer(context: AdminContext, asked: Asked): void | Promise<void>;
}

const ENDPOINTS: readonly Endpoint[] = [
  { method: "GET", path: "/status", answer: answerStatus },
  { method: "GET", path: "/explain", answer: answerExplain },
  { method: "GET", path: "/requests", answer: answerRequests },
  { method: "GET", path: "/requests/{id}", answer: answerRequest },
  { method: "GET", path: "/traffic", answer: answerTraffic },
  { method: "POST", path: "/reset", answer: answerReset },
];

/** Serves what {@link isAdminPath} is true of. */
export function createAdminListener(context: AdminContext): AdminListener {
  const refuse = createAdminAccess(context.key);
  return async (request, response, path, query) => {
    try {
      const { headers, socket } = request;
      const refusal = refuse({ remoteAddress: socket.remoteAddress, headers }, context.current().keys);
      if (refusal) throw refusal;
      const { endpoint, id } = find(request.method ?? "GET", path);
      await endpoint.answer(context, { request, response, query, id });
    } catch (thrown) {
      const error = thrown instanceof StorageError ? new GatewayError("unavailable", thrown.message) : toGatewayError(thrown);
      if (error.kind === "internal") context.log.error({ method: request.method, path, err: error }, "admin request");
      else context.log.info({ method: request.method, path, err: error }, "refused");
      if (response.headersSent) return void response.destroy();
      // What was not read of the body would be taken for the next request.
      if (!request.complete) response.setHeader("connection", "close");
      sendError(response, error);
    }
  };
}

/** @throws GatewayError `not-found`, `method-not-allowed`. */
function find(method: string, path: string): { readonly endpoint: Endpoint; readonly id: string } {
  const below = path.slice(ADMIN_PATH.length);
  const here = ENDPOINTS.filter((endpoint) => idIn(endpoint.path, below) !== undefined);
  const endpoint = here.find((candidate) => candidate.method === method);
  if (endpoint) return { endpoint, id: idIn(endpoint.path, below) ?? "" };
  const [other] = here;
  if (other) {
    throw new GatewayError("method-not-allowed", `${method} is not allowed here; use ${other.method}.`, {
      headers: { allow: other.method },
    });
  }
  const served = ENDPOINTS.map(({ method, path }) => `${method} ${ADMIN_PATH}${path}`).join(", ");
  throw new GatewayError("not-found", `There is nothing at this path. The admin API serves ${served}.`);
}

/** What stands for `{id}`, empty where nothing does; `undefined`: it is another path. */
function idIn(pattern: string, path: string): string | undefined {
  if (!pattern.endsWith("{id}")) return pattern === path ? "" : undefined;
  const base = pattern.slice(0, -"{id}".length);
  const id = path.startsWith(base) ? path.slice(base.length) : "";
  return id === "" || id.includes("/") ? undefined : decoded(id);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
