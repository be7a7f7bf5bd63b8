/**
 * The acceptance cases of the failures to leave behind, through real sockets, on both lanes. Cases 6 and 7, and all that can
 * happen to an answer besides, are cells of the fault matrix (`fault-matrix/`).
 */
import { describe, expect, test } from "vitest";
import type { FaultName } from "../src/simulator/types.ts";
import { ask, gatewaysForTests, pool, post, readEvents, until } from "./support/gateway.ts";

const { start, running } = gatewaysForTests();
const lanes = ["anthropic", "gemini"] as const;
const types = (text: string): string[] => readEvents(text).map(({ event }) => event);

describe.each(lanes)("Messages client, %s upstream", (lane) => {
  test("case 1: a request without stream gets a whole message; a stream that is no boolean is a 400", async () => {
    const { url } = await start({ config: pool(lane, 1) });
    const whole = await post(url, ask("hello", { model: "m" }));
    expect(whole.status).toBe(200);
    expect(await whole.json()).toMatchObject({
      type: "message",
      role: "assistant",
      model: expect.any(String),
      content: expect.arrayContaining([expect.objectContaining({ type: "text" })]),
    });
    const wrong = await post(url, ask("hello", { stream: "yes" }));
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({
      type: "error",
      error: { type: "invalid_request_error", message: expect.stringContaining("stream") },
    });
  });

  test("case 2: two keys that answer 429 rest, then both serve again, and no permit is lost", async () => {
    const { url, simulator, permits } = await start({ config: pool(lane, 2) });
    simulator.script("429", "429");
    const limited = await post(url, ask("hello"));
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
    const served = new Set<string | null>();
    await until(() => permits() === 0);
    while (served.size < 2) {
      const answer = await post(url, ask("hello"));
      await answer.text();
      if (answer.status === 200) served.add(answer.headers.get("x-dragoman-credential"));
    }
    expect(served).toEqual(new Set(["c1", "c2"]));
    expect(permits()).toBe(0);
  });

  test("case 3: who waits for a permit gets one in turn; who leaves while waiting causes no upstream call", async () => {
    const limit = (upstream: string): string =>
      pool(lane, 1)(upstream).replace("api_key: key-number-1", "api_key: key-number-1, max_concurrency: 1");
    const { url, simulator, permits } = await start({ config: limit });
    simulator.script({ fault: "hang-mid-stream", times: 1 });
    const first = new AbortController();
    const holding = await post(url, ask("first", { stream: true }), {}, first.signal);
    const leaving = new AbortController();
    const left = post(url, ask("left"), {}, leaving.signal).catch(() => "left");
    const waiting = post(url, ask("waiting"));
    await until(() => running[0]?.gateway.describe()[0]?.waiting === 2);
    leaving.abort();
    expect(await left).toBe("left");
    await until(() => running[0]?.gateway.describe()[0]?.waiting === 1);
    first.abort();
    await holding.text().catch(() => undefined);
    expect((await waiting).status).toBe(200);
    await until(() => permits() === 0);
    expect(simulator.requests.filter(({ body }) => body.includes("left"))).toHaveLength(0);
  });

  test("case 4: an event reaches the client while the upstream is still at it", async () => {
    const { url, simulator } = await start({ config: pool(lane, 1) });
    simulator.script({ fault: "hang-mid-stream" });
    const gone = new AbortController();
    const answer = await post(url, ask("hello", { stream: true }), {}, gone.signal);
    let seen = "";
    const reader = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    while (!seen.includes("content_block_delta")) seen += (await reader.read()).value ?? "";
    expect(simulator.openRequests).toBe(1);
    gone.abort();
    await until(() => simulator.openRequests === 0);
  });

  test("case 5: a refused credential is an HTTP error in the envelope, not JSON in a stream, and not the caller's 401", async () => {
    const { url, simulator } = await start({ config: pool(lane, 1) });
    simulator.script("invalid-key");
    const answer = await post(url, ask("hello", { stream: true }));
    expect(answer.status).toBe(502);
    expect(answer.headers.get("content-type")).toContain("application/json");
    expect(answer.headers.get("x-should-retry")).toBe("false");
    expect(answer.headers.get("x-dragoman-attempts")).toMatch(/^up\/\S+ c1 unauthenticated \d+ms/);
    expect(await answer.json()).toMatchObject({ type: "error", error: { type: "api_error" }, request_id: expect.stringMatching(/^req_/) });
  });

  test("case 8, rules 324 and 426: a silent upstream is covered by heartbeats that the client's protocol knows", async () => {
    const patient = (upstream: string): string =>
      pool(lane, 1)(upstream).replace("heartbeat: 10s", "heartbeat: 20ms").replaceAll("300ms", "5s");
    const { url, simulator } = await start({ config: patient });
    simulator.script({ delayMs: 150 }, { text: "One two three four.", chunkDelayMs: 80 });
    const before = types(await (await post(url, ask("hello", { stream: true }))).text());
    expect(before[0]).toBe("ping");
    const between = types(await (await post(url, ask("hello", { stream: true }))).text());
    const content = between.slice(between.indexOf("content_block_delta"), between.lastIndexOf("content_block_delta"));
    expect(content).toContain("ping");
    for (const events of [before, between]) {
      expect(events.at(-1)).toBe("message_stop");
      expect(events.filter((event) => event === "message_start")).toHaveLength(1);
    }
  });

  test("an error after a heartbeat is told inside the stream", async () => {
    const patient = (upstream: string): string =>
      pool(lane, 1)(upstream).replace("heartbeat: 10s", "heartbeat: 20ms").replaceAll("300ms", "5s");
    const { url, simulator } = await start({ config: patient });
    simulator.script({ fault: "400", delayMs: 100 });
    const answer = await post(url, ask("hello", { stream: true }));
    expect(answer.status).toBe(200);
    const events = readEvents(await answer.text());
    expect(events[0]?.event).toBe("ping");
    expect(events.at(-1)).toMatchObject({ event: "error", data: { type: "error", error: { type: "invalid_request_error" } } });
  });

  test("case 9: a credential that is refused is set aside, visibly, and the others serve", async () => {
    const { url, simulator, gateway } = await start({ config: pool(lane, 2) });
    simulator.credentials.set("key-number-1", "invalid-key");
    for (let i = 0; i < 4; i += 1) expect((await post(url, ask("hello"))).headers.get("x-dragoman-credential")).toBe("c2");
    expect(simulator.requests.filter(({ credential }) => credential === "key-number-1")).toHaveLength(1);
    const [c1] = gateway.describe()[0]?.credentials ?? [];
    expect(c1?.cooldowns).toMatchObject([{ why: "unauthenticated", class: "down" }]);
  });

  test("case 11: an event of 5 MB passes intact", async () => {
    const { url, simulator } = await start({ config: pool(lane, 1) });
    simulator.script({ fault: "huge-line", size: 5_000_000 });
    const events = readEvents(await (await post(url, ask("hello", { stream: true }))).text());
    const text = events.map(({ data }) => (data["delta"] as { text?: string } | undefined)?.text ?? "").join("");
    expect(text.length).toBeGreaterThanOrEqual(5_000_000);
    expect(events.at(-1)?.event).toBe("message_stop");
  });

  test("case 13: a missing model is a 400 that names it, an unknown one a 404 with near matches", async () => {
    const named = (upstream: string): string => pool(lane, 1)(upstream).replace('"*":', "sonnet-large:");
    const { url } = await start({ config: named });
    const missing = await post(url, { max_tokens: 1, messages: [] });
    expect(missing.status).toBe(400);
    expect(await missing.json()).toMatchObject({ error: { type: "invalid_request_error", message: expect.stringContaining("model") } });
    const unknown = await post(url, ask("hello", { model: "sonnet-lagre" }));
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ error: { type: "not_found_error", message: expect.stringContaining("sonnet-large") } });
  });

  test("case 16: no log line, no header and no answer holds a key, whatever goes wrong", async () => {
    const keyed = (upstream: string): string => `keys:\n  - { name: alice, key: caller-secret-key }\n${pool(lane, 2)(upstream)}`;
    const { url, simulator, log } = await start({ config: keyed });
    const said: string[] = [];
    const secrets = ["caller-secret-key", "key-number-1", "key-number-2", "wrong-secret-key"];
    const faults: (FaultName | undefined)[] = [
      undefined,
      "401",
      "429",
      "500",
      "html",
      "garbage-json",
      "reset-before-headers",
      "invalid-key",
      "error-after-content",
    ];
    for (const fault of faults) {
      if (fault) simulator.script({ fault, times: 2 });
      for (const key of ["caller-secret-key", "wrong-secret-key"]) {
        const answer = await post(url, ask("hello", { stream: true }), { "x-api-key": key, authorization: `Bearer ${key}` });
        said.push(await answer.text(), ...[...answer.headers].flat());
      }
    }
    const viaQuery = await fetch(`${url}/v1/models?key=wrong-secret-key`);
    said.push(await viaQuery.text());
    expect(viaQuery.status).toBe(401);
    expect(log.length).toBeGreaterThan(10);
    for (const secret of secrets) {
      expect(log.filter((line) => line.includes(secret))).toEqual([]);
      expect(said.filter((text) => text.includes(secret))).toEqual([]);
    }
    for (const { headers } of simulator.requests) expect(headers.join(" ")).not.toContain("caller-secret-key");
  });

  test("rule 300: a client that leaves closes the upstream, and rests nobody", async () => {
    const { url, simulator, permits, gateway } = await start({ config: pool(lane, 1) });
    for (const fault of ["hang-before-headers", "hang-mid-stream"] as const) {
      simulator.script({ fault });
      const gone = new AbortController();
      const asked = post(url, ask("hello", { stream: true }), {}, gone.signal).then((answer) => answer.text());
      await until(() => simulator.openRequests === 1);
      gone.abort();
      await asked.catch(() => undefined);
      await until(() => simulator.openRequests === 0 && permits() === 0);
    }
    expect(gateway.describe()[0]?.credentials[0]?.cooldowns).toEqual([]);
  });

  test("all credentials cooling: 429 with the nearest recovery, and no upstream call", async () => {
    const { url, simulator } = await start({ config: pool(lane, 2) });
    simulator.script({ fault: "429", retryAfter: 30 }, { fault: "429", retryAfter: 7 });
    const first = await post(url, ask("hello"));
    expect(first.status).toBe(429);
    const calls = simulator.requests.length;
    const second = await post(url, ask("hello"));
    expect(second.status).toBe(429);
    const seconds = Number(second.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(8);
    expect(await second.json()).toMatchObject({ type: "error", error: { type: "rate_limit_error" } });
    expect(simulator.requests).toHaveLength(calls);
  });

  test("a request's own fault goes straight to the client: no other credential, no cooldown", async () => {
    const { url, simulator, gateway } = await start({ config: pool(lane, 3) });
    simulator.script("400", "413", "context-too-long");
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await post(url, ask("hello"))).status);
    expect(statuses).toEqual([400, 413, 400]);
    expect(simulator.requests).toHaveLength(3);
    expect(gateway.describe()[0]?.credentials.flatMap(({ cooldowns }) => cooldowns)).toEqual([]);
  });

  test("a shutdown lets running answers finish, then ends the rest with the error event", async () => {
    const { url, simulator, gateway } = await start({ config: pool(lane, 1, "") });
    simulator.script({ chunkDelayMs: 10 }, { fault: "hang-mid-stream" });
    const finishing = await post(url, ask("hello", { stream: true }));
    const hanging = await post(url, ask("hello", { stream: true }));
    const closed = gateway.close();
    expect(types(await finishing.text()).at(-1)).toBe("message_stop");
    expect(types(await hanging.text()).at(-1)).toBe("error");
    await closed;
    await expect(post(url, ask("hello"))).rejects.toThrow();
  });
});
