/** Replicas that share what rests and which conversation stays where (resilience §3), each a gateway, over a real Redis. */
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parseConfig } from "../src/config/load.ts";
import { createGateway, type Gateway } from "../src/gateway.ts";
import { startSimulator, type Simulator } from "../src/simulator/server.ts";
import { createLogger } from "../src/telemetry/log.ts";
import { ask, pool, post, until } from "./support/gateway.ts";
import { startRedis, type RedisServer, type RedisServerOptions } from "./support/redis-server.ts";

interface Replica {
  readonly url: string;
  readonly gateway: Gateway;
  readonly log: string[];
}

let redis: RedisServer;
let upstream: Simulator;
const open: (() => Promise<void> | void)[] = [];

beforeEach(async () => {
  upstream = await startSimulator({ record: true });
  open.push(() => upstream.close());
});
afterEach(async () => {
  vi.useRealTimers();
  for (const close of open.splice(0).toReversed()) await close();
});

async function withRedis(options?: RedisServerOptions): Promise<void> {
  redis = await startRedis(options);
  open.push(() => redis.kill());
}

/** The names of keys of a kind, once there are any. */
async function written(kind: "rest" | "binding"): Promise<string[]> {
  const raw = new Redis(redis.url);
  open.push(() => raw.disconnect());
  let keys: string[] = [];
  while (keys.length === 0) keys = await raw.keys(`dragoman:${kind}:*`);
  return keys;
}

/** A rest that a test has not to hurry for, and one that ends at once. */
const LASTING = "rate_limit_base: 10m, rate_limit_max: 10m";
const SHORT = "rate_limit_base: 1ms, rate_limit_max: 1ms";

async function replica({ keys = 2, rest = LASTING }: { keys?: number; rest?: string } = {}): Promise<Replica> {
  const text = `${pool("anthropic", keys)(upstream.url).replace("rate_limit_base: 200ms, rate_limit_max: 400ms", rest)}redis: { url: "${redis.url}" }\n`;
  const { config } = parseConfig(text, { path: "dragoman.yaml", environment: {}, overrides: { port: 0 } });
  const log: string[] = [];
  // The redaction is not to be what keeps secrets out.
  const logger = createLogger({ level: "trace", secrets: [], stream: { write: (line) => void log.push(line) } });
  const gateway = await createGateway({ config, log: logger, stateKeys: [Buffer.alloc(32, 7)] });
  open.push(() => gateway.close());
  const { host, port } = await gateway.listen();
  return { url: `http://${host}:${port}`, gateway, log };
}

/** Who served it; `undefined`: nobody. */
async function served({ url }: Replica, session?: string): Promise<string | undefined> {
  const answer = await post(url, ask("hello"), session === undefined ? {} : { "x-session-id": session });
  await answer.text();
  return answer.ok ? (answer.headers.get("x-dragoman-credential") ?? undefined) : undefined;
}

/** The credentials that rest, as a replica sees it. */
const resting = ({ gateway }: Replica): string[] =>
  gateway.describe().flatMap(({ credentials }) => credentials.filter(({ cooldowns }) => cooldowns.length > 0).map(({ name }) => name));

const sharingIs = (state: "connected" | "down", ...replicas: readonly Replica[]): Promise<void> =>
  until(() => replicas.every(({ gateway }) => gateway.describeSharing()?.state === state));

/** The lines about Redis. */
const said = ({ log }: Replica): string[] =>
  log
    .map((line) => JSON.parse(line) as { level: string; redis?: string })
    .filter((line) => line.redis !== undefined)
    .map(({ level }) => level);

test("a 429 at one replica rests the credential at the other", async () => {
  await withRedis();
  const [a, b] = [await replica(), await replica()];
  upstream.script("429");
  expect(await served(a)).toBe("c2");
  await until(() => resting(b).length > 0);
  expect(resting(b)).toEqual(["c1"]);
  expect(b.gateway.describe()[0]?.credentials[0]?.cooldowns).toMatchObject([{ why: "rate-limited", failures: 1, probing: false }]);
  for (let i = 0; i < 4; i += 1) expect(await served(b)).toBe("c2");
  expect(upstream.requests).toHaveLength(6);
});

test("a success at one replica ends the rest at the other", async () => {
  await withRedis();
  const [a, b] = [await replica({ rest: SHORT }), await replica({ rest: SHORT })];
  upstream.script("429");
  await served(a);
  await until(() => resting(b).length > 0);
  while (resting(a).length > 0) await served(a);
  await until(() => resting(b).length === 0);
});

test("a provider that is down is down for all, and up again for all", async () => {
  await withRedis();
  const [a, b] = [await replica(), await replica()];
  const circuit = ({ gateway }: Replica): unknown[] => [...(gateway.describe()[0]?.circuit ?? [])];
  upstream.script("500", "500");
  await served(a);
  await until(() => circuit(b).length > 0);
  while (circuit(a).length > 0) await served(a);
  await until(() => circuit(b).length === 0);
});

test("a conversation stays with its credential whichever replica it comes to, and one that starts later knows it", async () => {
  await withRedis();
  const [a, b] = [await replica({ keys: 5 }), await replica({ keys: 5 })];
  const sessions = ["s1", "s2", "s3", "s4"];
  const bound = [];
  for (const session of sessions) bound.push(await served(a, session));
  expect(new Set(bound).size).toBe(4);
  // What was told after it was heard after it.
  upstream.script("429");
  await served(a);
  await until(() => resting(b).length > 0);
  const late = await replica({ keys: 5 });
  expect(resting(late)).toEqual(resting(a));
  for (const one of [b, late]) {
    for (const [index, session] of sessions.entries()) expect(await served(one, session)).toBe(bound[index]);
  }
});

