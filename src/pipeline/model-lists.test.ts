/** Asking providers for their models: a real transport, the simulator, and servers with bad manners. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { provider as testProvider } from "../../test/support/providers.ts";
import { httpServer, transport } from "../../test/support/transport.ts";
import { protocols } from "../protocols/index.ts";
import type { UpstreamSide } from "../protocols/protocol.ts";
import { createProvider } from "../providers/create.ts";
import { providerTypes } from "../providers/index.ts";
import type { Credential, Provider, ProviderType } from "../providers/provider.ts";
import { startSimulator, type Simulator } from "../simulator/server.ts";
import { fetchModels } from "./model-lists.ts";

const sideOf = (protocol: string): UpstreamSide => protocols.get(protocol)?.upstream as UpstreamSide;
const timeouts = { connectMs: 5_000, headersMs: 5_000, firstContentMs: 5_000, idleMs: 5_000 };

/** What the provider lists, asked in a protocol. */
async function list(provider: Provider, protocol: string, signal?: AbortSignal): Promise<readonly string[]> {
  const [credential] = provider.credentials as readonly [Credential];
  const context = { transport: transport(), userAgent: "dragoman/test" };
  return await fetchModels(context, { provider, upstream: sideOf(protocol), credential }, signal);
}

describe("of the simulator", () => {
  const models = Array.from({ length: 1003 }, (_, i) => `model-${i}`);
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator({ models, requireKey: true, record: true });
  });
  afterAll(() => simulator.close());

  const real = (type: string, basePath = "", apiKey = "sk-test"): Provider =>
    createProvider({
      name: type,
      type: providerTypes.find((candidate) => candidate.type === type) as ProviderType,
      baseUrl: { origin: simulator.url, basePath },
      timeouts,
      credentials: [{ name: "a", apiKey, priority: 0 }],
    });

  test.each([
    ["anthropic", "", "anthropic-messages", 2],
    ["gemini", "", "gemini", 2],
    ["openai", "/v1", "openai-responses", 1],
    ["openai", "/v1", "openai-chat", 1],
    ["groq", "/openai/v1", "openai-chat", 1],
  ] as const)("%s%s in %s, all pages of it", async (type, basePath, protocol, pages) => {
    const before = simulator.requests.length;
    expect(await list(real(type, basePath), protocol)).toEqual(models);
    const asked = simulator.requests.slice(before);
    expect(asked.map(({ method, credential }) => `${method} ${credential}`)).toEqual(Array(pages).fill("GET sk-test"));
    expect(asked[0]?.headers).toContain("dragoman/test");
  });

  test.each([
    ["anthropic", "", "anthropic-messages"],
    ["gemini", "", "gemini"],
    ["openai", "/v1", "openai-responses"],
  ] as const)("a missing key is told as what it is: %s", async (type, basePath, protocol) => {
    const refused = { kind: protocol === "gemini" ? "permission" : "unauthenticated" };
    await expect(list({ ...real(type, basePath), authorize: () => [] }, protocol)).rejects.toMatchObject(refused);
  });
});

describe("with limits", () => {
  const at = (origin: string, times = timeouts): Provider => testProvider("p", { origin, timeouts: times });
  const page = (names: readonly string[], last?: string): string =>
    JSON.stringify({ data: names.map((id) => ({ id })), has_more: last !== undefined, last_id: last });

  test("no more than 20 pages", async () => {
    let asked = 0;
    const origin = await httpServer((_incoming, response) => {
      asked += 1;
      response.end(page([`m${asked}`, "same"], `m${asked}`));
    });
    const models = await list(at(origin), "anthropic-messages");
    expect(asked).toBe(20);
    expect(models).toHaveLength(21);
  });

  test("a page that names itself as the next one is the last", async () => {
    let asked = 0;
    const origin = await httpServer((_incoming, response) => {
      asked += 1;
      response.end(page(["m"], "m"));
    });
    expect(await list(at(origin), "anthropic-messages")).toEqual(["m"]);
    expect(asked).toBe(2);
  });

  test("no more than 10 000 models", async () => {
    const names = Array.from({ length: 10_001 }, (_, i) => `m${i}`);
    const origin = await httpServer((_incoming, response) => void response.end(page(names, "m")));
    expect(await list(at(origin), "anthropic-messages")).toEqual(names.slice(0, 10_000));
  });

  test("no page of more than 8 MiB", async () => {
    const origin = await httpServer((_incoming, response) => void response.end(page(["x".repeat(8_388_608)])));
    await expect(list(at(origin), "anthropic-messages")).rejects.toMatchObject({
      kind: "upstream",
      message: expect.stringMatching(/larger than 8388608/),
    });
  });

  test.each([
    ["HTML", "<html>", {}],
    ["no list", "{}", {}],
    ["compressed", "{}", { "content-encoding": "gzip" }],
  ])("%s is an error", async (_name, body, headers) => {
    const origin = await httpServer((_incoming, response) => void response.writeHead(200, headers).end(body));
    await expect(list(at(origin), "openai-chat")).rejects.toMatchObject({ kind: "upstream" });
  });

  test("a refusal keeps what it says of when to come back", async () => {
    const origin = await httpServer((_incoming, response) => void response.writeHead(429, { "retry-after": "7" }).end("{}"));
    await expect(list(at(origin), "openai-chat")).rejects.toMatchObject({ kind: "rate-limited", detail: { retryAfterMs: 7000 } });
  });

  test("one time limit for all pages, and the connection is closed", async () => {
    let closed: () => void = () => {};
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const origin = await httpServer((_incoming, response) => {
      response.on("close", closed).write("{");
    });
    await expect(list(at(origin, { ...timeouts, connectMs: 20, headersMs: 30 }), "gemini")).rejects.toMatchObject({ kind: "timeout" });
    await gone;
  });

  test("a caller that gives up, before or meanwhile", async () => {
    const controller = new AbortController();
    const origin = await httpServer(() => controller.abort());
    await expect(list(at(origin), "gemini", controller.signal)).rejects.toMatchObject({ kind: "cancelled" });
    await expect(list(at(origin), "gemini", AbortSignal.abort())).rejects.toMatchObject({ kind: "cancelled" });
  });

  test("nobody there", async () => {
    await expect(list(at("http://127.0.0.1:1"), "gemini")).rejects.toMatchObject({ kind: "transport" });
  });
});
