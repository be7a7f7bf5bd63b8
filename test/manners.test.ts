/** Upstreams and callers that do what none should, and what it costs: never more than their own request. */
import { once } from "node:events";
import { createServer, request as httpRequest, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { ask, gatewaysForTests, pool, post, until, type TestGateway } from "./support/gateway.ts";

const { start } = gatewaysForTests();

/** An upstream that answers as the listener says, for what the simulator does not do. */
async function upstreamThat(listener: RequestListener): Promise<TestGateway> {
  const url = await serverThat(listener);
  return start({ config: () => pool("anthropic", 2)(url) });
}

async function serverThat(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  servers.push(server);
  return `http://127.0.0.1:${port}`;
}
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections();
});
const frame = (type: string, more: object = {}): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
const MESSAGE =
  frame("message_start", { message: { type: "message", content: [], usage: { input_tokens: 1, output_tokens: 1 } } }) +
  frame("content_block_start", { index: 0, content_block: { type: "text", text: "" } }) +
  frame("content_block_delta", { index: 0, delta: { type: "text_delta", text: "hi" } }) +
  frame("content_block_stop", { index: 0 }) +
  frame("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1 } }) +
  frame("message_stop");

describe("gateways in a circle", () => {
  test.each([1, 2])("of %i: a request goes round once", async (gateways) => {
    let first = "";
    let rounds = 0;
    const back = await serverThat((request, response) => {
      rounds += 1;
      const { method, url, headers } = request;
      request.pipe(
        httpRequest(first + url, { method, headers }, (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 0, answer.headers))),
      );
    });
    const last = await start({ config: () => pool("anthropic", 1)(back) });
    first = gateways === 1 ? last.url : (await start({ config: () => pool("anthropic", 1)(last.url) })).url;
    const answer = await post(first, ask("hello"));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining("came from this Dragoman itself") } });
    expect(rounds).toBe(1);
  });

  test("too long a way is one too", async () => {
    const { url, simulator } = await start({ config: pool("anthropic", 1) });
    const way = (length: number): string => Array.from({ length }, (_, i) => `other-${i}`).join(", ");
    expect((await post(url, ask("hello"), { "x-dragoman-hop": way(7) })).status).toBe(200);
    expect((await post(url, ask("hello"), { "x-dragoman-hop": way(8) })).status).toBe(400);
    const { headers } = simulator.requests[0] as { headers: readonly string[] };
    expect(headers[headers.indexOf("x-dragoman-hop") + 1]).toMatch(/^other-0, .*other-6, [\w-]{36}$/);
    expect(simulator.requests).toHaveLength(1);
  });
});

describe("upstreams with manners of their own", () => {
  test("a request that goes through many keys leaves nothing behind on its client's connection", async () => {
    const { url, simulator } = await start({ config: pool("anthropic", 16, "retry: { attempts: 20 }") });
    simulator.script({ fault: "429", times: 15 });
    const warnings: string[] = [];
    const listen = ({ name }: Error): void => void warnings.push(name);
    process.on("warning", listen);
    const answer = await post(url, ask("hello"));
    expect(answer.status).toBe(200);
    process.off("warning", listen);
    expect(simulator.requests).toHaveLength(16);
    expect(warnings).toEqual([]);
  });

  test.each(["stays open", "is reset"])("an answer whose connection %s after its last word is complete", async (how) => {
    const { url, permits, gateway } = await upstreamThat((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(MESSAGE, () => how === "is reset" && setTimeout(() => response.destroy(), 20));
    });
    expect(await (await post(url, ask("x", { stream: true }))).text()).toBe(MESSAGE);
    await until(() => permits() === 0);
    expect(gateway.describe()[0]?.credentials.flatMap(({ cooldowns }) => cooldowns)).toEqual([]);
  });

  test("a redirect is not passed on: the client would follow it with its prompt and key", async () => {
    const { url } = await upstreamThat((_request, response) => response.writeHead(308, { location: "https://elsewhere.example/" }).end());
    const answer = await post(url, ask("x"));
    expect(answer.status).toBe(502);
    expect(answer.headers.has("location")).toBe(false);
  });

  test("rule 341: an authentication error inside a 200 is not the caller's 401 either", async () => {
    const error = JSON.stringify({ type: "error", error: { type: "authentication_error", message: "invalid x-api-key" } });
    const { url } = await upstreamThat((_request, response) => response.writeHead(200, { "content-type": "application/json" }).end(error));
    expect((await post(url, ask("x"))).status).toBe(502);
  });

  test("a caller's own words in an upstream's 400 rest no credential", async () => {
    const message = "messages.0.content.0: Input tag 'credit balance is too low' found";
    const { url, gateway } = await upstreamThat((_request, response) =>
      response
        .writeHead(400, { "content-type": "application/json" })
        .end(JSON.stringify({ type: "error", error: { type: "invalid_request_error", message } })),
    );
    expect((await post(url, ask("x"))).status).toBe(400);
    expect(gateway.describe()[0]?.credentials.flatMap(({ cooldowns }) => cooldowns)).toEqual([]);
  });

  test("a provider whose address is the gateway's own is told so", async () => {
    let own = "";
    const { url, gateway } = await upstreamThat((request, response) => {
      const { host: _host, ...headers } = request.headers;
      const back = httpRequest(`${own}${request.url}`, { method: "POST", headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      request.pipe(back);
    });
    own = url;
    const answer = await post(url, ask("x"));
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("base_url");
    expect(gateway.describe()[0]?.credentials.flatMap(({ cooldowns }) => cooldowns)).toEqual([]);
  });
});

describe("callers with manners of their own", () => {
  test("a model name that no header can hold is answered, and the next request too", async () => {
    const { url } = await start({ config: pool("anthropic", 1) });
    const answer = await post(url, ask("x", { model: "claude-\u4e2d\u6587\n" }));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-dragoman-model")).toBe("up/claude-%E4%B8%AD%E6%96%87%0A");
    expect((await post(url, ask("x"))).status).toBe(200);
  });

  test("a client that leaves while its body is unpacked holds nothing", async () => {
    const { url, permits, simulator } = await start({ config: pool("anthropic", 1) });
    simulator.script({ fault: "hang-mid-stream", times: 4 });
    const body = gzipSync(JSON.stringify(ask("x".repeat(3_000_000), { stream: true })));
    for (let i = 0; i < 4; i += 1) {
      const sent = httpRequest(`${url}/v1/messages`, {
        method: "POST",
        headers: { "content-type": "application/json", "content-encoding": "gzip", "anthropic-version": "2023-06-01" },
      });
      sent.on("error", () => undefined);
      sent.end(body, () => setTimeout(() => sent.destroy(), i));
      await new Promise((resolve) => sent.once("close", resolve));
    }
    await until(() => permits() === 0 && simulator.openRequests === 0);
    expect(permits()).toBe(0);
  });
});
