import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../chat/json.ts";
import { socket } from "./socket.ts";

const read = (frame: unknown) => socket.read(Buffer.from(typeof frame === "string" ? frame : JSON.stringify(frame)));

/** The body of a frame that asks for an answer. */
function bodyOf(frame: unknown): string {
  const message = read(frame);
  if (message.type !== "request") throw new Error(`no request: ${JSON.stringify(message)}`);
  return message.body.toString();
}

const create = (more: JsonObject = {}): JsonObject => ({ type: "response.create", model: "gpt-5.5", input: "hi", ...more });

describe("response.create", () => {
  test("is the request that would be posted for a stream", () => {
    expect(JSON.parse(bodyOf(create({ store: false })))).toEqual({ stream: true, model: "gpt-5.5", input: "hi", store: false });
  });

  test("rule 1: every value keeps its bytes", () => {
    const frame =
      '{ "model" : "gpt-5.5", "type":"response.create","input":[ {"n": 1.0, "big": 12345678901234567890} ] , "a\\"b": "\\u00e9"}';
    expect(bodyOf(frame)).toBe('{"stream":true,"model":"gpt-5.5","input":[ {"n": 1.0, "big": 12345678901234567890} ],"a\\"b":"\\u00e9"}');
  });

  test.each([true, false, null])("streams, whatever it says of that: %s", (stream) => {
    expect(JSON.parse(bodyOf(create({ stream, background: false, generate: true })))).toEqual({
      stream: true,
      model: "gpt-5.5",
      input: "hi",
    });
  });

  test("rule 365: one that wants no answer yet keeps saying so", () => {
    expect(JSON.parse(bodyOf(create({ generate: false })))).toMatchObject({ generate: false });
  });

  test("goes into the lane it names", () => {
    expect(read(create())).not.toHaveProperty("lane");
    expect(read(create({ stream_id: null }))).not.toHaveProperty("lane");
    const named = read(create({ stream_id: "agent_1.a-B" }));
    expect(named).toMatchObject({ type: "request", lane: "agent_1.a-B" });
    expect(bodyOf(create({ stream_id: "a" }))).not.toContain("stream_id");
  });

  test.each([
    [create({ stream_id: "" }), "invalid_stream_id", undefined],
    [create({ stream_id: "a b" }), "invalid_stream_id", undefined],
    [create({ stream_id: 7 }), "invalid_stream_id", undefined],
    [create({ stream_id: ["a"] }), "invalid_stream_id", undefined],
    [create({ stream_id: "x".repeat(257) }), "invalid_stream_id", undefined],
    [create({ stream_id: "a", background: true }), "unsupported_parameter", "a"],
    [create({ stream_id: "a", generate: "no" }), "invalid_type", "a"],
  ])("is refused where it cannot be meant: %j", (frame, code, lane) => {
    const message = read(frame);
    expect(message).toMatchObject({ type: "refusal", error: { kind: "invalid-request", detail: { code } } });
    expect("lane" in message ? message.lane : undefined).toBe(lane);
  });
});

describe("other messages", () => {
  test.each(["", "hello", "[]", "null", '{"type":"response.create"', '{"type":"response.create","model":"a","model":"b"}'])(
    "what is not one JSON object is refused: %j",
    (frame) => {
      expect(read(frame)).toMatchObject({ type: "refusal", error: { detail: { code: "invalid_json" } } });
    },
  );

  test.each([{}, { type: null }, { type: ["response.create"] }, { type: "response.delete" }, { type: "session.update", session: {} }])(
    "of no known type are refused: %j",
    (frame) => {
      expect(read(frame)).toMatchObject({ type: "refusal", error: { kind: "invalid-request", detail: { field: "type" } } });
    },
  );

  test("steering gives the input back in the protocol's own event", () => {
    const input = [{ type: "message", role: "user", content: "also this" }];
    const message = read({ type: "response.steer", previous_response_id: "resp_1", input });
    if (message.type !== "reply") throw new Error("no reply");
    expect(message.frames.map((frame) => JSON.parse(frame) as unknown)).toEqual([
      {
        type: "response.steer.failed",
        sequence_number: 0,
        error: { type: "invalid_request_error", code: "steering_not_supported", message: expect.stringContaining("response.create") },
        steer: { input, previous_response_id: "resp_1" },
      },
    ]);
  });

  test("an acknowledgement needs no answer", () => {
    expect(read({ type: "response.processed", response_id: "resp_1" })).toEqual({ type: "reply", frames: [] });
  });
});

describe("frames", () => {
  test("an event is a frame as it stands, and tells its lane", () => {
    const data = '{"type":"response.output_text.delta","delta":"}"}';
    expect(socket.eventFrame(data, undefined)).toBe(data);
    expect(JSON.parse(socket.eventFrame(`${data}\n`, "a") ?? "")).toEqual({
      type: "response.output_text.delta",
      delta: "}",
      stream_id: "a",
    });
  });

  test("the mark of a stream's end is none", () => {
    expect(socket.eventFrame("[DONE]", undefined)).toBeUndefined();
  });

  test("a failure tells status, error and headers, in one frame that Codex honours", () => {
    const body = JSON.stringify({ error: { message: "slow down", type: "requests", param: null, code: "rate_limit_exceeded" } });
    const headers = { "content-type": "application/json", "retry-after": "2", "x-request-id": "req_1" };
    expect(JSON.parse(socket.errorFrame({ status: 429, headers, body }, undefined))).toEqual({
      type: "error",
      status: 429,
      error: { message: "slow down", type: "requests", param: null, code: "rate_limit_exceeded" },
      headers: { "retry-after": "2", "x-request-id": "req_1" },
    });
    expect(JSON.parse(socket.errorFrame({ status: 429, headers, body }, "a"))).toMatchObject({ stream_id: "a" });
  });

  test.each([
    ["<html>bad gateway</html>", { message: "<html>bad gateway</html>", type: "server_error" }],
    ['{"error":"no such thing"}', { message: "no such thing", type: "server_error" }],
    ['{"detail":"unsupported"}', { detail: "unsupported" }],
  ])("an error in another form keeps its words: %s", (body, error) => {
    expect(JSON.parse(socket.errorFrame({ status: 502, headers: {}, body }, undefined))).toMatchObject({ error });
  });
});

test("limits are told by the codes that clients act on", () => {
  expect(socket.tooManyLanes(32)).toMatchObject({ detail: { code: "websocket_stream_limit_reached" } });
  expect(socket.tooOld(3_600_000)).toMatchObject({
    message: "Responses websocket connection limit reached (60 minutes). Create a new websocket connection to continue.",
    detail: { code: "websocket_connection_limit_reached" },
  });
});

test("a handshake's headers become a posted request's", () => {
  const headers = ["Host", "h", "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Key", "k", "sec-websocket-extensions", "x"];
  const own = ["session-id", "s", "openai-beta", "responses_websockets=2026-02-06"];
  const json = ["content-type", "application/json", "accept", "text/event-stream"];
  expect(socket.requestHeaders([...headers, ...own])).toEqual(["Host", "h", "session-id", "s", ...json]);
  expect(socket.requestHeaders(["OpenAI-Beta", "assistants=v2, responses_websockets=2026-02-06"])).toEqual([
    "OpenAI-Beta",
    "assistants=v2",
    ...json,
  ]);
});

test("connections are made at the path of responses only", () => {
  expect(socket.route("/v1/responses")).toEqual({ operation: "generate", framing: "messages" });
  expect(socket.route("/v1/responses/resp_1")).toBeUndefined();
  expect(socket.route("/v1/realtime")).toBeUndefined();
});
