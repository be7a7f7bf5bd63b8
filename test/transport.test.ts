/** What passes between a client, the gateway and an upstream besides the words of an answer. */
import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { ask, gatewaysForTests, pool, post, readEvents, until } from "./support/gateway.ts";

const { start } = gatewaysForTests();

describe.each(["anthropic", "gemini"] as const)("Messages client, %s upstream", (lane) => {
  test("rule 325: a stream tells proxies to pass it on as it comes", async () => {
    const { url } = await start({ config: pool(lane, 1) });
    const answer = await post(url, ask("hello", { stream: true }));
    await answer.text();
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": expect.stringContaining("text/event-stream"),
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
    });
    expect(answer.headers.has("content-encoding")).toBe(false);
  });

  test("rule 328: a client that closes its half of the connection has left", async () => {
    const { url, simulator, permits } = await start({ config: pool(lane, 1) });
    simulator.script({ fault: "hang-mid-stream" });
    const body = JSON.stringify(ask("hello", { stream: true }));
    const { port } = new URL(url);
    const socket = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true }).resume();
    socket.write(
      `POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await once(socket, "data");
    expect(simulator.openRequests).toBe(1);
    socket.end();
    await until(() => simulator.openRequests === 0 && permits() === 0);
    expect(simulator.requests[0]?.outcome).toBe("client-left");
  });

  test("rule 319: half a surrogate pair and a null character pass", async () => {
    const { url, simulator } = await start({ config: pool(lane, 1) });
    const odd = "a\ud800b\u0000c";
    simulator.script({ text: odd, times: 2 });
    const whole = (await (await post(url, ask(odd))).json()) as { content: { type: string; text?: string }[] };
    expect(whole.content.map(({ text }) => text ?? "").join("")).toContain(odd);
    const events = readEvents(await (await post(url, ask(odd, { stream: true }))).text());
    expect(events.map(({ data }) => (data["delta"] as { text?: string } | undefined)?.text ?? "").join("")).toContain(odd);
    for (const { body } of simulator.requests) expect(body.toString()).toContain(String.raw`a\ud800b\u0000c`);
  });
});

describe("rule 301: streamed and whole answers stand in for each other", () => {
  const chat = (url: string, body: object): Promise<Response> =>
    fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "claude-sonnet-5-5", messages: [{ role: "user", content: "Say hi" }], ...body }),
    });

  test("a whole Gemini answer to a request for a stream is told as a stream", async () => {
    const { url, simulator } = await start({ config: pool("gemini", 1) });
    simulator.script({ fault: "json-for-stream" });
    const answer = await post(url, ask("Say hi", { stream: true }));
    const events = readEvents(await answer.text());
    expect(answer.headers.get("content-type")).toContain("text/event-stream");
    expect([events[0]?.event, events.at(-1)?.event]).toEqual(["message_start", "message_stop"]);
    const text = events.map(({ data }) => (data["delta"] as { text?: string } | undefined)?.text ?? "").join("");
    expect(text).toContain("Say hi");
  });

  test("so is a whole Chat answer", async () => {
    const config = (upstream: string): string => pool("gemini", 1)(`${upstream}/v1`).replace("type: gemini", "type: openai");
    const { url, simulator } = await start({ config: (upstream) => config(upstream).replace("up/gemini-3.8-pro", "up/gpt-4.1") });
    simulator.script({ fault: "json-for-stream" });
    const events = readEvents(await (await post(url, ask("Say hi", { stream: true }))).text());
    expect([events[0]?.event, events.at(-1)?.event]).toEqual(["message_start", "message_stop"]);
    expect(events.map(({ data }) => (data["delta"] as { text?: string } | undefined)?.text ?? "").join("")).toContain("Say hi");
  });

  test("so is a whole Messages answer", async () => {
    const { url, simulator } = await start({ config: pool("anthropic", 1) });
    simulator.script({ fault: "json-for-stream" });
    const answer = await chat(url, { stream: true });
    const text = await answer.text();
    expect(answer.headers.get("content-type")).toContain("text/event-stream");
    expect(text).toContain("Say hi");
    expect(text).toContain('"finish_reason":"stop"');
    expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
  });

  test.each(["anthropic", "gemini"] as const)("a stream of type %s to a request for a whole answer is told whole", async (type) => {
    const { url, simulator } = await start({ config: pool(type, 1) });
    const streamed = await start({ config: pool(type, 1) });
    await (await chat(streamed.url, { stream: true })).text();
    const [{ body, path } = { body: "", path: "" }] = streamed.simulator.requests;
    const headers = { "content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": "k", "x-goog-api-key": "k" };
    const sse = await (await fetch(`${streamed.simulator.url}${path}`, { method: "POST", headers, body })).text();
    simulator.script({ recording: { response: { status: 200, headers: { "content-type": "text/event-stream; charset=utf-8" }, sse } } });
    expect(await (await chat(url, {})).json()).toMatchObject({
      choices: [{ finish_reason: "stop", message: { content: expect.stringContaining("Say hi") as unknown } }],
      usage: { completion_tokens: expect.any(Number) as unknown },
    });
    const cut = sse.slice(0, sse.length / 2);
    simulator.script({ recording: { response: { status: 200, headers: { "content-type": "text/event-stream" }, sse: cut } } });
    expect((await chat(url, {})).status).toBe(502);
  });
});

describe("rule 238: a call that the provider could not read", () => {
  const malformed = { text: "", calls: [], finish: "MALFORMED_FUNCTION_CALL" };

  test.each([false, true])("before content is asked for once more, streaming %s", async (stream) => {
    const { url, simulator, gateway } = await start({ config: pool("gemini", 1) });
    simulator.script({ ...malformed, times: 1 });
    const answer = await post(url, ask("Say hi", { stream }));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("Say hi");
    expect(simulator.requests).toHaveLength(2);
    expect(gateway.describe()[0]?.credentials[0]?.cooldowns).toEqual([]);
  });

  test("twice is an error", async () => {
    const { url, simulator } = await start({ config: pool("gemini", 2) });
    simulator.script({ ...malformed, times: 3 });
    const answer = await post(url, ask("Say hi"));
    expect(answer.status).toBe(502);
    expect(await answer.text()).toContain("tool call");
    expect(simulator.requests).toHaveLength(2);
  });

  test("after content is an error in the stream", async () => {
    const { url, simulator } = await start({ config: pool("gemini", 1) });
    simulator.script({ ...malformed, text: "I look.", chunkDelayMs: 10 });
    const events = readEvents(await (await post(url, ask("Say hi", { stream: true }))).text());
    expect(events.at(-1)).toMatchObject({ event: "error", data: { error: { type: "api_error" } } });
    expect(simulator.requests).toHaveLength(1);
  });
});
