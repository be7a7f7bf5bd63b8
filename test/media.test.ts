/** Pictures and documents at URLs, for models that do not fetch them (rules 170, 171). */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ask, gatewaysForTests, pool, post, type TestGateway } from "./support/gateway.ts";

const { start } = gatewaysForTests();

const PNG = Buffer.from("iVBORw0KGgo=", "base64");
const OTHER_PNG = Buffer.concat([PNG, Buffer.from("other")]);

/** What lies at each path of the caller's web server, and what was asked of it. */
const files = new Map<string, { readonly type: string; readonly bytes: Buffer }>();
const asked: string[] = [];
let web: Server;
let origin: string;

beforeEach(async () => {
  files.clear();
  asked.length = 0;
  web = createServer(({ url = "" }, response) => {
    asked.push(url);
    const file = files.get(url);
    if (file) response.writeHead(200, { "content-type": file.type }).end(file.bytes);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => {
    web.listen(0, "127.0.0.1", resolve);
  });
  origin = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
});
afterEach(() => {
  web.close();
});

const image = (url: string): object => ({ type: "image", source: { type: "url", url } });
const user = (...content: object[]): object => ({ role: "user", content: [...content, { type: "text", text: "what?" }] });
const about = (...messages: object[]): object => ({ ...ask(""), messages });

function gemini(more = "media: { allow_private: true }"): Promise<TestGateway> {
  return start({ config: pool("gemini", 1, more) });
}

function sent({ simulator }: TestGateway, index = -1): string {
  return simulator.requests.at(index)?.body.toString() ?? "";
}

const inline = (mimeType: string, bytes: Buffer): string => `"inlineData":${JSON.stringify({ mimeType, data: bytes.toString("base64") })}`;

describe("rule 171: a picture at any address reaches Gemini as bytes", () => {
  test("once however often it is named, in messages and in tool results, under the type it has", async () => {
    files.set("/a", { type: "text/plain", bytes: PNG });
    files.set("/b.pdf", { type: "application/octet-stream", bytes: Buffer.from("%PDF-1.7") });
    const gateway = await gemini();
    const result = { type: "tool_result", tool_use_id: "t1", content: [image(`${origin}/a`)] };
    const answer = await post(
      gateway.url,
      about(
        user(image(`${origin}/a`), { type: "document", source: { type: "url", url: `${origin}/b.pdf` } }),
        { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "see", input: {} }] },
        user(result),
      ),
    );
    expect(answer.status).toBe(200);
    expect(asked.toSorted()).toEqual(["/a", "/b.pdf"]);
    expect(sent(gateway).split(inline("image/png", PNG))).toHaveLength(3);
    expect(sent(gateway)).toContain(inline("application/pdf", Buffer.from("%PDF-1.7")));
    expect(answer.headers.get("x-dragoman-loss") ?? "").not.toContain("media-url");
  });

  test("its bytes stay the same while the conversation goes on", async () => {
    files.set("/latest", { type: "image/png", bytes: PNG });
    const gateway = await gemini();
    const first = user(image(`${origin}/latest`));
    await post(gateway.url, about(first));
    files.set("/latest", { type: "image/png", bytes: OTHER_PNG });
    await post(gateway.url, about(first, { role: "assistant", content: "A dot." }, user()));
    expect(asked).toEqual(["/latest"]);
    expect(sent(gateway, 1)).toContain(inline("image/png", PNG));
  });

  test("a caller is not given what was fetched for another", async () => {
    files.set("/a", { type: "image/png", bytes: PNG });
    const keys = "keys: [{ name: alice, key: alice-secret-key }, { name: bob, key: bob-secret-key }]";
    const { url } = await gemini(`media: { allow_private: true }\n${keys}`);
    for (const key of ["alice-secret-key", "bob-secret-key", "alice-secret-key"]) {
      await post(url, about(user(image(`${origin}/a`))), { "x-api-key": key });
    }
    expect(asked).toEqual(["/a", "/a"]);
  });

  test("what Gemini fetches itself is not fetched here, nor what stands in the request", async () => {
    const gateway = await gemini("");
    const video = "https://www.youtube.com/watch?v=1";
    const data = `data:image/png;base64,${PNG.toString("base64")}`;
    expect((await post(gateway.url, about(user(image(video), image(data))))).status).toBe(200);
    expect(sent(gateway)).toContain(`"fileUri":"${video}"`);
    expect(sent(gateway)).toContain(inline("image/png", PNG));
  });
});

