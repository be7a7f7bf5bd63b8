/** Case 12: a configuration that changes while requests run, through real sockets. */
import { describe, expect, test } from "vitest";
import { parseConfig } from "../src/config/load.ts";
import { ask, gatewaysForTests, post, readEvents, until, type TestGateway } from "./support/gateway.ts";
import { create, socketsForTests, types } from "./support/web-socket-client.ts";

const { start } = gatewaysForTests();
const { dial, connect } = socketsForTests();

interface Settings {
  /** Each calls with a key that is called like it; none: nobody needs a key. */
  readonly keys?: readonly string[];
  /** Providers, each with its credentials as `name: key`, and perhaps more about them. */
  readonly providers?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly more?: string;
}

/** A config of Anthropic's providers, all of them the same simulator. */
const config =
  ({ keys = [], providers = { up: { c1: "key-number-1" } }, more = "" }: Settings) =>
  (upstream: string): string => {
    const callers = keys.map((name) => `  - { name: ${name}, key: key-of-${name} }\n`).join("");
    const hosts = Object.entries(providers).map(([name, credentials]) => {
      const pool = Object.entries(credentials).map(([credential, key]) => `{ name: ${credential}, api_key: ${key} }`);
      return `  ${name}: { type: anthropic, base_url: "${upstream}", credentials: [${pool.join(", ")}] }\n`;
    });
    const limits = "cooldown: { rate_limit_base: 10m, rate_limit_max: 10m }\nserver: { shutdown_grace: 200ms }\n";
    return `${callers && `keys:\n${callers}`}providers:\n${hosts.join("")}${more || limits}`;
  };

const reload = ({ gateway, simulator }: TestGateway, settings: Settings): Promise<unknown> =>
  gateway.reload(parseConfig(config(settings)(simulator.url), { path: "dragoman.yaml", environment: {}, overrides: { port: 0 } }).config);

const as = (name: string): Record<string, string> => ({ "x-api-key": `key-of-${name}` });

/** The status, and who served. */
async function served(gateway: TestGateway, model = "up/claude-sonnet-5-5"): Promise<readonly [number, string | null]> {
  const answer = await post(gateway.url, ask("hello", { model }));
  await answer.text();
  return [answer.status, answer.headers.get("x-dragoman-credential")];
}

/** A stream that has begun, and the rest of it. */
async function begun(gateway: TestGateway): Promise<{ rest: () => Promise<string> }> {
  gateway.simulator.script({ chunkDelayMs: 30, text: "One two three four five six seven eight nine ten." });
  const answer = await post(gateway.url, ask("hello", { stream: true, model: "up/claude-sonnet-5-5" }));
  const reader = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("content_block_delta")) text += (await reader.read()).value ?? "";
  return {
    async rest() {
      for (let read = await reader.read(); !read.done; read = await reader.read()) text += read.value;
      return text;
    },
  };
}

describe("a key that is removed", () => {
  test("is refused from the next request, one that is added served", async () => {
    const gateway = await start({ config: config({ keys: ["alice", "bob"] }) });
    const status = async (name: string): Promise<number> => (await post(gateway.url, ask("hello"), as(name))).status;
    expect([await status("alice"), await status("bob"), await status("carol")]).toEqual([200, 200, 401]);
    await reload(gateway, { keys: ["bob", "carol"] });
    expect([await status("alice"), await status("bob"), await status("carol")]).toEqual([401, 200, 200]);
  });

  test("is refused on an open WebSocket too, where what runs is finished", async () => {
    const gateway = await start({ config: config({ keys: ["alice", "bob"] }) });
    const [alice, bob] = await Promise.all(["alice", "bob"].map((name) => connect(gateway, { headers: as(name) })));
    if (!alice || !bob) throw new Error("two were opened");
    gateway.simulator.script({ chunkDelayMs: 30 });
    alice.send(create("first", { model: "up/claude-sonnet-5-5" }));
    await until(() => types(alice.events).includes("response.output_text.delta"));
    await reload(gateway, { keys: ["bob"] });
    for (const socket of [alice, bob]) socket.send(create("second", { model: "up/claude-sonnet-5-5" }));
    expect(types(await alice.answers(2)).slice(-2)).toEqual(["response.completed", "error"]);
    expect(alice.events.at(-1)).toMatchObject({ status: 401 });
    expect(await alice.ended()).toEqual({ code: 1001, reason: "Whoever opened this connection may not call any more." });
    expect(types(await bob.answers(1)).at(-1)).toBe("response.completed");
    expect((await dial(gateway.url, undefined, { headers: as("alice") }).refusal()).status).toBe(401);
  });
});

