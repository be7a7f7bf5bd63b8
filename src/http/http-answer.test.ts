import type { ServerResponse } from "node:http";
import { expect, test, vi } from "vitest";
import type { Answer } from "../pipeline/answer.ts";
import type { ClientSide } from "../protocols/protocol.ts";
import { HttpAnswer } from "./http-answer.ts";

const protocol = { streamStyle: () => ({ contentType: "text/event-stream", heartbeat: "", error: () => "" }) } as unknown as ClientSide;

/** A response whose client has not read this many bytes. */
function unread(writableLength: number) {
  const response = {
    writableLength,
    headersSent: true,
    write: () => true,
    writeHead: vi.fn(),
    end: vi.fn(),
    destroy: vi.fn(),
    setTimeout: vi.fn<(ms: number, late: () => void) => void>(),
  };
  return { response, answer: new HttpAnswer(response as unknown as ServerResponse, protocol, undefined, "req_1") };
}

test.each([
  ["a whole answer", (answer: Answer) => answer.whole({ status: 200, headers: [] }, "{}")],
  ["a stream's end", (answer: Answer) => answer.end()],
])("%s that stays unread is given up, so that nobody can fill our memory", (_what, finish) => {
  const { response, answer } = unread(10_000_000);
  finish(answer);
  expect(response.end).toHaveBeenCalled();
  expect(response.destroy).not.toHaveBeenCalled();
  response.setTimeout.mock.calls[0]?.[1]();
  expect(response.destroy).toHaveBeenCalled();
});

test("what the kernel holds anyway is nobody's burden", () => {
  const { response, answer } = unread(1000);
  answer.end();
  expect(response.setTimeout).not.toHaveBeenCalled();
});
