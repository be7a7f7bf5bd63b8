/** An answer is over when it says so, however long its upstream keeps the connection busy afterwards. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { gatewaysForTests } from "./support/gateway.ts";

const gateways = gatewaysForTests();
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Answers every request with a finished Chat stream, then comments for ever. */
async function restlessUpstream(): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const chunk = (choice: object): string => `data: ${JSON.stringify({ id: "c1", model: "m", choices: [{ index: 0, ...choice }] })}\n\n`;
    response.write(chunk({ delta: { role: "assistant", content: "Hello." } }) + chunk({ delta: {}, finish_reason: "stop" }));
    const timer = setInterval(() => response.write(": keep-alive\n\n"), 20);
    response.once("close", () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

test("signs of life after the end do not prolong a translated answer", async () => {
  const upstream = await restlessUpstream();
  const { url } = await gateways.start({
    config: () => `
providers:
  up: { type: openai-compatible, base_url: "${upstream}", timeouts: { connect: 300ms, headers: 300ms, first_content: 300ms, idle: 300ms } }
models: { "*": up/m }`,
  });
  const body = { model: "m", max_tokens: 9, stream: true, messages: [{ role: "user", content: "hi" }] };
  const headers = { "content-type": "application/json", "anthropic-version": "2023-06-01" };
  const response = await fetch(`${url}/v1/messages`, { method: "POST", headers, body: JSON.stringify(body) });
  expect(await response.text()).toMatch(/Hello\.[^]*event: message_stop/);
});
