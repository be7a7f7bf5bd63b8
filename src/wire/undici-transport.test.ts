import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  answering,
  chunk,
  CHUNKED,
  Heard,
  httpServer,
  LAST_CHUNK,
  pause,
  request,
  socketServer,
  transport,
  turn,
  until,
} from "../../test/support/transport.ts";
import type { UpstreamCall } from "./transport.ts";
import { createUndiciTransport } from "./undici-transport.ts";

describe("a request", () => {
  test("arrives as it was given: method, path, headers and bytes", async () => {
    let seen: { url: string | undefined; method: string | undefined; rawHeaders: string[]; body: Buffer } | undefined;
    const origin = await httpServer(async (incoming, response) => {
      const { url, method, rawHeaders } = incoming;
      seen = { url, method, rawHeaders, body: await readAll(incoming) };
      response.end("ok");
    });
    const body = Buffer.from([0, 255, 10, 13, 128]);
    const heard = new Heard();
    transport().send(
      request(origin, { path: "/v1/messages?beta=true", headers: ["X-Api-Key", "k", "x-two", "a", "x-two", "b"], body }),
      heard,
    );
    await heard.finished;
    expect(seen).toMatchObject({ url: "/v1/messages?beta=true", method: "POST" });
    expect(seen?.body.equals(body)).toBe(true);
    expect(seen?.rawHeaders.join("\n")).toContain("X-Api-Key\nk\nx-two\na\nx-two\nb");
  });

  test("uses the connection of the one before it", async () => {
    const sockets = new Set<Socket>();
    const origin = await httpServer((incoming, response) => {
      sockets.add(incoming.socket);
      response.end("ok");
    });
    const client = transport();
    for (let i = 0; i < 3; i += 1) {
      const heard = new Heard();
      client.send(request(origin), heard);
      await heard.finished;
      expect(heard.calls).toEqual(["head", "data", "end"]);
      // A connection is free again one turn after its answer has ended.
      await turn();
      await turn();
    }
    expect(sockets.size).toBe(1);
  });

  test("does not wait for others: each has its own connection", async () => {
    const waiting: (() => void)[] = [];
    const origin = await httpServer((_incoming, response) => {
      waiting.push(() => response.end("ok"));
    });
    const client = transport();
    const heard = Array.from({ length: 20 }, () => new Heard());
    for (const listener of heard) client.send(request(origin), listener);
    await until(() => waiting.length === heard.length);
    for (const answer of waiting) answer();
    await Promise.all(heard.map(({ finished }) => finished));
    expect(heard.map(({ body }) => body)).toEqual(heard.map(() => "ok"));
  });
});