test("when Redis is gone both serve, say so once, and rest alone; when it is back they share what they learned apart", async () => {
  await withRedis();
  const [a, b] = [await replica({ keys: 3 }), await replica({ keys: 3 })];
  await redis.kill();
  await sharingIs("down", a, b);
  upstream.script("429");
  await served(a);
  upstream.script("429");
  await served(b);
  expect([resting(a), resting(b)]).toEqual([["c1"], ["c1"]]);
  upstream.script("429");
  await served(b);
  expect(resting(b)).toHaveLength(2);
  expect(resting(a)).toEqual(["c1"]);
  expect([said(a), said(b)]).toEqual([
    ["info", "warn"],
    ["info", "warn"],
  ]);
  await redis.restart();
  await sharingIs("connected", a, b);
  await until(() => resting(a).length === 2);
  expect(resting(a)).toEqual(resting(b));
  expect([said(a), said(b)]).toEqual([
    ["info", "warn", "info"],
    ["info", "warn", "info"],
  ]);
});

test("a replica that starts while Redis is gone serves, and shares when it is there", async () => {
  await withRedis({ started: false });
  const [a, b] = [await replica(), await replica()];
  expect(await served(a)).toBeDefined();
  expect(said(a)).toEqual(["warn"]);
  await redis.restart();
  await sharingIs("connected", a, b);
  upstream.script("429");
  await served(a);
  await until(() => resting(b).length > 0);
});

test("while Redis hangs no request waits for it, and a start does not for long", async () => {
  await withRedis();
  const [a, b] = [await replica(), await replica()];
  redis.hang();
  upstream.script("429");
  // Each of these has something to tell: a rest, and bindings.
  for (const session of ["s1", "s2", "s3"]) expect(await served(a, session)).toBe("c2");
  expect(await served(b, "s4")).toBeDefined();
  const late = await replica();
  expect(await served(late)).toBeDefined();
  await sharingIs("down", a);
  redis.goOn();
  await sharingIs("connected", a, b, late);
  await until(() => resting(b).length > 0 && resting(late).length > 0);
});

test("what is no rest is ignored, and what is known of credentials that are not here", async () => {
  await withRedis();
  const raw = new Redis(redis.url);
  open.push(() => raw.disconnect());
  const a = await replica();
  upstream.script("429");
  await served(a);
  const [key = ""] = await written("rest");
  const [, fact = ""] = /^\d+ (.*)$/.exec((await raw.get(key)) ?? "") ?? [];
  const at = `${Date.now()} x/1 60000`;
  const [owner, model] = JSON.parse(key.slice("dragoman:rest:".length)) as [string, string];
  const of = (name: string): string => `dragoman:rest:${JSON.stringify([owner.replace("/c1/", name), model])}`;
  await raw.del(key);
  await raw.mset({
    [key]: `${at} {"why":"rate-limited","class":"rate-limit","failures":1,"sinceMs":0,"nextProbeMs":"soon"}`,
    [of("/c9/")]: `${Date.now()} ${fact}`,
    "dragoman:rest:[]": `${Date.now()} ${fact}`,
    "dragoman:rest:null": `${Date.now()} ${fact}`,
    "dragoman:rest:{": `${at} {`,
    [`dragoman:rest:${JSON.stringify([owner, null])}`]: `${at} null`,
    "dragoman:binding:x": `${at} nobody`,
  });
  const b = await replica();
  expect(b.gateway.describeSharing()?.state).toBe("connected");
  expect(resting(b)).toEqual([]);
  expect(await served(b)).toBeDefined();
});

test("Redis holds no key and no session's name, and the log no password", async () => {
  await withRedis({ password: "hunter2/hunter2" });
  const a = await replica();
  upstream.script("429");
  await served(a, "the-name-of-a-session");
  await redis.kill();
  await sharingIs("down", a);
  await redis.restart();
  await sharingIs("connected", a);
  const raw = new Redis(redis.url);
  open.push(() => raw.disconnect());
  const keys = await raw.keys("*");
  const stored = [...keys, ...(await raw.mget(keys))].join("\n");
  expect(stored).toContain("dragoman:binding:");
  expect(stored).toContain("dragoman:rest:");
  expect(stored).not.toMatch(/key-number|the-name-of-a-session/);
  expect(a.log.join("") + JSON.stringify(a.gateway.describeSharing())).not.toContain("hunter2");
});

test.each([-1, 1])("clocks that disagree by %d hours change no rest", async (hours) => {
  await withRedis();
  const a = await replica();
  upstream.script("429");
  await served(a);
  await written("rest");
  const untilMs = (one: Replica): number => one.gateway.describe()[0]?.credentials[0]?.cooldowns[0]?.untilMs ?? 0;
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + hours * 3_600_000 });
  const b = await replica();
  const [atB, atA] = [untilMs(b), untilMs(a)];
  expect(atB).toBeGreaterThan(0);
  // Not an hour apart: the rest lasts ten minutes, of which next to nothing has passed.
  expect(Math.abs(atB - atA)).toBeLessThan(60_000);
});
