/** What a client's text frame on a WebSocket asks for (A.3.2, last point). */
import { GatewayError } from "../../../chat/error.ts";
import { asObject, asString, tryParseJson, writeJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { scanObject, type Span } from "../../../wire/json-scan.ts";
import type { SocketMessage } from "../../protocol.ts";

/** Members of the frame that are not the request's, or that go without saying. */
const ENVELOPE: ReadonlySet<string> = new Set(["type", "stream_id", "stream", "background"]);

const LANE = /^[A-Za-z0-9_.-]{1,256}$/;

/** Reads one frame. Never throws. */
export function readMessage(frame: Buffer): SocketMessage {
  let members: ReadonlyMap<string, Span>;
  try {
    members = scanObject(frame);
  } catch (error) {
    const problem = error instanceof SyntaxError ? ` (${error.message})` : "";
    return refusal(`We could not parse the JSON of your event${problem}.`, { code: "invalid_json" });
  }
  const type = member(frame, members, "type");
  switch (type) {
    case "response.create":
      return readCreate(frame, members);
    case "response.steer":
      return { type: "reply", frames: [steerFailed(frame)] };
    // Codex's word that it has read an answer; nothing is said to that.
    case "response.processed":
      return { type: "reply", frames: [] };
    default: {
      const given = typeof type === "string" ? `'${type}'` : "none";
      return refusal(`Invalid event type: ${given}. Supported event types are: 'response.create'.`, {
        code: "invalid_value",
        field: "type",
      });
    }
  }
}

function readCreate(frame: Buffer, members: ReadonlyMap<string, Span>): SocketMessage {
  const lane = member(frame, members, "stream_id") ?? undefined;
  if (lane !== undefined && (typeof lane !== "string" || !LANE.test(lane))) {
    return refusal(
      "The 'stream_id' field must be a non-empty string with at most 256 characters and may only contain letters, numbers, underscores, hyphens, and periods.",
      { code: "invalid_stream_id", field: "stream_id" },
    );
  }
  const generate = member(frame, members, "generate") ?? true;
  if (typeof generate !== "boolean") {
    return refusal("Invalid type for 'generate': expected a boolean.", { code: "invalid_type", field: "generate" }, lane);
  }
  if (member(frame, members, "background") === true) {
    const message = "Unsupported parameter: 'background' is not supported over a WebSocket.";
    return refusal(message, { code: "unsupported_parameter", field: "background" }, lane);
  }
  const dropped = generate ? new Set([...ENVELOPE, "generate"]) : ENVELOPE;
  return { type: "request", ...(lane !== undefined && { lane }), body: requestBody(frame, members, dropped) };
}

/** The body that would be posted: the frame's own bytes, value by value, but for its envelope. */
function requestBody(frame: Buffer, members: ReadonlyMap<string, Span>, dropped: ReadonlySet<string>): Buffer {
  const pieces: Buffer[] = [Buffer.from('{"stream":true')];
  for (const [name, { start, end }] of members) {
    if (!dropped.has(name)) pieces.push(Buffer.from(`,${JSON.stringify(name)}:`), frame.subarray(start, end));
  }
  pieces.push(Buffer.from("}"));
  return Buffer.concat(pieces);
}

/** A running answer takes no more input, and its client gets back what it wanted to add, to send it in a request of its own. */
function steerFailed(frame: Buffer): string {
  const { input, previous_response_id } = asObject(tryParseJson(frame.toString("utf8"))) ?? {};
  const steer: JsonObject = { ...(input !== undefined && { input }), previous_response_id: asString(previous_response_id) ?? "" };
  return writeJson({
    type: "response.steer.failed",
    sequence_number: 0,
    error: {
      type: "invalid_request_error",
      code: "steering_not_supported",
      message: "Steering is not supported here; send the input in the next 'response.create'.",
    },
    steer,
  });
}

/** A scalar member's value; lists and objects, which none of these may be, as empty ones. */
function member(frame: Buffer, members: ReadonlyMap<string, Span>, name: string): JsonValue | undefined {
  const span = members.get(name);
  if (!span) return undefined;
  if (frame[span.start] === 0x7b || frame[span.start] === 0x5b) return [];
  return tryParseJson(frame.toString("utf8", span.start, span.end));
}

function refusal(message: string, detail: { readonly code: string; readonly field?: string }, lane?: string): SocketMessage {
  return { type: "refusal", error: new GatewayError("invalid-request", message, detail), ...(lane !== undefined && { lane }) };
}
