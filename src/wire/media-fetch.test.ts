import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createMediaFetch, MediaFetchError, type FetchedMedia, type HostAddress, type MediaFetchOptions } from "./media-fetch.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server on this machine, and its port. */
async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

const OPTIONS: MediaFetchOptions = {
  maxBytes: 1000,
  timeoutMs: 5000,
  allowPrivate: true,
  userAgent: "dragoman/test",
  resolve: async () => [{ address: "127.0.0.1", family: 4 }],
};

function get(url: string, over: Partial<MediaFetchOptions> = {}, signal = new AbortController().signal): Promise<FetchedMedia> {
  return createMediaFetch({ ...OPTIONS, ...over })(url, signal);
}

describe("what is fetched", () => {
  test("the bytes and the type, with nothing told but who asks", async () => {
    const seen: IncomingMessage[] = [];
    const port = await serve((request, response) => {
      seen.push(request);
      response.writeHead(200, { "content-type": "Image/PNG; charset=binary" }).end("bytes");
    });
    expect(await get(`http://pictures.example:${port}/a.png?b=c`)).toEqual({ bytes: Buffer.from("bytes"), mediaType: "image/png" });
    expect(seen[0]?.url).toBe("/a.png?b=c");
    expect(seen[0]?.headers).toEqual({
      host: `pictures.example:${port}`,
      "user-agent": "dragoman/test",
      accept: "*/*",
      "accept-encoding": "identity",
      connection: "close",
    });
  });

  test("the name is resolved once, and the connection goes to that address", async () => {
    const port = await serve((_, response) => void response.end("pinned"));
    const asked: string[] = [];
    const answers = ["127.0.0.1", "192.0.2.1"];
    const resolve = async (host: string): Promise<{ address: string; family: number }[]> => {
      asked.push(host);
      return [{ address: answers.shift() ?? "", family: 4 }];
    };
    expect((await get(`http://rebinding.example:${port}/`, { resolve })).bytes.toString()).toBe("pinned");
    expect(asked).toEqual(["rebinding.example"]);
  });
});

test("few names are looked up at once, and one that is never answered holds nobody else up for longer than a fetch may take", async () => {
  let running = 0;
  let most = 0;
  const answers: (() => void)[] = [];
  const resolve = (): Promise<HostAddress[]> => {
    most = Math.max(most, (running += 1));
    return new Promise((found) => answers.push(() => ((running -= 1), found([]))));
  };
  const fetch = createMediaFetch({ ...OPTIONS, resolve });
  const { signal } = new AbortController();
  const all = Array.from({ length: 5 }, (_, i) => fetch(`http://${i}.example/`, signal).catch(({ message }: Error) => message));
  for (let told = 0; told < 5; told += 1) {
    while (answers.length === 0) await new Promise((later) => setImmediate(later));
    answers.shift()?.();
  }
  expect(new Set(await Promise.all(all))).toEqual(new Set(["its host cannot be found on the public internet"]));
  expect(most).toBe(2);
  const stuck = createMediaFetch({ ...OPTIONS, timeoutMs: 50, resolve: () => new Promise(() => undefined) });
  const late = Array.from({ length: 3 }, (_, i) => stuck(`http://${i}.example/`, signal).catch(({ message }: Error) => message));
  expect(await Promise.all(late)).toEqual(late.map(() => "it took longer than 0.05 s"));
});

describe("what is refused", () => {
  const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nupgrade: other\r\nconnection: upgrade\r\n\r\n";
  const cases: readonly (readonly [what: string, listener: RequestListener, why: RegExp])[] = [
    ["a redirect", (_, response) => response.writeHead(302, { location: "http://127.0.0.1/" }).end(), /redirects are not followed/],
    ["an error", (_, response) => response.writeHead(404).end("no"), /HTTP 404/],
    ["an empty answer's status", (_, response) => response.writeHead(204).end(), /HTTP 204/],
    [
      "a large one that says so",
      (_, response) => response.writeHead(200, { "content-length": 1001 }).end(Buffer.alloc(1001)),
      /larger than 1000/,
    ],
    [
      "a large one that does not say so",
      (_, response) => void (response.write(Buffer.alloc(900)), response.end(Buffer.alloc(900))),
      /larger than 1000/,
    ],
    ["a compressed one", (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end("x"), /compressed/],
    ["one that turns into another protocol", (request) => void request.socket.end(SWITCHING), /HTTP 101/],
    ["a broken connection", (request) => request.socket.destroy(), /connection failed \(ECONNRESET\)/],
    [
      "one cut short",
      (_, response) => void (response.writeHead(200, { "content-length": 9 }).write("x"), setTimeout(() => response.destroy(), 20)),
      /connection failed/,
    ],
  ];
  test.each(cases)("%s", async (_what, listener, why) => {
    const port = await serve(listener);
    await expect(get(`http://a.example:${port}/`)).rejects.toThrow(why);
  });

  test("a server that takes too long, in its head or in its body", async () => {
    const silent = await serve(() => undefined);
    await expect(get(`http://a.example:${silent}/`, { timeoutMs: 50 })).rejects.toThrow("it took longer than 0.05 s");
    const slow = await serve((_, response) => void response.write("x"));
    await expect(get(`http://a.example:${slow}/`, { timeoutMs: 50 })).rejects.toThrow("it took longer than 0.05 s");
    const never = (): Promise<never> => new Promise(() => undefined);
    await expect(get("http://a.example/", { timeoutMs: 50, resolve: never })).rejects.toThrow("it took longer than 0.05 s");
  });

  test("everything once the caller has left", async () => {
    const leaving = new AbortController();
    const port = await serve(() => leaving.abort());
    await expect(get(`http://a.example:${port}/`, {}, leaving.signal)).rejects.toThrow(MediaFetchError);
  });

  test.each([
    ["file:///etc/passwd", /not an http or https URL/],
    ["ftp://example.com/a", /not an http or https URL/],
    ["nonsense", /not an http or https URL/],
    ["https://user:secret@example.com/", /user name or a password/],
    ["https://example.com:8443/", /ports 80 and 443/],
    ["http://example.com:22/", /ports 80 and 443/],
  ])("%s", async (url, why) => {
    await expect(get(url, { allowPrivate: false })).rejects.toThrow(why);
  });

  test.each([
    "http://127.0.0.1/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://[::1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.100.100.200/",
    "https://10.0.0.1:443/",
  ])("the address %s", async (url) => {
    await expect(get(url, { allowPrivate: false })).rejects.toThrow(/^its host cannot be found on the public internet$/);
  });

  test("a name with any address that is not public, without telling which", async () => {
    const both = [
      { address: "8.8.8.8", family: 4 },
      { address: "10.9.8.7", family: 4 },
    ];
    const resolve = async (): Promise<typeof both> => both;
    const failure = await get("https://inside.example/", { allowPrivate: false, resolve }).catch((thrown: Error) => thrown);
    expect(failure).toBeInstanceOf(MediaFetchError);
    expect((failure as Error).message).toBe("its host cannot be found on the public internet");
  });

  test("a name that nobody knows, in the same words", async () => {
    const resolve = (): Promise<never> => Promise.reject(new Error("getaddrinfo ENOTFOUND"));
    await expect(get("https://nowhere.example/", { resolve })).rejects.toThrow("its host cannot be found on the public internet");
  });
});