describe("rule 170: what Claude fetches, and what it does not", () => {
  test("rule 170: an https address is left to Claude, an http one is fetched for it", async () => {
    files.set("/a", { type: "image/png", bytes: PNG });
    const gateway = await start({ config: pool("anthropic", 1, "media: { allow_private: true }") });
    const content = ["https://pictures.example/b.png", `${origin}/a`].map((url) => ({ type: "image_url", image_url: { url } }));
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "claude-sonnet-4-6", messages: [{ role: "user", content }] }),
    });
    expect(answer.status).toBe(200);
    expect(asked).toEqual(["/a"]);
    const { messages } = JSON.parse(sent(gateway)) as { messages: { content: { source: object }[] }[] };
    expect(messages[0]?.content.map(({ source }) => source)).toEqual([
      { type: "url", url: "https://pictures.example/b.png" },
      { type: "base64", media_type: "image/png", data: PNG.toString("base64") },
    ]);
  });
});

describe("rule 171: a picture that cannot be had is refused, never dropped", () => {
  const cases: readonly (readonly [what: string, path: string, why: string])[] = [
    ["nothing there", "/gone", "its server answered HTTP 404"],
    ["a page in its place", "/page", "it is text/html"],
    ["no bytes", "/empty", "it is empty"],
    ["bytes of no known type", "/unknown", "nothing says of what type it is"],
    ["too many bytes", "/large", "it is larger than 1024 bytes"],
  ];
  test.each(cases)("%s: 400, naming the part and why", async (_what, path, why) => {
    files.set("/page", { type: "text/html", bytes: Buffer.from("<p>sorry") });
    files.set("/empty", { type: "image/png", bytes: Buffer.alloc(0) });
    files.set("/unknown", { type: "application/octet-stream", bytes: Buffer.from("??") });
    files.set("/large", { type: "image/png", bytes: Buffer.alloc(1025) });
    const gateway = await gemini("media: { allow_private: true, max_bytes: 1024 }");
    const answer = await post(gateway.url, about(user(image(`${origin}${path}`))));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: {
        type: "invalid_request_error",
        message: `messages[0].content[0]: the image at this URL could not be fetched: ${why}.`,
      },
    });
    expect(gateway.simulator.requests).toHaveLength(0);
    expect(gateway.permits()).toBe(0);
  });

  test("too many bytes together", async () => {
    files.set("/a", { type: "image/png", bytes: Buffer.concat([PNG, Buffer.alloc(600)]) });
    files.set("/b", { type: "image/png", bytes: Buffer.concat([PNG, Buffer.alloc(600)]) });
    const { url } = await gemini("media: { allow_private: true, max_bytes: 1024 }");
    const answer = await post(url, about(user(image(`${origin}/a`), image(`${origin}/b`))));
    expect(await answer.json()).toMatchObject({
      error: { message: expect.stringContaining("the files of this request have more than 1024 bytes together") },
    });
  });

  test("an address of this machine, unless it may be asked; it is not told", async () => {
    files.set("/a", { type: "image/png", bytes: PNG });
    const { url } = await gemini("");
    const answer = await post(url, about(user(image("http://localhost/a"))));
    expect(answer.status).toBe(400);
    const body = await answer.text();
    expect(body).toContain("its host cannot be found on the public internet");
    expect(body).not.toMatch(/127\.0\.0\.1|::1/);
    expect(asked).toEqual([]);
  });

  test("another target may do without", async () => {
    const config = (upstream: string): string => `
providers:
  g: { type: gemini, base_url: "${upstream}", credentials: [{ api_key: key-one }] }
  a: { type: anthropic, base_url: "${upstream}", credentials: [{ api_key: key-two }] }
models: { "*": [g/gemini-3.8-pro, a/claude-opus-5-5] }
`;
    const gateway = await start({ config });
    const answer = await post(gateway.url, about(user(image("http://localhost/a"))));
    expect(answer.headers.get("x-dragoman-model")).toBe("a/claude-opus-5-5");
  });
});
