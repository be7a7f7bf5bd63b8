import { readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../../test/support/gateway.ts";
import { startRedis, type RedisServer } from "../../test/support/redis-server.ts";
import { createLogger } from "../telemetry/log.ts";
import { RedisSharing, type SharedFact } from "./redis-sharing.ts";

/** The server has as long as a busy machine may need, but where it is to be given up. */
const TIMES = { timeoutMs: 10_000, pingMs: 50, retryMinMs: 10, retryMaxMs: 50, startMs: 10_000 };
const HOUR = 3_600_000;

let redis: RedisServer;
let raw: Redis;
const open: (() => Promise<void>)[] = [];

beforeEach(async () => {
  redis = await startRedis();
  raw = new Redis(redis.url);
  raw.on("error", () => undefined);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
  raw.disconnect();
  await redis.kill();
});

interface Replica {
  readonly sharing: RedisSharing;
  readonly heard: SharedFact[];
  /** What was heard, in short. */
  readonly said: () => string[];
  readonly log: string[];
}

function unstarted(url = redis.url, times: Partial<typeof TIMES> = {}): Replica {
  const log: string[] = [];
  const logger = createLogger({ level: "trace", secrets: [], stream: { write: (line) => void log.push(line) } });
  const sharing = new RedisSharing({ settings: { url, prefix: "test" }, log: logger, times: { ...TIMES, ...times } });
  const heard: SharedFact[] = [];
  open.push(() => sharing.close());
  return { sharing, heard, log, said: () => heard.map(({ kind, key, value }) => `${kind} ${key}=${value ?? "-"}`) };
}

async function replica(url?: string, times?: Partial<typeof TIMES>): Promise<Replica> {
  const made = unstarted(url, times);
  await made.sharing.start((fact) => void made.heard.push(fact));
  return made;
}

const isDown = ({ sharing }: Replica): boolean => sharing.describe().state === "down";
const isUp = ({ sharing }: Replica): boolean => sharing.describe().state === "connected";
const levels = ({ log }: Replica): string[] => log.map((line) => (JSON.parse(line) as { level: string }).level);

test("what one tells all others hear, once, with its age, and nobody hears itself", async () => {
  const [a, b, c] = [await replica(), await replica(), await replica()];
  a.sharing.tell("rest", "k", "1", HOUR);
  await until(() => b.heard.length > 0 && c.heard.length > 0);
  a.sharing.tell("rest", "k", undefined, 0);
  b.sharing.tell("binding", "s", "candidate with spaces", HOUR);
  await until(() => a.heard.length > 0 && b.heard.length > 1 && c.heard.length > 2);
  expect(a.said()).toEqual(["binding s=candidate with spaces"]);
  expect(b.said()).toEqual(["rest k=1", "rest k=-"]);
  expect(c.said().toSorted()).toEqual(["binding s=candidate with spaces", "rest k=-", "rest k=1"]);
  expect(b.heard[0]).toMatchObject({ ttlMs: HOUR, agoMs: expect.any(Number) });
});

test("who comes later learns all that holds before it serves, and what has ended too", async () => {
  const a = await replica();
  a.sharing.tell("rest", "k", "1", HOUR);
  a.sharing.tell("rest", "ended", "1", HOUR);
  a.sharing.tell("rest", "ended", undefined, 0);
  for (let i = 0; i < 1_000; i += 1) a.sharing.tell("binding", `s${i}`, "c", HOUR);
  await until(() => isUp(a));
  while ((await raw.dbsize()) < 1_002) await raw.ping();
  const b = await replica();
  expect(b.heard).toHaveLength(1_002);
  expect(b.said()).toEqual(expect.arrayContaining(["rest k=1", "rest ended=-", "binding s999=c"]));
  expect(a.heard).toEqual([]);
});

test("a fact has the time to live it was told with", async () => {
  const a = await replica();
  a.sharing.tell("rest", "k", "1", HOUR);
  while ((await raw.dbsize()) < 1) await raw.ping();
  const left = await raw.pttl("test:rest:k");
  expect(left).toBeGreaterThan(HOUR / 2);
  expect(left).toBeLessThanOrEqual(HOUR);
});

test("of what was said apart the later counts, for all", async () => {
  const { sharing, heard } = unstarted();
  sharing.tell("rest", "older here", "here", HOUR);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const at = Date.now();
  await raw.set("test:rest:older here", `${at} x/1 ${HOUR} there`);
  await raw.set("test:rest:older there", `${at - 1_000} x/2 ${HOUR} there`);
  sharing.tell("rest", "older there", "here", HOUR);
  await sharing.start((fact) => void heard.push(fact));
  expect(heard).toMatchObject([{ key: "older here", value: "there" }]);
  expect(await raw.get("test:rest:older here")).toMatch(/ there$/);
  expect(await raw.get("test:rest:older there")).toMatch(/ here$/);
});

test("what was learned while the server was gone meets when it is back", async () => {
  const [a, b] = [await replica(), await replica()];
  await redis.kill();
  await until(() => isDown(a) && isDown(b));
  a.sharing.tell("rest", "a", "1", HOUR);
  b.sharing.tell("rest", "b", "2", HOUR);
  await redis.restart();
  await until(() => a.said().includes("rest b=2") && b.said().includes("rest a=1"));
});

/** What each of some replicas holds to be so, by what it told and what it heard. */
class Views {
  readonly #replicas: readonly Replica[];
  readonly #names: readonly string[];
  readonly #held: readonly Map<string, string>[];
  readonly #heard: number[];

  constructor(replicas: readonly Replica[], names: readonly string[]) {
    this.#replicas = replicas;
    this.#names = names;
    this.#held = replicas.map(() => new Map());
    this.#heard = replicas.map(() => 0);
  }

  tell(replica: number, name: string, value: string | undefined): void {
    this.#hear();
    this.#held[replica]?.set(name, value ?? "-");
    this.#replicas[replica]?.sharing.tell("rest", name, value, HOUR);
  }

  /** Resolves when all hold what the server does. */
  async agreed(): Promise<void> {
    const agree = async (): Promise<boolean> => {
      const there = await raw.mget(this.#names.map((name) => `test:rest:${name}`));
      this.#hear();
      return this.#names.every((name, i) => this.#held.every((held) => held.get(name) === (/ (\S+)$/.exec(there[i] ?? "")?.[1] ?? "-")));
    };
    while (!(await agree()) || !(await agree())) await turn();
  }

  #hear(): void {
    for (const [index, { heard }] of this.#replicas.entries()) {
      for (const { key, value = "-" } of heard.slice(this.#heard[index])) this.#held[index]?.set(key, value);
      this.#heard[index] = heard.length;
    }
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("however changes cross on their way, all end up with the same", async () => {
  const names = ["k1", "k2", "k3"];
  const views = new Views(await Promise.all([replica(), replica(), replica()]), names);
  for (let i = 0; i < 2_000; i += 1) {
    views.tell((i + (i >> 2)) % 3, names[(i + (i >> 3)) % 3] ?? "", i % 5 === 0 ? undefined : String(i));
    if (i % 4 === 3) await turn();
    if (i % 10 === 9) await views.agreed();
  }
});

test("what is told while something older is being read stays", async () => {
  const views = new Views(await Promise.all([replica(), replica()]), ["k"]);
  for (let i = 0; i < 1_000; i += 1) {
    views.tell(0, "k", `a${i}`);
    for (let wait = i % 8; wait > 0; wait -= 1) await turn();
    views.tell(1, "k", `b${i}`);
    await views.agreed();
  }
});

test("what the server has lost is told again by who knows it, the origin or another", async () => {
  const [a, b] = [await replica(), await replica()];
  a.sharing.tell("rest", "k", "1", HOUR);
  await until(() => b.heard.length === 1);
  await a.sharing.close();
  await redis.kill();
  await until(() => isDown(b));
  await redis.restart();
  await until(() => isUp(b));
  const c = await replica();
  expect(c.said()).toEqual(["rest k=1"]);
});

test("one warning when it goes, one line when it is back, whatever is tried between", async () => {
  const a = await replica();
  expect(levels(a)).toEqual(["info"]);
  await redis.kill();
  await until(() => isDown(a));
  for (let i = 0; i < 10; i += 1) {
    a.sharing.tell("rest", "k", String(i), HOUR);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(a.sharing.describe()).toMatchObject({ server: `127.0.0.1:${redis.port}`, state: "down", reason: expect.any(String) });
  await redis.restart();
  await until(() => isUp(a));
  expect(levels(a)).toEqual(["info", "warn", "info"]);
  expect(JSON.parse(a.log[1] ?? "")).toMatchObject({ redis: `127.0.0.1:${redis.port}`, msg: expect.stringContaining("goes on alone") });
  expect(await raw.get("test:rest:k")).toMatch(/ 9$/);
  expect(a.heard).toEqual([]);
});

test("a server that hangs is given up, also by who only listens", async () => {
  const a = await replica(redis.url, { timeoutMs: 200 });
  redis.hang();
  await until(() => isDown(a));
  redis.goOn();
  await until(() => isUp(a));
  const b = await replica();
  b.sharing.tell("rest", "k", "1", HOUR);
  await until(() => a.heard.length === 1);
});

test("a start without a server, or with one that hangs, goes on alone, and shares when it is there", async () => {
  await redis.kill();
  const a = await replica();
  expect(isDown(a)).toBe(true);
  await redis.restart();
  redis.hang();
  const b = await replica(redis.url, { timeoutMs: 60_000, startMs: 20 });
  expect(b.sharing.describe()).toMatchObject({ state: "down" });
  redis.goOn();
  await until(() => isUp(a) && isUp(b));
  a.sharing.tell("rest", "k", "1", HOUR);
  await until(() => b.heard.length === 1);
});

test("what others have put there is left alone, and does no harm", async () => {
  await raw.mset("test:rest:a", "garbage", "test:rest:b", "1 id 5000 too old", "test:unknown:c", "1764000000000 id 1000 x");
  await raw.rpush("test:rest:list", "no", "string");
  const a = await replica();
  await raw.publish("test:changes", "somebody\nrest:a\nrest:nothing\nnonsense");
  await raw.publish("test:changes", "");
  const b = await replica();
  b.sharing.tell("rest", "list", "1", HOUR);
  await until(() => a.heard.length > 0);
  expect(a.said()).toEqual(["rest list=1"]);
  expect(isUp(a)).toBe(true);
});

test("a server's clock that was put back keeps nobody from being heard", async () => {
  const tomorrow = Date.now() + 24 * HOUR;
  await raw.set("test:rest:k", `${tomorrow} somebody/1 ${HOUR} old`);
  const [a, b] = [await replica(), await replica()];
  expect(a.heard).toMatchObject([{ value: "old", agoMs: 0 }]);
  a.sharing.tell("rest", "k", "new", HOUR);
  await until(() => b.said().includes("rest k=new"));
});

test("what is told just before the end is said", async () => {
  const [a, b] = [await replica(), await replica()];
  a.sharing.tell("rest", "k", "1", HOUR);
  await a.sharing.close();
  await until(() => b.heard.length === 1);
});

test("what has too long a name is not shared", async () => {
  const [a, b] = [await replica(), await replica()];
  a.sharing.tell("rest", "k".repeat(2_000), "1", HOUR);
  a.sharing.tell("rest", "k", "1", HOUR);
  await until(() => b.heard.length > 0);
  expect(b.said()).toEqual(["rest k=1"]);
  expect(await raw.dbsize()).toBe(1);
});

test("the rights that docs/configuration.md names are enough", async () => {
  const reference = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  const [, rights = ""] = /needs `(\+@connection [^`]+)`/.exec(reference) ?? [];
  await raw.call("ACL", "SETUSER", "dragoman", "on", ">pw", "~test:*", "&test:changes", ...rights.split(" "));
  const [a, b] = [await replica(redis.url.replace("//", "//dragoman:pw@")), await replica()];
  b.sharing.tell("rest", "k", "1", HOUR);
  await until(() => a.heard.length === 1);
  a.sharing.tell("rest", "k", undefined, 0);
  await until(() => b.heard.length === 1);
  expect(levels(a)).toEqual(["info"]);
});

test("a password lets in, a wrong one does not, and neither is logged", async () => {
  const locked = await startRedis({ password: "s3cret/p@ss word" });
  open.push(() => locked.kill());
  const a = await replica(locked.url);
  expect(isUp(a)).toBe(true);
  const b = await replica(locked.url.replace("s3cret", "wr0ng"));
  expect(isDown(b)).toBe(true);
  const c = await replica(`redis://127.0.0.1:${locked.port}/0`);
  expect(c.sharing.describe()).toMatchObject({ state: "down", reason: expect.stringContaining("NOAUTH") });
  expect(b.sharing.describe().reason).toContain("WRONGPASS");
  expect([a, b, c].flatMap(({ log, sharing }) => [...log, JSON.stringify(sharing.describe())]).join("")).not.toMatch(/s3cret|wr0ng/);
});

test.each([
  ["as Redis does", (args: string) => `unknown command \`auth\`, with args beginning with: ${args}`],
  ["in its own words", (args: string) => `what is ${args}?`],
])("a server that repeats what it does not understand, %s, makes nobody repeat the password", async (_, refusal) => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      for (const command of data
        .toString()
        .split(/^\*\d+\r\n/m)
        .slice(1)) {
        socket.write(`-ERR ${refusal(command.replaceAll("\r\n", " "))}\r\n`);
      }
    });
  }).listen(0, "127.0.0.1");
  open.push(async () => void server.close());
  await until(() => server.listening);
  const { log, sharing } = await replica(`redis://me:s3cret@127.0.0.1:${(server.address() as AddressInfo).port}`);
  const told = JSON.stringify(sharing.describe());
  expect(told).toContain("ERR");
  expect([told, ...log].join("")).not.toContain("s3cret");
});