describe("an answer", () => {
  test("of 200 chunks in one read is one call", async () => {
    const events = Array.from({ length: 200 }, (_, index) => `event: e\ndata: ${index}\n\n`);
    const origin = await answering(CHUNKED + events.map(chunk).join("") + LAST_CHUNK);
    const heard = new Heard();
    transport().send(request(origin), heard);
    await heard.finished;
    expect(heard.calls).toEqual(["head", "data", "end"]);
    expect(heard.body).toBe(events.join(""));
  });

  test("is heard as it comes, before it ends", async () => {
    let connection: Socket | undefined;
    const origin = await socketServer((socket) => {
      connection = socket;
      socket.once("data", () => socket.write(CHUNKED));
    });
    const heard = new Heard();
    transport().send(request(origin), heard);
    await until(() => heard.calls.includes("head"));
    for (const text of ["one", "two"]) {
      connection?.write(chunk(text));
      await until(() => heard.body.endsWith(text));
    }
    connection?.write(LAST_CHUNK);
    await heard.finished;
    expect(heard.calls).toEqual(["head", "data", "data", "end"]);
  });

  test("has its status and headers as they came, after any 1xx", async () => {
    const origin = await answering(
      "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n",
      Buffer.from(
        "HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nX-Two: a\r\nX-Two: b\r\nX-Latin: \xe9\r\ncontent-length: 2\r\n\r\nno",
        "latin1",
      ),
    );
    const heard = new Heard();
    transport().send(request(origin), heard);
    await heard.finished;
    expect(heard.status).toBe(429);
    expect(heard.headers).toEqual(["Retry-After", "7", "X-Two", "a", "X-Two", "b", "X-Latin", "é", "content-length", "2"]);
    expect(heard.calls).toEqual(["head", "data", "end"]);
  });

  test("may have no body, or end with its connection", async () => {
    for (const [bytes, body] of [
      ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", ""],
      ["HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall of it", "all of it"],
    ] as const) {
      const origin = await socketServer((socket) => {
        socket.once("data", () => socket.end(bytes));
      });
      const heard = new Heard();
      transport().send(request(origin), heard);
      await heard.finished;
      expect([heard.calls.at(-1), heard.body]).toEqual(["end", body]);
    }
  });

  test("is the same however its bytes are cut", async () => {
    let writes: Buffer[] = [];
    const origin = await socketServer((socket) => {
      socket.setNoDelay(true);
      socket.on("data", () => {
        void writeEach(socket, writes);
      });
    });
    const client = transport();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "binary", minLength: 1, maxLength: 40 }), { maxLength: 12 }),
        fc.array(fc.nat({ max: 400 }), { maxLength: 6 }),
        async (texts, cuts) => {
          const bytes = Buffer.from(CHUNKED + texts.map(chunk).join("") + LAST_CHUNK);
          const borders = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
          writes = borders.slice(1).map((end, index) => bytes.subarray(borders[index], end));
          const heard = new Heard();
          client.send(request(origin), heard);
          await heard.finished;
          expect(heard.body).toBe(texts.join(""));
          expect(heard.calls.filter((call) => call !== "data")).toEqual(["head", "end"]);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("aborting", () => {
  test("before the answer closes the connection, and nothing more is heard", async () => {
    let closed = false;
    let asked = false;
    const origin = await socketServer((socket) => {
      socket.on("data", () => {
        asked = true;
      });
      socket.on("close", () => {
        closed = true;
      });
    });
    const heard = new Heard();
    const call = transport().send(request(origin), heard);
    await until(() => asked);
    call.abort();
    call.abort();
    await until(() => closed);
    expect(heard.calls).toEqual([]);
  });

  test("in the middle of the answer closes the connection, and what was received but not told is dropped", async () => {
    let closed = false;
    const origin = await socketServer((socket) => {
      socket.once("data", () => socket.write(CHUNKED + chunk("text")));
      socket.on("close", () => {
        closed = true;
      });
    });
    const heard = new Heard();
    let call: UpstreamCall | undefined;
    heard.onHead = () => {
      heard.calls.push("head");
      call?.abort();
    };
    call = transport().send(request(origin), heard);
    await until(() => closed);
    expect(heard.calls).toEqual(["head"]);
  });

  test("before the request went out means that it never does", async () => {
    let bytes = "";
    const origin = await socketServer((socket) => {
      socket.on("data", (data) => {
        bytes += data.toString();
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      });
    });
    const client = transport();
    const heard = new Heard();
    client.send(request(origin, { path: "/aborted" }), heard).abort();
    const next = new Heard();
    client.send(request(origin, { path: "/next" }), next);
    await next.finished;
    expect(bytes).toContain("/next");
    expect(bytes).not.toContain("/aborted");
    expect(heard.calls).toEqual([]);
  });

  test("after the end does nothing to whoever uses the connection now", async () => {
    let answers: (() => void)[] = [];
    const origin = await httpServer((_incoming, response) => {
      answers.push(() => response.end("ok"));
    });
    const client = transport();
    const first = new Heard();
    const firstCall = client.send(request(origin), first);
    await until(() => answers.length === 1);
    answers[0]?.();
    await first.finished;
    const second = new Heard();
    client.send(request(origin), second);
    await until(() => answers.length === 2);
    firstCall.abort();
    firstCall.pause();
    firstCall.resume();
    answers[1]?.();
    await second.finished;
    expect(second.calls).toEqual(["head", "data", "end"]);
  });
});

describe("backpressure", () => {
  test("a pause stops the upstream's sending, and a resume lets all of it through", async () => {
    const piece = Buffer.alloc(65_536, "x");
    const total = 64 * 1_048_576;
    let written = 0;
    const origin = await httpServer(async (_incoming, response) => {
      while (written < total) {
        written += piece.length;
        if (!response.write(piece)) await once(response, "drain");
      }
      response.end();
    });
    const heard = new Heard();
    let received = 0;
    let call: UpstreamCall | undefined;
    heard.onData = (data) => {
      if (received === 0) call?.pause();
      received += data.length;
    };
    call = transport().send(request(origin), heard);
    // What the sockets' buffers take is bounded: the sender comes to a standstill far from its end.
    for (let before = -1; before !== written;) {
      before = written;
      await pause(100);
    }
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(total / 2);
    expect(received).toBeLessThan(1_048_576);
    call.resume();
    await heard.finished;
    expect(received).toBe(total);
    expect(heard.calls).toEqual(["head", "end"]);
  });

  test("resuming an answer that has ended does not resume the one that has its connection now", async () => {
    const sockets = new Set<Socket>();
    const origin = await socketServer((socket) => {
      sockets.add(socket);
      socket.on("data", () => socket.write(CHUNKED + chunk("text") + LAST_CHUNK));
    });
    const client = transport();
    const first = new Heard();
    let firstCall: UpstreamCall | undefined;
    first.onData = () => firstCall?.pause();
    firstCall = client.send(request(origin), first);
    await first.finished;
    await turn();
    await turn();
    const second = new Heard();
    const secondCall = client.send(request(origin), second);
    secondCall.pause();
    await until(() => second.calls.includes("head"));
    firstCall.resume();
    await turn();
    expect(second.calls).toEqual(["head"]);
    expect(sockets.size).toBe(1);
    secondCall.resume();
    await second.finished;
    expect(second.body).toBe("text");
  });

  test("a pause before the head holds the body", async () => {
    const origin = await answering(CHUNKED + chunk("text") + LAST_CHUNK);
    const heard = new Heard();
    const call = transport().send(request(origin), heard);
    call.pause();
    await until(() => heard.calls.includes("head"));
    await turn();
    expect(heard.calls).toEqual(["head"]);
    call.resume();
    await heard.finished;
    expect(heard.body).toBe("text");
  });
});

test("closing lets what runs finish, and takes nothing new", async () => {
  let answer: (() => void) | undefined;
  const origin = await httpServer((_incoming, response) => {
    answer = () => response.end("ok");
  });
  const client = createUndiciTransport();
  const running = new Heard();
  client.send(request(origin), running);
  await until(() => answer !== undefined);
  const closed = client.close();
  const late = new Heard();
  client.send(request(origin), late);
  await late.finished;
  expect(late.error?.kind).toBe("unavailable");
  answer?.();
  await Promise.all([running.finished, closed]);
  expect(running.body).toBe("ok");
});

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const data of incoming) chunks.push(data as Buffer);
  return Buffer.concat(chunks);
}

async function writeEach(socket: Socket, writes: readonly Buffer[]): Promise<void> {
  for (const bytes of writes) {
    socket.write(bytes);
    await turn();
  }
}
