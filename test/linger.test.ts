/** An answer is over when it says so, however long its upstream keeps the connection busy afterwards. */
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { gatewaysForTests } from "./support/gateway.ts";

const gateways = gatewaysForTests();
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Write = (response: ServerResponse) => unknown;

/** An upstream that answers every request with an event stream; gives its URL. */
async function upstreamThat(write: Write): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    write(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const chunk = (choice: object): string => `data: ${JSON.stringify({ id: "c1", model: "m", choices: [{ index: 0, ...choice }] })}\n\n`;
const finishedChat = chunk({ delta: { role: "assistant", content: "Hello." } }) + chunk({ delta: {}, finish_reason: "stop" });

const event = (type: string, fields: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
/** A Messages stream as far as its reason to stop. */
const finishedMessage = (text: string): string =>
  event("message_start", { message: { id: "m1", type: "message", role: "assistant", content: [], usage: { input_tokens: 1 } } }) +
  event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }) +
  event("content_block_delta", { index: 0, delta: { type: "text_delta", text } }) +
  event("content_block_stop", { index: 0 }) +
  event("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } });

const body = JSON.stringify({ model: "m", max_tokens: 9, stream: true, messages: [{ role: "user", content: "hi" }] });
const headers = { "content-type": "application/json", "anthropic-version": "2023-06-01" };

/** A gateway in front of the upstream, for clients of Messages. */
async function gatewayFor(type: string, upstream: string, timeouts: string): Promise<string> {
  const { url } = await gateways.start({
    config: () => `
providers:
  up: { type: ${type}, base_url: "${upstream}", timeouts: ${timeouts}, credentials: [{ api_key: key-one }] }
models: { "*": up/m }`,
  });
  return url;
}

const short = "{ connect: 300ms, headers: 300ms, first_content: 300ms, idle: 300ms }";

async function ask(url: string): Promise<string> {
  const response = await fetch(`${url}/v1/messages`, { method: "POST", headers, body });
  return response.text();
}

test("signs of life after the end do not prolong a translated answer", async () => {
  const upstream = await upstreamThat((response) => {
    response.write(finishedChat);
    const timer = setInterval(() => response.write(": keep-alive\n\n"), 20);
    response.once("close", () => clearInterval(timer));
  });
  const url = await gatewayFor("openai-compatible", `${upstream}/v1`, short);
  expect(await ask(url)).toMatch(/Hello\.[^]*event: message_stop/);
});

const halfEvent = 'data: {"id":"c1","choices":[],"usage":{"prompt_to';
const afterTheEnd: readonly (readonly [string, Write])[] = [
  ["falls silent", () => undefined],
  ["closes the connection", (response) => setTimeout(() => response.destroy(), 50)],
];

test.each(afterTheEnd)(
  "an upstream that, in the middle of an event after the end, %s takes nothing from a translated answer",
  async (_how, then) => {
    const upstream = await upstreamThat((response) => {
      response.write(finishedChat + halfEvent);
      then(response);
    });
    const url = await gatewayFor("openai-compatible", `${upstream}/v1`, short);
    const answer = await ask(url);
    expect(answer).toMatch(/Hello\.[^]*event: message_stop/);
    expect(answer).not.toContain("error");
  },
);

test.each(afterTheEnd)(
  "of an event after the end, in the middle of which the upstream %s, a relayed answer has nothing",
  async (_how, then) => {
    const upstream = await upstreamThat((response) => {
      response.write(`${finishedMessage("Hello.")}event: message_stop\ndata: {"ty`);
      then(response);
    });
    const answer = await ask(await gatewayFor("anthropic", upstream, short));
    expect(answer).toBe(finishedMessage("Hello."));
  },
);

test("a client that reads slowly gets the last event, however late", async () => {
  // More than all the buffers on the way hold.
  const stream = finishedMessage("x".repeat(16_000_000));
  const upstream = await upstreamThat(async (response) => {
    const last = event("message_stop", {});
    // The end of the long event comes with the reason to stop, and pauses the upstream; one more read is taken then, but not two.
    await new Promise((resolve) => response.write(stream.slice(0, -1000), resolve));
    for (const part of [stream.slice(-1000), last.slice(0, 10), last.slice(10)]) {
      await wait(100);
      response.write(part);
    }
    response.end();
  });
  const url = await gatewayFor("anthropic", upstream, "{ connect: 10s, headers: 10s, first_content: 10s, idle: 1s }");
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(`${url}/v1/messages`, { method: "POST", headers }, resolve).on("error", reject).end(body);
  });
  // Longer than a finished answer waits for its end.
  await wait(2500);
  const chunks: Buffer[] = [];
  for await (const bytes of answer as AsyncIterable<Buffer>) chunks.push(bytes);
  expect(Buffer.concat(chunks).toString().slice(-200)).toMatch(/"end_turn"[^]*event: message_stop\n.*\n\n$/);
});