describe("running answers", () => {
  test("end as they began though their provider is gone; the next request finds what there is now", async () => {
    const gateway = await start({ config: config({}) });
    const running = await begun(gateway);
    await reload(gateway, { providers: { other: { d1: "key-number-9" } } });
    expect(await served(gateway)).toEqual([404, null]);
    expect(await served(gateway, "other/claude-sonnet-5-5")).toEqual([200, "d1"]);
    expect(readEvents(await running.rest()).at(-1)?.event).toBe("message_stop");
    expect(gateway.simulator.requests.map(({ outcome }) => outcome)).toEqual(["answered", "answered"]);
    await until(() => gateway.permits() === 0);
  });
});

describe("what is known of a credential", () => {
  const two = { up: { c1: "key-number-1", c2: "key-number-2" } };

  test("survives where the credential is left as it is", async () => {
    const gateway = await start({ config: config({ providers: two }) });
    gateway.simulator.credentials.set("key-number-1", "429");
    expect(await served(gateway)).toEqual([200, "c2"]);
    expect(gateway.simulator.requests.map(({ credential }) => credential)).toEqual(["key-number-1", "key-number-2"]);
    gateway.simulator.credentials.clear();
    await reload(gateway, { providers: { up: { c1: "key-number-1", c2: "key-number-3" }, other: { d1: "key-number-9" } } });
    expect([await served(gateway), await served(gateway)]).toEqual([
      [200, "c2"],
      [200, "c2"],
    ]);
    expect(gateway.simulator.requests.at(-1)?.credential).toBe("key-number-3");
  });

  test("is forgotten where another key stands under its name", async () => {
    const gateway = await start({ config: config({}) });
    gateway.simulator.credentials.set("key-number-1", "429");
    expect([(await served(gateway))[0], (await served(gateway))[0]]).toEqual([429, 429]);
    expect(gateway.simulator.requests).toHaveLength(1);
    await reload(gateway, { providers: { up: { c1: "key-number-2" } } });
    expect(await served(gateway)).toEqual([200, "c1"]);
  });

  test("so are its requests under way, whose number holds before and after", async () => {
    const limited = { up: { c1: "key-number-1, max_concurrency: 1" } };
    const gateway = await start({ config: config({ providers: limited }) });
    const running = await begun(gateway);
    await reload(gateway, { providers: { ...limited, other: { d1: "key-number-9" } } });
    const waiting = served(gateway);
    await until(() => gateway.gateway.describe().some(({ waiting }) => waiting === 1));
    expect(gateway.permits()).toBe(1);
    await running.rest();
    expect(await waiting).toEqual([200, "c1"]);
    await until(() => gateway.permits() === 0);
  });
});

describe("limits", () => {
  test("of bodies and WebSockets hold from the next request, and for connections that are opened later", async () => {
    const gateway = await start({ config: config({ more: "server: { max_body_bytes: 100000 }" }) });
    const big = (): Promise<Response> => post(gateway.url, ask("x".repeat(50_000)));
    expect((await big()).status).toBe(200);
    await reload(gateway, { more: "server: { max_body_bytes: 10000 }" });
    expect((await big()).status).toBe(413);
    const socket = await connect(gateway);
    socket.send(create("x".repeat(50_000)));
    expect(await socket.ended()).toMatchObject({ code: 1009 });
    await reload(gateway, { more: "server: { websocket: false }" });
    expect((await dial(gateway.url).refusal()).status).toBe(426);
  });
});

test("the simulator that is part of the program is there once it is configured", async () => {
  const gateway = await start({ config: () => "providers: {}" });
  expect((await fetch(`${gateway.url}/readyz`)).status).toBe(503);
  const { config } = parseConfig("providers: { offline: { type: simulator } }", { path: "dragoman.yaml", environment: {} });
  await gateway.gateway.reload(config);
  expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
  expect(await served(gateway, "any")).toEqual([200, "none"]);
});
