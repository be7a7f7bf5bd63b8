import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import {
  answering,
  chunk,
  CHUNKED,
  Heard,
  LAST_CHUNK,
  listen,
  request,
  socketServer,
  transport,
  until,
} from "../../test/support/transport.ts";

describe("a failure", () => {
  test("before the head says that the connection was reset", async () => {
    for (const close of [(socket: Socket) => socket.resetAndDestroy(), (socket: Socket) => socket.end()]) {
      const origin = await socketServer((socket) => {
        socket.once("data", () => close(socket));
      });
      const heard = new Heard();
      transport().send(request(origin), heard);
      await heard.finished;
      expect(heard.calls).toEqual(["error"]);
      expect(heard.error).toMatchObject({ kind: "transport", detail: { resetBeforeHead: true } });
    }
  });

  test("after the head comes after all bytes that were received", async () => {
    for (const close of [(socket: Socket) => socket.resetAndDestroy(), (socket: Socket) => socket.end()]) {
      let connection: Socket | undefined;
      const origin = await socketServer((socket) => {
        connection = socket;
        socket.once("data", () => socket.write(CHUNKED + chunk("half") + chunk(" of it")));
      });
      const heard = new Heard();
      transport().send(request(origin), heard);
      await until(() => heard.body !== "");
      if (connection) close(connection);
      await heard.finished;
      expect(heard.calls).toEqual(["head", "data", "error"]);
      expect(heard.body).toBe("half of it");
      expect(heard.error).toMatchObject({ kind: "transport", message: expect.stringContaining("in the middle of its answer") });
      expect(heard.error?.detail.resetBeforeHead).toBeUndefined();
    }
  });

  test("in the turn of the last bytes does not swallow them", async () => {
    const origin = await socketServer((socket) => {
      socket.once("data", () => socket.write(CHUNKED + chunk("half") + "not a chunk\r\n"));
    });
    const heard = new Heard();
    transport().send(request(origin), heard);
    await heard.finished;
    expect(heard.calls).toEqual(["head", "data", "error"]);
    expect([heard.body, heard.error?.kind]).toEqual(["half", "upstream"]);
  });

  test("to connect is no reset, and names no address", async () => {
    const server = createServer();
    const origin = await listen(server);
    server.close();
    await once(server, "close");
    const heard = new Heard();
    transport().send(request(origin), heard);
    await heard.finished;
    expect(heard.error).toMatchObject({ kind: "transport", message: "The connection to the upstream failed (ECONNREFUSED)." });
    expect(heard.error?.detail.resetBeforeHead).toBeUndefined();
  });

  test("to connect in time is a timeout", async () => {
    const origin = (await socketServer(() => {})).replace("http:", "https:");
    const heard = new Heard();
    transport().send(request(origin, { connectTimeoutMs: 20 }), heard);
    await heard.finished;
    expect(heard.error?.kind).toBe("timeout");
  });

  test.each([
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "The upstream's answer is not HTTP."],
    ["endless headers", `HTTP/1.1 200 OK\r\n${"x-more: of them\r\n".repeat(10_000)}`, "The upstream's answer has too many headers."],
  ])("to speak HTTP (%s) is the upstream's", async (_name, bytes, message) => {
    const heard = new Heard();
    transport().send(request(await answering(bytes)), heard);
    await heard.finished;
    expect(heard.calls).toEqual(["error"]);
    expect(heard.error).toMatchObject({ kind: "upstream", message });
  });

  test("of the request itself is told after send has returned", async () => {
    const heard = new Heard();
    transport().send(request("http://127.0.0.1:1", { headers: ["x-broken", "a\nb"] }), heard);
    expect(heard.calls).toEqual([]);
    await heard.finished;
    expect(heard.error?.kind).toBe("internal");
  });

  test.each(["onHead", "onData", "onEnd"] as const)("of %s ends that request only", async (broken) => {
    const origin = await answering(CHUNKED + chunk("text") + LAST_CHUNK);
    const heard = new Heard();
    heard[broken] = () => {
      throw new Error("a bug");
    };
    const client = transport();
    client.send(request(origin), heard);
    await heard.finished;
    expect(heard.error).toMatchObject({ kind: "internal", detail: { cause: { message: "a bug" } } });
    const next = new Heard();
    client.send(request(origin), next);
    await next.finished;
    expect(next.body).toBe("text");
  });
});
