/** The admin API through real sockets: who may ask, what is told, and what is not. */
import { request } from "node:http";
import { describe, expect, test } from "vitest";
import type { Explanation } from "../src/http/admin/explain.ts";
import type { Status } from "../src/http/admin/status.ts";
import { StorageError } from "../src/storage/home.ts";
import type { RequestLog, RequestRecord } from "../src/storage/request-log.ts";
import { memoryStore } from "../src/storage/store.ts";
import { ask, gatewaysForTests, pool, post, type TestGateway, type TestGatewayOptions } from "./support/gateway.ts";
import { requestRecord } from "./support/request-record.ts";

const ADMIN_KEY = "admin-hunter2";
const LONG = "cooldown: { rate_limit_base: 5m, transient_base: 1m, transient_max: 1m, probe_interval: 5m }";

const { start } = gatewaysForTests();
const startAdmin = (options: TestGatewayOptions): Promise<TestGateway> => start({ adminKey: ADMIN_KEY, ...options });
/** What rests does so for longer than any test takes. */
const lasting = (config: (upstream: string) => string) => (upstream: string) => config(upstream).replace(/^cooldown: .*$/m, LONG);

function admin(url: string, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${url}/admin${path}`, { headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" }, ...init });
}

async function told<T>(url: string, path: string): Promise<T> {
  const answer = await admin(url, path);
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}

async function refused(answer: Response): Promise<string> {
  const body = (await answer.json()) as { error: { message: string } };
  expect(Object.keys(body)).toEqual(["error"]);
  expect(Object.keys(body.error)).toEqual(["message"]);
  return `${answer.status} ${body.error.message}`;
}

const reset = (url: string, body: string): Promise<Response> => admin(url, "/reset", { method: "POST", body });
const explained = (url: string, query: Record<string, string>): Promise<Explanation> =>
  told<Explanation>(url, `/explain?${String(new URLSearchParams(query))}`);
const stateOf = async (url: string): Promise<Status["pools"][number]["credentials"]> =>
  (await told<Status>(url, "/status")).pools[0]?.credentials ?? [];

describe("who may ask", () => {
  /** Headers that fetch would not send. */
  function statusWith(url: string, headers: Record<string, string>): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const sent = request(`${url}/admin/status`, { headers: { "x-api-key": ADMIN_KEY, ...headers } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.on("error", reject).end();
    });
  }

  test("whoever has the key, on this machine, and no web page of another site", async () => {
    const { url } = await startAdmin({ config: pool("anthropic", 1) });
    expect(await statusWith(url, {})).toBe(200);
    expect(await statusWith(url, { host: "localhost:1" })).toBe(200);
    expect(await statusWith(url, { origin: "http://localhost:3000" })).toBe(200);
    expect(await statusWith(url, { host: "evil.example" })).toBe(403);
    expect(await statusWith(url, { origin: "https://evil.example" })).toBe(403);
    expect(await statusWith(url, { "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await statusWith(url, { "x-forwarded-for": "1.2.3.4" })).toBe(403);
    expect(await statusWith(url, { "x-api-key": "wrong" })).toBe(401);
  });

  test("what only begins as its path does is none of its own", async () => {
    const { url } = await startAdmin({ config: pool("anthropic", 1) });
    expect((await fetch(`${url}/admin`)).status).toBe(401);
    expect((await fetch(`${url}/administrators`)).status).toBe(404);
  });

  test("what has no key, or a wrong one, is told where it is; keys of clients are of no use", async () => {
    const keyed = pool("anthropic", 1, "keys: [{ name: alice, key: alices-key }]\n");
    const { url } = await startAdmin({ config: keyed });
    expect(await refused(await fetch(`${url}/admin/status`))).toMatch(/^401 .*DRAGOMAN_ADMIN_KEY.*admin\.key/);
    const answer = await fetch(`${url}/admin/status`, { headers: { "x-api-key": "alices-key" } });
    expect(await refused(answer)).toMatch(/^401 A virtual key is not the admin key/);
    expect((await post(url, ask("hello"), { "x-api-key": ADMIN_KEY })).status).toBe(401);
    expect((await post(url, ask("hello"), { "x-api-key": "alices-key" })).status).toBe(200);
  });

  test("nobody where there is no admin key: then these are paths like any other", async () => {
    const { url } = await start({ config: pool("anthropic", 1) });
    const answer = await admin(url, "/status");
    expect([answer.status, await answer.json()]).toMatchObject([
      404,
      { error: { message: expect.stringContaining("Dragoman serves POST") } },
    ]);
  });
});

test("what makes no sense is told what would", async () => {
  const { url } = await startAdmin({ config: pool("anthropic", 2) });
  expect(await refused(await admin(url, "/statis"))).toMatch(/^404 .*GET \/admin\/status.*POST \/admin\/reset/);
  expect(await refused(await admin(url, ""))).toMatch(/^404 /);
  const wrongMethod = await admin(url, "/status", { method: "POST", body: "{}" });
  expect(wrongMethod.headers.get("allow")).toBe("GET");
  expect(await refused(wrongMethod)).toBe("405 POST is not allowed here; use GET.");
  expect(await refused(await admin(url, "/requests?limti=3"))).toBe('400 There is no parameter "limti"; did you mean "limit"?');
  expect(await refused(await admin(url, "/requests?limit=0"))).toBe("400 `limit` must be a whole number from 1 to 1000.");
  expect(await refused(await admin(url, "/requests/req_none"))).toMatch(/^404 No request with the id "req_none"/);
  expect(await refused(await admin(url, "/requests?before=req_none"))).toMatch(/^404 /);
  expect(await refused(await admin(url, "/explain"))).toMatch(/^400 `model` is missing/);
  expect(await refused(await admin(url, "/explain?model=m&protocol=openai"))).toMatch(/^400 .*did you mean .*"openai-chat"/);
  expect(await refused(await admin(url, "/explain?model=m&key=alice"))).toMatch(/^404 No keys are configured/);
  expect(await refused(await reset(url, "{"))).toMatch(/^400 The body must be a JSON object/);
  expect(await refused(await reset(url, "{}"))).toMatch(/^400 `provider` is missing/);
  expect(await refused(await reset(url, '{"provider":"up","credentials":"c1"}'))).toBe(
    '400 There is no field "credentials"; did you mean "credential"?',
  );
  expect(await refused(await reset(url, '{"provider":"pu"}'))).toBe('404 There is no provider "pu"; did you mean "up"?');
  expect(await refused(await reset(url, '{"provider":"up","credential":"c3"}'))).toBe(
    '404 There is no credential "c3" of up; did you mean "c1" or "c2"?',
  );
  const asForm = await admin(url, "/reset", { method: "POST", body: "{}", headers: { "x-api-key": ADMIN_KEY } });
  expect(await refused(asForm)).toMatch(/^400 .*application\/json/);
});

test("a credential that was refused is shown, explained, and heals by hand", async () => {
  const { url, simulator } = await startAdmin({ config: lasting(pool("anthropic", 2)) });
  simulator.script("invalid-key");
  const first = await post(url, ask("hello"));
  expect([first.status, first.headers.get("x-dragoman-credential")]).toEqual([200, "c2"]);

  const [down, well] = await stateOf(url);
  expect(down).toMatchObject({ name: "c1", inUse: 0, cooldowns: [{ why: "unauthenticated", class: "down", failures: 1, probing: false }] });
  const [cooldown] = down?.cooldowns ?? [];
  expect(cooldown).not.toHaveProperty("untilMs");
  expect(cooldown?.nextProbeMs).toBeGreaterThan(0);
  expect(Number.isInteger(cooldown?.sinceMs)).toBe(true);
  expect(well?.cooldowns).toEqual([]);

  const { outcome, steps } = await explained(url, { model: "any", protocol: "anthropic-messages" });
  expect(outcome).toEqual({ type: "served", step: 1, credential: "c2", target: "up/any", protocol: "anthropic-messages", lane: "relay" });
  expect(steps).toEqual([
    {
      targets: [{ target: "up/any", protocol: "anthropic-messages", lane: "relay" }],
      strategy: "round-robin",
      reached: true,
      chosen: { target: "up/any", credential: "c2" },
      passedOver: [{ target: "up/any", credential: "c1", reason: "down", why: "unauthenticated" }],
    },
  ]);

  expect(await (await reset(url, '{"provider":"up","credential":"c1"}')).json()).toEqual({ reset: { provider: "up", credential: "c1" } });
  expect((await stateOf(url)).map(({ cooldowns }) => cooldowns)).toEqual([[], []]);
  const serving = await Promise.all([post(url, ask("a")), post(url, ask("b"))]);
  expect(new Set(serving.map(({ headers }) => headers.get("x-dragoman-credential")))).toEqual(new Set(["c1", "c2"]));
});

test("the status says what runs", async () => {
  const { url } = await startAdmin({ config: pool("gemini", 1) });
  const status = await told<Status>(url, "/status");
  expect(status).toMatchObject({
    version: expect.stringMatching(/^\d/),
    config: { kind: "file", path: "dragoman.yaml" },
    store: { works: true },
    pools: [{ provider: "up", waiting: 0, circuit: [], credentials: [{ name: "c1", priority: 0, inUse: 0 }] }],
  });
  expect(status.uptimeMs).toBeGreaterThan(0);
});

test("a store that cannot be written is told of", async () => {
  const store = { ...memoryStore({ maxRecords: 1, ttlMs: 1 }), path: "/var/lib/dragoman.db", trouble: () => "no space left" };
  const { url } = await startAdmin({ config: pool("gemini", 1), store });
  const { store: shown } = await told<Status>(url, "/status");
  expect(shown).toEqual({ path: "/var/lib/dragoman.db", works: false, trouble: "no space left" });
});

describe("where a request would go", () => {
  const routes = (upstream: string): string => `
keys:
  - { name: alice, key: alices-key, models: ["claude-*"] }
  - { name: bob, key: bobs-key, loss: strict }
${LONG}
providers:
  claude: { type: anthropic, base_url: "${upstream}", credentials: [{ name: c1, api_key: k1 }, { name: c2, api_key: k2 }] }
  google: { type: gemini, base_url: "${upstream}", credentials: [{ name: g1, api_key: k3, max_concurrency: 1 }] }
models:
  "claude-*": [claude/*, { target: google/gemini-3.8-pro, on: [rate_limit] }]
  fast: google/gemini-3.8-flash
`;
  const claude = (url: string): Promise<Response> => post(url, ask("hello", { model: "claude-opus-5-5" }), { "x-api-key": "bobs-key" });

  test("for whom, and in which lane", async () => {
    const { url } = await startAdmin({ config: routes });
    const chat = await explained(url, { model: "claude-opus-5-5", key: "bob", protocol: "openai-chat" });
    expect(chat).toMatchObject({
      key: "bob",
      loss: "strict",
      outcome: { type: "served", lane: "translate", protocol: "anthropic-messages" },
    });
    expect(chat.steps.map(({ reached, on, chosen }) => ({ reached, on, chosen: chosen?.credential }))).toEqual([
      { reached: true, on: undefined, chosen: "c1" },
      { reached: false, on: ["rate_limit"], chosen: "g1" },
    ]);
    const unspoken = await explained(url, { model: "fast" });
    expect(unspoken.outcome).toEqual({ type: "served", step: 1, credential: "g1", target: "google/gemini-3.8-flash", protocol: "gemini" });
    const forbidden = await explained(url, { model: "fast", key: "alice" });
    expect(forbidden.outcome).toMatchObject({ type: "refused", kind: "permission", message: expect.stringContaining("claude-*") });
    expect(forbidden.steps.map(({ reached }) => reached)).toEqual([false]);
    expect(await refused(await admin(url, "/explain?model=fats"))).toMatch(/^404 Unknown model "fats"\. Did you mean "fast"/);
    expect(await refused(await admin(url, "/explain?model=fast&key=bbo"))).toBe('404 There is no key of this name; did you mean "bob"?');
  });

  test("what is said is what happens next, and saying it changes nothing", async () => {
    const { url } = await startAdmin({ config: routes });
    for (let i = 0; i < 4; i += 1) {
      const { outcome } = await explained(url, { model: "claude-opus-5-5" });
      await explained(url, { model: "claude-opus-5-5" });
      const answer = await claude(url);
      expect(outcome).toMatchObject({ type: "served", credential: answer.headers.get("x-dragoman-credential") });
    }
  });

  test("a conversation stays with its credential", async () => {
    const { url } = await startAdmin({ config: routes });
    await post(url, ask("hello", { model: "claude-opus-5-5" }), { "x-api-key": "bobs-key", "x-session-id": "s" });
    const known = await explained(url, { model: "claude-opus-5-5", key: "bob", session: "s" });
    expect(known.steps[0]).toMatchObject({
      affinity: "kept",
      chosen: { credential: "c1" },
      passedOver: [{ credential: "c2", reason: "affinity" }],
    });
    const strange = await explained(url, { model: "claude-opus-5-5", key: "alice", session: "s" });
    expect(strange.steps[0]).toMatchObject({ affinity: "new", chosen: { credential: "c2" } });
  });

  test("failures lead on where the config says so, and are told where nothing is left", async () => {
    const { url, simulator } = await startAdmin({ config: routes });
    simulator.script("invalid-key", "invalid-key");
    const bad = await claude(url);
    expect(bad.status).toBe(502);
    const none = await explained(url, { model: "claude-opus-5-5" });
    expect(none.outcome).toMatchObject({ type: "refused", kind: "bad-credential" });
    expect(none.steps.map(({ reached }) => reached)).toEqual([true, false]);
    expect(none.steps[0]?.passedOver.map(({ credential, reason }) => `${credential} ${reason}`)).toEqual(["c1 down", "c2 down"]);

    await reset(url, '{"provider":"claude"}');
    simulator.script("429", "429");
    expect((await claude(url)).headers.get("x-dragoman-credential")).toBe("g1");
    const next = await explained(url, { model: "claude-opus-5-5" });
    expect(next.outcome).toMatchObject({ type: "served", step: 2, credential: "g1" });
    expect(next.steps.map(({ reached }) => reached)).toEqual([true, true]);
    expect(next.steps[0]?.passedOver[0]).toMatchObject({ reason: "cooling", why: "rate-limited", recoversMs: expect.any(Number) });
  });

  test("a provider that is thought to be down is better than none", async () => {
    const twoSteps = (upstream: string): string =>
      routes(upstream).replace("{ target: google/gemini-3.8-pro, on: [rate_limit] }", "google/gemini-3.8-pro");
    const { url, simulator } = await startAdmin({ config: twoSteps });
    simulator.script("503", "503", "503");
    expect((await claude(url)).status).toBeGreaterThanOrEqual(500);
    const { outcome, steps } = await explained(url, { model: "claude-opus-5-5" });
    expect(steps.map(({ chosen }) => chosen?.credential)).toEqual([undefined, "g1"]);
    expect(steps[0]?.passedOver.map(({ reason }) => reason)).toEqual(["circuit", "circuit"]);
    expect(outcome).toMatchObject({ type: "served", credential: (await claude(url)).headers.get("x-dragoman-credential") });
  });

  test("who would have to wait is told so", async () => {
    const { url, simulator } = await startAdmin({ config: routes });
    simulator.script("hang-before-headers");
    const client = new AbortController();
    const hanging = post(url, ask("hello", { model: "fast" }), { "x-api-key": "bobs-key" }, client.signal).catch(() => "left");
    await expect
      .poll(async () => (await explained(url, { model: "fast" })).outcome, { timeout: 10_000 })
      .toEqual({ type: "waits", step: 1 });
    expect((await explained(url, { model: "fast" })).steps[0]?.passedOver).toMatchObject([{ credential: "g1", reason: "busy" }]);
    client.abort();
    expect(await hanging).toBe("left");
  });
});

describe("what is remembered of requests", () => {
  test("one, with who was passed over and why, where all of a pool was too", async () => {
    const { url, simulator } = await startAdmin({ config: lasting(pool("gemini", 2)) });
    simulator.script("429", "429");
    const failed = await post(url, ask("hello", { stream: true }), { "x-session-id": "s" });
    const id = failed.headers.get("x-dragoman-request-id") ?? "";
    const record = await told<RequestRecord>(url, `/requests/${id}`);
    expect(record).toMatchObject({
      id,
      protocol: "anthropic-messages",
      operation: "generate",
      stream: true,
      outcome: "failed",
      error: { kind: "rate-limited" },
      attempts: [
        { credential: "c1", cause: "rate-limited", passedOver: [{ credential: "c2", reason: "turn" }] },
        { credential: "c2", cause: "rate-limited", passedOver: [{ credential: "c1", reason: "excluded", why: "rate-limited" }] },
        {
          target: "up/gemini-3.8-pro",
          cause: "rate-limited",
          passedOver: [
            { credential: "c1", reason: "excluded", why: "rate-limited" },
            { credential: "c2", reason: "excluded", why: "rate-limited" },
          ],
        },
      ],
    });
    expect(record.attempts.map(({ atMs, ms }) => Number.isInteger(atMs) && Number.isInteger(ms))).toEqual([true, true, true]);
  });

  test("the newest, page by page", async () => {
    const { url } = await startAdmin({ config: pool("anthropic", 1) });
    const ids: (string | null)[] = [];
    for (const text of ["a", "b", "c"]) ids.unshift((await post(url, ask(text))).headers.get("x-dragoman-request-id"));
    const page = async (query: string): Promise<string[]> =>
      (await told<{ requests: RequestRecord[] }>(url, `/requests${query}`)).requests.map(({ id }) => id);
    expect(await page("")).toEqual(ids);
    expect(await page("?limit=2")).toEqual(ids.slice(0, 2));
    expect(await page(`?limit=2&before=${ids[1]}`)).toEqual(ids.slice(2));
  });

  test("traffic: a line each, the newest first, without what would make it long", async () => {
    const store = memoryStore({ maxRecords: 2_000, ttlMs: 3_600_000 });
    const now = Date.now();
    // Several at the same moment, so that pages end between them.
    for (let i = 0; i < 1_234; i += 1) store.requestLog.write(requestRecord(`req_${i}`, { at: now + Math.floor(i / 300), ms: i }));
    const { url } = await startAdmin({ config: pool("anthropic", 1), store });
    const answer = await admin(url, "/traffic");
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = (await answer.text())
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ ms }) => ms)).toEqual(Array.from({ length: 1_234 }, (_, i) => 1_233 - i));
    expect(lines[0]).toEqual({
      at: now + 4,
      key: "alice",
      protocol: "anthropic-messages",
      operation: "generate",
      stream: true,
      model: "fast",
      session: "5e55",
      usage: { input: 10, cacheRead: 4, cacheWrite: 3, output: 5 },
      ms: 1_233,
      ttftMs: 200,
      outcome: "answered",
      target: "google/gemini-3.8-pro",
      credential: "second",
    });
  });

  test("traffic is read as fast as its reader reads, and no longer than it stays", async () => {
    let pages = 0;
    const model = "m".repeat(10_000);
    const list: RequestLog["list"] = ({ limit }) => {
      pages += 1;
      return Promise.resolve(Array.from({ length: limit }, (_, i) => requestRecord(`req_${pages}_${i}`, { model })));
    };
    const store = memoryStore({ maxRecords: 1, ttlMs: 1 });
    const { url, close } = await start({
      config: pool("anthropic", 1),
      adminKey: ADMIN_KEY,
      store: { ...store, requestLog: { ...store.requestLog, list } },
    });
    const { body } = await admin(url, "/traffic");
    const reader = body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await reader?.cancel();
    // Ends only when every answer has.
    await close();
    expect(pages).toBeLessThan(20);
  });

  test("a store that cannot be read now says why", async () => {
    const store = memoryStore({ maxRecords: 1, ttlMs: 1 });
    const failing = { ...store.requestLog, get: () => Promise.reject(new StorageError("dragoman.db does not answer.")) };
    const { url } = await startAdmin({ config: pool("anthropic", 1), store: { ...store, requestLog: failing } });
    expect(await refused(await admin(url, "/requests/req_1"))).toBe("503 dragoman.db does not answer.");
  });

  test("a store that cannot be read is an error, and never half of an answer", async () => {
    const store = memoryStore({ maxRecords: 1, ttlMs: 1 });
    const failing = { ...store.requestLog, list: () => Promise.reject(new Error("disk I/O error")) };
    const { url, log } = await startAdmin({ config: pool("anthropic", 1), store: { ...store, requestLog: failing } });
    expect(await refused(await admin(url, "/traffic"))).toBe("500 Dragoman failed to handle this request; its log has the details.");
    expect(log.join("")).toContain("disk I/O error");
  });
});

test("no answer has a secret", async () => {
  const keyed = lasting(pool("anthropic", 3, "keys: [{ name: alice, key: alices-hunter2 }]\n"));
  const { url, simulator } = await startAdmin({ config: keyed });
  simulator.script("invalid-key", "no-credit");
  const answer = await post(url, ask("a secret of the caller's"), { "x-api-key": "alices-hunter2", "x-session-id": "session-hunter2" });
  const id = answer.headers.get("x-dragoman-request-id") ?? "";
  const paths = [
    "/status",
    "/requests",
    `/requests/${id}`,
    "/traffic",
    "/explain?model=any&key=alice",
    "/explain?model=any&key=alices-hunter2",
    "/x",
  ];
  const answers = await Promise.all(paths.map(async (path) => (await admin(url, path)).text()));
  answers.push(await (await reset(url, '{"provider":"up"}')).text());
  const all = answers.join("\n");
  expect(all).toContain("c3");
  for (const secret of ["hunter2", "key-number-", Buffer.alloc(32, 7).toString("hex"), "secret of the caller"])
    expect(all).not.toContain(secret);
});
