/**
 * Responses over a WebSocket (A.3.2, rules 364, 365): `response.create` asks as a posted request does, and each event of
 * the answer is a text frame of its own. Limits and codes are those of OpenAI's guide to the mode.
 */
import { asObject, asString, tryParseJson, writeJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { GatewayError } from "../../../chat/error.ts";
import { filterHeaders } from "../../../wire/headers.ts";
import type { ClientAnswer, ClientRoute, SocketSide } from "../../protocol.ts";
import { failedEvent } from "./error-encode.ts";
import { readMessage } from "./socket-read.ts";

const PATH = "/v1/responses";
const ROUTE: ClientRoute = { operation: "generate", framing: "messages" };

/** What speaks of the handshake, or of a body that a handshake has not. */
const HANDSHAKE: ReadonlySet<string> = new Set(["connection", "upgrade", "accept", "content-type", "content-length"]);

/** The beta that a posted request knows nothing of (clients' notes, Codex). */
const SOCKET_BETA = "responses_websockets=";

/** What an error's frame tells of its body, not of the failure. */
const BODY_HEADERS: ReadonlySet<string> = new Set(["content-type", "content-length"]);

export const socket: SocketSide = {
  route: (pathname) => (pathname === PATH ? ROUTE : undefined),
  requestHeaders,
  read: readMessage,
  // What is no object is `[DONE]`, which only streams of bytes need.
  eventFrame: (data, lane) => (data.startsWith("{") ? inLane(data, lane) : undefined),
  errorFrame,
  failureEvent: failedEvent,
  // Codex gives up after 300 s without an event, pings or not; it passes over types it does not know, as the SDKs do.
  heartbeat: '{"type":"keepalive"}',
  tooManyLanes: (limit) =>
    new GatewayError(
      "invalid-request",
      `This WebSocket connection has reached its maximum number of distinct stream IDs (${limit}). Reuse an existing stream_id or open a new WebSocket connection.`,
      { code: "websocket_stream_limit_reached", field: "stream_id" },
    ),
  // Codex opens another connection on this code, and sends the request again.
  tooOld: (limitMs) =>
    new GatewayError(
      "invalid-request",
      `Responses websocket connection limit reached (${Math.round(limitMs / 60_000)} minutes). Create a new websocket connection to continue.`,
      { code: "websocket_connection_limit_reached" },
    ),
};

function requestHeaders(rawHeaders: readonly string[]): string[] {
  const kept = filterHeaders(rawHeaders, (name) => !HANDSHAKE.has(name) && !name.startsWith("sec-websocket-"));
  for (let i = kept.length - 2; i >= 0; i -= 2) {
    if (kept[i]?.toLowerCase() !== "openai-beta") continue;
    const betas = (kept[i + 1] ?? "").split(",").filter((beta) => !beta.trim().startsWith(SOCKET_BETA));
    if (betas.length === 0) kept.splice(i, 2);
    else kept[i + 1] = betas.join(",").trim();
  }
  return [...kept, "content-type", "application/json", "accept", "text/event-stream"];
}

/** An event, with the lane that it belongs to as its last member. */
function inLane(data: string, lane: string | undefined): string {
  if (lane === undefined) return data;
  const end = data.lastIndexOf("}");
  return end < 0 ? data : `${data.slice(0, end)},"stream_id":${JSON.stringify(lane)}}`;
}

/** The one shape of failure that Codex honours, its headers included (clients' notes, Codex). */
function errorFrame({ status, headers, body }: ClientAnswer, lane: string | undefined): string {
  const told = Object.entries(headers).filter(([name]) => !BODY_HEADERS.has(name.toLowerCase()));
  return writeJson({
    type: "error",
    status,
    error: errorOf(body),
    headers: Object.fromEntries(told),
    ...(lane !== undefined && { stream_id: lane }),
  });
}

/** An error body's error; an upstream of the same protocol may have said it in words of its own (rule 335). */
function errorOf(body: string): JsonObject {
  const parsed = asObject(tryParseJson(body));
  const error: JsonValue | undefined = parsed?.["error"] ?? parsed;
  const object = asObject(error);
  if (object) return object;
  return { message: asString(error) ?? body, type: "server_error", param: null, code: null };
}
