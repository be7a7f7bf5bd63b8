import { expect, test } from "vitest";
import { encodeResponsesStream, eventsOf, responsesContext } from "../../../../test/support/responses-client.ts";
import { GatewayError, type ErrorDetail, type ErrorKind } from "../../../chat/error.ts";
import { client } from "./index.ts";

const route = { operation: "generate" } as const;

/** How a response that failed says so. */
function told(kind: ErrorKind, message = "?", detail: ErrorDetail = {}): { code: string; message: string } {
  const stream = encodeResponsesStream([{ type: "error", error: new GatewayError(kind, message, detail) }]);
  const response = eventsOf(stream).at(-1)?.["response"] as { error: { code: string; message: string } };
  return response.error;
}

function answered(kind: ErrorKind, detail: ErrorDetail = {}): { status: number; headers: Readonly<Record<string, string>>; error: object } {
  const { status, headers, body } = client.encodeError(new GatewayError(kind, "?", detail), "req_1", route);
  return { status, headers, ...(JSON.parse(body) as { error: object }) };
}

test("rule 331: an overflow is a refusal that Codex compacts on, or a failure of the same code", () => {
  expect(answered("context-too-long")).toMatchObject({ status: 400, error: { code: "context_length_exceeded" } });
  expect(told("context-too-long").code).toBe("context_length_exceeded");
});

test("rule 339: how long to wait stands in the words, where Codex looks for it", () => {
  expect(told("rate-limited", "Slow down.", { retryAfterMs: 19_500 })).toEqual({
    code: "rate_limit_exceeded",
    message: "Slow down. Please try again in 20s.",
  });
  expect(told("rate-limited", "Slow down; try again in 3s.", { retryAfterMs: 3000 }).message).toBe("Slow down; try again in 3s.");
  expect(told("overloaded", "Busy.", { retryAfterMs: 3000 }).message).toBe("Busy.");
});

test("rules 340 and 341: what the gateway's own credential is refused is no 401 and no reason to ask again", () => {
  expect(answered("bad-credential")).toMatchObject({ status: 502, headers: { "x-should-retry": "false" } });
  expect(answered("unauthenticated").status).toBe(401);
});

test.each<[ErrorKind, string]>([
  // Codex gives up on `server_is_overloaded`, though waiting helps.
  ["overloaded", "server_error"],
  ["upstream", "server_error"],
  ["transport", "server_error"],
  ["timeout", "server_error"],
  ["unavailable", "server_error"],
  ["internal", "server_error"],
  ["billing", "insufficient_quota"],
  ["bad-credential", "invalid_prompt"],
  ["invalid-request", "invalid_prompt"],
  ["content-policy", "invalid_prompt"],
  ["model-not-found", "invalid_prompt"],
  ["unsupported", "invalid_prompt"],
])("rule 290: %s fails with a code that Codex treats rightly: %s", (kind, code) => {
  expect(told(kind).code).toBe(code);
});

test("a stream that was relayed so far ends in its own numbers and under its own id", () => {
  const place = { sequenceNumber: 7, answerId: "resp_up" };
  const events = eventsOf(client.streamStyle(route).error(new GatewayError("upstream", "Gone."), "req_01", true, place));
  expect(events).toMatchObject([
    { type: "error", sequence_number: 7 },
    { type: "response.failed", sequence_number: 8, response: { id: "resp_up", status: "failed" } },
  ]);
  const failed = client.socket?.failureEvent(new GatewayError("upstream", "Gone."), "req_01", place) ?? "";
  expect(JSON.parse(failed)).toMatchObject({ sequence_number: 7, response: { id: "resp_up" } });
});

test("rule 290: a stream that nothing was written of ends with an error for SDKs and a failed response for Codex", () => {
  const style = client.streamStyle(route);
  expect(style.heartbeat).toBe(": keepalive\n\n");
  const [first, last] = eventsOf(style.error(new GatewayError("upstream", "Gone."), "req_01", false));
  expect(first).toMatchObject({ type: "error", sequence_number: 0, code: "server_error", message: "Gone.", error: { message: "Gone." } });
  expect(last).toMatchObject({
    type: "response.failed",
    sequence_number: 1,
    response: { id: "resp_req01", object: "response", status: "failed", error: { code: "server_error", message: "Gone." } },
  });
  expect((eventsOf(encodeResponsesStream([], responsesContext())) as unknown[]).length).toBe(0);
});
