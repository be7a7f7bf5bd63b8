/** A recording is replayed byte for byte, over the wire. */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RawConnection, type RawResponse } from "../../test/support/raw-http.ts";
import { replayOf } from "./replay.ts";
import { startSimulator, type Simulator } from "./server.ts";
import type { Recording, ScriptItem } from "./types.ts";

interface File extends Recording {
  readonly protocol: string;
}

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

async function replayed(item: ScriptItem): Promise<RawResponse> {
  simulator.script(item);
  const connection = new RawConnection(simulator.port);
  connection.send("POST", "/v1/messages", {}, "{}");
  const response = await connection.response();
  connection.close();
  return response;
}

describe.each(["anthropic-messages", "gemini", "openai-chat", "errors"])("%s", (folder) => {
  const directory = new URL(`../../test/recordings/${folder}/`, import.meta.url);
  test.each(readdirSync(directory).filter((file) => file.endsWith(".json")))("%s", async (file) => {
    const recording = JSON.parse(readFileSync(new URL(file, directory), "utf8")) as File;
    const { status, headers, sse, body } = recording.response;
    const bytes = Buffer.from(sse ?? (typeof body === "string" ? body : JSON.stringify(body)));
    const answer = await replayed({ recording });
    expect([answer.status, answer.complete]).toEqual([status, true]);
    for (const [name, value] of Object.entries(headers ?? {})) expect(answer.headers.get(name)).toBe(value);
    expect(answer.body.equals(bytes)).toBe(true);
    const cut = await replayed({ recording, cuts: [1, Math.floor(bytes.length / 2), bytes.length - 1] });
    expect(cut.body.equals(bytes)).toBe(true);
    if (sse !== undefined) expect(cut.chunks).toHaveLength(4);
  });
});

test("a stream comes event by event, whatever ends its lines", () => {
  const frames = (sse: string) => replayOf({ response: { status: 200, sse } }, undefined).frames.map(({ bytes }) => bytes.toString());
  expect(frames("data: 1\n\ndata: 2\r\n\r\ndata: 3\n\n")).toEqual(["data: 1\n\n", "data: 2\r\n\r\n", "data: 3\n\n"]);
  expect(frames("data: 1")).toEqual(["data: 1"]);
});

test("headers about the recorder's connection are left out", () => {
  const reply = replayOf(
    { response: { status: 200, headers: { "Content-Encoding": "gzip", "content-length": "1", "request-id": "r" }, body: "x" } },
    undefined,
  );
  expect(reply.headers).toEqual({ "request-id": "r" });
});
