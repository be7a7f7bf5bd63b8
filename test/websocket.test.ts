/** Responses over a WebSocket (A.3.2): requests, failures, handshakes and endings, through real sockets. */
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { ClientOptions } from "ws";
import type { JsonObject } from "../src/chat/json.ts";
import type { FaultName } from "../src/simulator/types.ts";
import { gatewaysForTests, pool, until, unhurried } from "./support/gateway.ts";
import { create, socketsForTests, types, type SocketEvent, type TestSocket } from "./support/web-socket-client.ts";

const { start } = gatewaysForTests();
const { dial, connect } = socketsForTests();

/** One credential, and other settings of the server than every pool has. */
const withServer = (settings: string) => (upstream: string) =>
  pool("anthropic", 1)(upstream).replace("server: { heartbeat: 10s,", `server: { ${settings},`);

const textOf = (events: readonly SocketEvent[]): string =>
  events.map(({ type, delta }) => (type === "response.output_text.delta" && typeof delta === "string" ? delta : "")).join("");

describe("a request", () => {
  test("gets the events that a posted one gets, each in a frame", async () => {
    const gateway = await start({ config: pool("anthropic", 1) });
    const socket = await connect(gateway);
    socket.send(create("hello"));
    const events = await socket.answers(1);
    const posted = await fetch(`${gateway.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...create("hello"), type: undefined, stream: true }),
    });
    const inStream = [...(await posted.text()).matchAll(/^data: (\{.*)$/gm)].map(([, data]) => JSON.parse(data ?? "") as SocketEvent);
    expect(types(events)).toEqual(types(inStream));
    expect(types(events).at(-1)).toBe("response.completed");
    expect(textOf(events)).toBe(textOf(inStream));
    expect(textOf(events)).not.toBe("");
  });

  test("waits for the one before it, and a named lane for none but its own", async () => {
    const gateway = await start({ config: pool("anthropic", 1) });
    gateway.simulator.script({ fault: "hang-after-headers" });
    const socket = await connect(gateway);
    socket.send(create("first"));
    await until(() => gateway.simulator.requests.length === 1);
    socket.send(create("second"));
    socket.send(create("third", { stream_id: "other" }));
    await socket.answers(1);
    expect(socket.events.map(({ stream_id }) => stream_id)).toEqual(socket.events.map(() => "other"));
    // The first gives up its silent upstream, and only then the second begins.
    await socket.answers(3);
    const unnamed = socket.events.filter(({ stream_id }) => stream_id === undefined);
    expect(types(unnamed).slice(0, 2)).toEqual(["error", "response.created"]);
    expect(types(unnamed).at(-1)).toBe("response.completed");
  });

  test("is logged as every other, the connection when it ends", async () => {
    const gateway = await start({ config: pool("anthropic", 1) });
    const socket = await connect(gateway);
    socket.send(create("hello"));
    await socket.answers(1);
    socket.socket.close(1000);
    await until(() => gateway.log.some((line) => line.includes("websocket closed")));
    expect(gateway.log.map((line) => JSON.parse(line) as JsonObject)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ msg: "request", operation: "generate", outcome: "answered" }),
        expect.objectContaining({ msg: "websocket closed", requests: 1, code: 1000 }),
      ]),
    );
  });

  test("is told signs of life while it waits", async () => {
    const gateway = await start({ config: withServer("heartbeat: 20ms") });
    gateway.simulator.script({ delayMs: 100 });
    const socket = await connect(gateway);
    socket.send(create("hello"));
    const events = await socket.answers(1);
    expect(types(events)[0]).toBe("keepalive");
    expect(types(events).at(-1)).toBe("response.completed");
  });

  test("is answered at the client's pace", async () => {
    const gateway = await start({
      config: (upstream) => pool("anthropic", 1)(upstream).replace("first_content: 300ms", "first_content: 20s"),
    });
    // More than the kernel holds on all the ways there are.
    const pieces = Array.from({ length: 80 }, () => "x".repeat(500_000));
    gateway.simulator.script({ status: 200, headers: { "content-type": "text/event-stream" }, body: messagesStream(pieces) });
    const socket = await connect(gateway);
    socket.socket.pause();
    socket.send(create("hello"));
    await until(() => gateway.simulator.requests.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(gateway.simulator.requests[0]?.outcome).toBe("open");
    socket.socket.resume();
    expect(textOf(await socket.answers(1))).toHaveLength(40_000_000);
  });
});

test("a client that does not read what it is told is not read from either, until it does", async () => {
  const gateway = await start({ config: pool("anthropic", 1) });
  const socket = await connect(gateway);
  socket.socket.pause();
  let taken = 0;
  const steer = JSON.stringify({ type: "response.steer", input: "x".repeat(1_000_000) });
  const sendOn = (): void => socket.socket.send(steer, () => ((taken += 1) < 100 ? sendOn() : undefined));
  sendOn();
  for (let before = -1; before < taken; await new Promise((resolve) => setTimeout(resolve, 200))) before = taken;
  // What the kernel holds on both ways; the rest of what the gateway has to say to it would be in its memory.
  expect(taken).toBeLessThan(50);
  socket.socket.resume();
  await until(() => socket.events.length === 100);
  socket.send(create("hello"));
  expect(types(await socket.answers(1)).at(-1)).toBe("response.completed");
});

/** An answer of the upstream's with this text. */
function messagesStream(pieces: readonly string[]): string {
  const events = [
    { type: "message_start", message: { type: "message", content: [], usage: { input_tokens: 1, output_tokens: 1 } } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ...pieces.map((piece) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: piece } })),
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1 } },
    { type: "message_stop" },
  ];
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}

describe("a failure", () => {
  test.each<[FaultName, number, string]>([
    ["429", 429, "rate_limit_exceeded"],
    ["529", 503, "overloaded"],
    ["400", 400, "invalid_request_error"],
    ["context-too-long", 400, "context_length_exceeded"],
  ])("%s before the answer is one frame, and the connection goes on", async (fault, status, code) => {
    const gateway = await start({ config: pool("anthropic", 2, "retry: { attempts: 1 }") });
    gateway.simulator.script({ fault, ...(fault === "429" && { retryAfter: 2 }) });
    const socket = await connect(gateway);
    socket.send(create("hello", { stream_id: "a" }));
    const [told] = await socket.answers(1);
    expect(told).toMatchObject({ type: "error", status, stream_id: "a", error: { message: expect.stringMatching(/./) } });
    expect(JSON.stringify(told)).toContain(code);
    const headers = told?.["headers"] as Record<string, string>;
    expect(headers).toMatchObject({ "x-dragoman-request-id": expect.stringMatching(/^req_/), "x-dragoman-model": "up/claude-sonnet-5-5" });
    if (fault === "429") expect(headers["retry-after"]).toBe("2");
    socket.send(create("hello"));
    expect(types(await socket.answers(2)).at(-1)).toBe("response.completed");
  });

  test("of the request's own names the field", async () => {
    const socket = await connect(await start({ config: pool("anthropic", 1) }));
    socket.send("{");
    socket.send({ type: "response.delete" });
    socket.send({ type: "response.create", input: "hi" });
    socket.send(create("hi", { stream_id: "no such name" }));
    const events = await socket.answers(4);
    expect(events.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    expect(events.map(({ error }) => (error as JsonObject)["param"])).toEqual([null, "type", "model", "stream_id"]);
  });

  test("after the answer began ends it with the protocol's own event", async () => {
    const gateway = await start({ config: pool("anthropic", 1) });
    gateway.simulator.script({ fault: "reset-mid-event" });
    const socket = await connect(gateway);
    socket.send(create("hello"));
    expect(types(await socket.answers(1))).toEqual(expect.arrayContaining(["response.created", "response.failed"]));
    socket.send(create("hello"));
    expect(types(await socket.answers(2)).at(-1)).toBe("response.completed");
  });

  test.each([
    ["a frame larger than a body may be", (socket: TestSocket) => socket.send(create("x".repeat(2_000))), 1009],
    ["bytes instead of text", (socket: TestSocket) => socket.socket.send(Buffer.from("{}")), 1003],
  ])("%s closes the connection", async (_what, send, code) => {
    const socket = await connect(await start({ config: withServer("max_body_bytes: 1024") }));
    send(socket);
    expect((await socket.ended()).code).toBe(code);
  });

  test("more than may wait are refused", async () => {
    const gateway = await start({ config: pool("anthropic", 1) });
    gateway.simulator.script({ fault: "hang-after-headers" });
    const socket = await connect(gateway);
    for (let i = 0; i < 34; i += 1) socket.send(create("hello"));
    const [refused] = await socket.answers(1);
    expect(refused).toMatchObject({ type: "error", status: 429, error: { message: expect.stringContaining("wait") } });
    expect(socket.events).toHaveLength(1);
  });

  test("so are more lanes than a connection may have", async () => {
    const gateway = await start({ config: pool("anthropic", 1) });
    const socket = await connect(gateway);
    for (let i = 0; i < 33; i += 1) socket.send(create("hello", { stream_id: `lane-${i}` }));
    await socket.answers(33);
    const refused = socket.events.filter(({ type }) => type === "error");
    expect(refused).toMatchObject([{ status: 400, stream_id: "lane-32", error: { code: "websocket_stream_limit_reached" } }]);
  });
});

describe("a handshake", () => {
  test.each([
    ["where it is turned off", "/v1/responses", "websocket: false"],
    ["at another path", "/v1/realtime", "port: 0"],
    ["at a path that is served otherwise", "/v1/messages", "port: 0"],
  ])("rule 364: %s is told 426, at which clients post", async (_where, path, settings) => {
    const { url } = await start({ config: withServer(settings) });
    const { status, headers, body } = await dial(url, path).refusal();
    expect(status).toBe(426);
    expect(headers["content-type"]).toBe("application/json");
    expect(JSON.parse(body)).toMatchObject({ error: { message: expect.stringContaining("POST") } });
  });

  test.each([
    [{ origin: "https://evil.example" }],
    [{ headers: { host: "evil.example" } }],
    [{ headers: { "x-forwarded-for": "192.0.2.1" } }],
    [{ headers: { "sec-fetch-site": "cross-site" } }],
  ] satisfies [ClientOptions][])("of a stranger is refused without keys: %j", async (options) => {
    const { url } = await start({ config: pool("anthropic", 1) });
    const { status, body } = await dial(url, undefined, options).refusal();
    expect(status).toBe(403);
    expect(JSON.parse(body)).toMatchObject({ error: { message: expect.stringContaining("Configure `keys`") } });
  });

  test("needs a key where there are some, and serves no model that it may not use", async () => {
    const gateway = await start({ config: pool("anthropic", 1, "keys: [{ name: alice, key: alice-secret, models: [claude-opus-5-5] }]") });
    expect((await dial(gateway.url).refusal()).status).toBe(401);
    expect((await dial(gateway.url, undefined, { headers: { authorization: "Bearer wrong" } }).refusal()).status).toBe(401);
    const socket = await connect(gateway, { headers: { authorization: "Bearer alice-secret" } });
    socket.send(create("hello"));
    socket.send(create("hello", { model: "claude-opus-5-5" }));
    const events = await socket.answers(2);
    expect(events[0]).toMatchObject({ type: "error", status: 403, error: { param: "model" } });
    expect(types(events).at(-1)).toBe("response.completed");
    expect(gateway.log.join("")).not.toContain("alice-secret");
  });

  test("that has gone round in a circle is refused", async () => {
    const gateway = await start({ config: pool("anthropic", 1) });
    const way = Array.from({ length: 8 }, (_, i) => `other-${i}`).join(", ");
    expect((await dial(gateway.url, undefined, { headers: { "x-dragoman-hop": way } }).refusal()).status).toBe(400);
  });

  test("that is none is told so", async () => {
    const { url } = await start({ config: pool("anthropic", 1) });
    const request = httpRequest(`${url}/v1/responses`, { headers: { connection: "Upgrade", upgrade: "websocket" } }).end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(400);
    expect(JSON.parse(await text(response))).toMatchObject({ error: { message: expect.stringContaining("Sec-WebSocket-Key") } });
  });

  test("is not what a client asks for that would rather speak HTTP/2", async () => {
    const { url } = await start({ config: pool("anthropic", 1) });
    const headers = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABkAARAAAAAAAIAAAAA" };
    const request = httpRequest(`${url}/v1/models`, { headers }).end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    expect(JSON.parse(await text(response))).toMatchObject({ object: "list" });
  });

  test("beyond the connections that there may be is told to come again", async () => {
    const gateway = await start({ config: withServer("websocket_max_connections: 1") });
    const first = await connect(gateway);
    expect((await dial(gateway.url).refusal()).status).toBe(503);
    first.socket.close();
    await until(() => gateway.log.some((line) => line.includes("websocket closed")));
    await connect(gateway);
  });
});

describe("the end of a connection", () => {
  test("ends the upstream's work too, and forgets what waits", async () => {
    const gateway = await start({ config: pool("anthropic", 1) });
    gateway.simulator.script({ fault: "hang-mid-stream" });
    const socket = await connect(gateway);
    socket.send(create("hello"));
    socket.send(create("and then"));
    await until(() => types(socket.events).includes("response.created"));
    expect(gateway.permits()).toBe(1);
    socket.socket.terminate();
    await until(() => gateway.simulator.openRequests === 0 && gateway.permits() === 0);
    expect(gateway.simulator.requests.map(({ outcome }) => outcome)).toEqual(["client-left"]);
  });

  test("comes with age, after the answer under way", async () => {
    const gateway = await start({ config: unhurried(withServer("websocket_max_age: 1s")) });
    gateway.simulator.script({ chunkDelayMs: 200, text: "one two three four five six" });
    const [idle, busy] = await Promise.all([connect(gateway), connect(gateway)]);
    busy.send(create("hello"));
    expect(await idle.ended()).toMatchObject({ code: 1001 });
    busy.send(create("too late"));
    await busy.ended();
    expect(types(busy.events).slice(-2)).toEqual(["response.completed", "error"]);
    expect(busy.events.at(-1)).toMatchObject({ status: 400, error: { code: "websocket_connection_limit_reached" } });
    expect(busy.closed?.code).toBe(1001);
  });

  test("a shutdown lets running answers finish, then ends the rest with the protocol's own error", async () => {
    const patient = (upstream: string): string =>
      unhurried(pool("anthropic", 1))(upstream).replace("shutdown_grace: 200ms", "shutdown_grace: 3s");
    const gateway = await start({ config: patient });
    gateway.simulator.script({ chunkDelayMs: 5 }, { fault: "hang-mid-stream" });
    const [idle, finishing, hanging] = await Promise.all([connect(gateway), connect(gateway), connect(gateway)]);
    finishing.send(create("hello"));
    await until(() => gateway.simulator.requests.length === 1);
    hanging.send(create("hello"));
    await until(() => types(hanging.events).includes("response.created"));
    const closed = gateway.gateway.close();
    finishing.send(create("more"));
    expect(await idle.ended()).toMatchObject({ code: 1001 });
    await finishing.answers(2);
    expect(types(finishing.events).slice(-2)).toEqual(["response.completed", "error"]);
    expect(finishing.events.at(-1)).toMatchObject({ status: 503 });
    expect(types(await hanging.answers(1)).at(-1)).toBe("response.failed");
    await closed;
    expect([(await finishing.ended()).code, (await hanging.ended()).code]).toEqual([1001, 1001]);
  });

  test("a client that does not say goodbye does not hold a shutdown up", async () => {
    const gateway = await start({ config: pool("anthropic", 1) });
    const socket = await connect(gateway);
    socket.socket.pause();
    await gateway.gateway.close();
    await expect(fetch(gateway.url)).rejects.toThrow();
  });
});
