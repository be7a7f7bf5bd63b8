import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer, type ClientOptions } from "ws";
import { WebSocketLine } from "./websocket-line.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A line and its client at the other end. */
async function connected(
  pingMs: number,
  options: ClientOptions & { autoPong?: boolean } = {},
): Promise<{ line: WebSocketLine; client: WebSocket }> {
  const webSockets = new WebSocketServer({ noServer: true });
  const server = createServer().listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const line = new Promise<WebSocketLine>((resolve) => {
    server.on("upgrade", (request, socket, head) =>
      webSockets.handleUpgrade(request, socket, head, (webSocket) => resolve(new WebSocketLine(webSocket, socket, pingMs))),
    );
  });
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, options);
  await once(client, "open");
  return { line: await line, client };
}

const closed = (line: WebSocketLine): Promise<void> => new Promise((resolve) => void line.onClose(resolve));

test("whoever answers is there, however long nothing else is said", async () => {
  const { line, client } = await connected(2);
  for (let pings = 0; pings < 12; pings += 1) await once(client, "ping");
  expect(line.closed).toBe(false);
  client.terminate();
  await closed(line);
});

test("whoever does not is given up", async () => {
  const { line, client } = await connected(2, { autoPong: false });
  client.on("error", () => undefined);
  await closed(line);
  expect(line.closed).toBe(true);
});

test("a client that falls behind is known to, and when it has caught up", async () => {
  const { line, client } = await connected(1_000);
  let read = 0;
  client.on("message", (data: Buffer) => (read += data.length));
  const frame = "x".repeat(8_000_000);
  for (let i = 0; i < 4; i += 1) line.send(frame);
  expect(line.congested).toBe(true);
  await new Promise<void>((resolve) => line.onDrain(resolve));
  expect(line.congested).toBe(false);
  expect(read).toBeGreaterThan(0);
  client.terminate();
  await closed(line);
});

test("nothing is sent to nobody, and who listens no more is not called", async () => {
  const { line, client } = await connected(1_000);
  let called = 0;
  line.onClose(() => (called += 1))();
  client.close(1000);
  await closed(line);
  line.send("too late");
  expect(called).toBe(0);
});
