/** What is remembered of each request: every attempt, who was passed over and why, what it cost; and not a word of what was said. */
import { describe, expect, test } from "vitest";
import { ask, gatewaysForTests, post, until } from "./support/gateway.ts";

const { start } = gatewaysForTests();

const TARGET = "one/claude-sonnet-4-6";
const config = (upstream: string): string => `
server: { heartbeat: 10s, shutdown_grace: 200ms }
cooldown: { rate_limit_base: 1h, rate_limit_max: 1h, transient_base: 1h, transient_max: 1h }
keys: [{ name: alice, key: alices-key }]
providers:
  one:
    type: anthropic
    base_url: "${upstream}"
    timeouts: { headers: 5s, first_content: 5s, idle: 5s }
    credentials: [{ name: a, api_key: key-a }, { name: b, api_key: key-b }]
  two: { type: gemini, base_url: "${upstream}", credentials: [{ name: g, api_key: key-g }] }
models: { m: [${TARGET}, two/gemini-3.8-pro], alone: ${TARGET} }
`;
const SECRET_WORDS = "the words of the caller";
const CALLER = { "x-api-key": "alices-key", "x-session-id": "session of alice" };
const request = (more: Record<string, unknown> = {}): Record<string, unknown> => ask(SECRET_WORDS, { model: "m", ...more });
const number = expect.any(Number) as number;

describe.each([true, false])("stream: %s", (stream) => {
  test("an answer after a failure: both attempts, what each used, and why nobody else had them", async () => {
    const gateway = await start({ config });
    gateway.simulator.script({ fault: "error-before-content", status: 529, usage: { input: 70 } }, { usage: { input: 20, output: 30 } });
    const answer = await post(gateway.url, request({ stream }), CALLER);
    await answer.text();
    const record = await gateway.record(answer);
    const whole = { target: TARGET, atMs: number, ms: number };
    expect(record).toEqual({
      id: answer.headers.get("x-dragoman-request-id"),
      at: number,
      ms: number,
      key: "alice",
      protocol: "anthropic-messages",
      operation: "generate",
      stream,
      model: "m",
      session: expect.stringMatching(/^[\w-]{16}$/) as string,
      outcome: "answered",
      target: TARGET,
      credential: "b",
      lane: "relay",
      ttftMs: number,
      affinity: expect.stringMatching(/^(?:new|moved)$/) as string,
      attempts: [
        {
          ...whole,
          credential: "a",
          cause: "overloaded",
          // A whole error has no usage.
          ...(stream && { usage: expect.objectContaining({ input: 70 }) as object, platform: "anthropic" }),
          passedOver: [{ target: TARGET, credential: "b", reason: "turn" }],
        },
        {
          ...whole,
          credential: "b",
          cause: "answered",
          ttftMs: number,
          usage: expect.objectContaining({ input: 20, output: 30 }) as object,
          platform: "anthropic",
          passedOver: [{ target: TARGET, credential: "a", reason: "excluded", why: "overloaded", recoversMs: number }],
        },
      ],
      losses: [],
      usage: expect.objectContaining({ input: stream ? 90 : 20, output: expect.any(Number) as number }) as object,
      costUsd: number,
    });
    expect(record.ttftMs).toBeLessThanOrEqual(record.ms);
    expect(JSON.stringify([record, gateway.log])).not.toMatch(/the words of the caller|session of alice|alices-key|key-[abg]/);
  });

  test("an answer of a fallback: why it was one, its lane and what was lost", async () => {
    const gateway = await start({ config });
    for (const key of ["key-a", "key-b"]) gateway.simulator.credentials.set(key, "429");
    const answer = await post(gateway.url, request({ stream, metadata: { user_id: "someone" }, top_k: 5, service_tier: "auto" }), CALLER);
    await answer.text();
    const record = await gateway.record(answer);
    expect(record).toMatchObject({
      outcome: "answered",
      target: "two/gemini-3.8-pro",
      credential: "g",
      lane: "translate",
      fallback: "rate-limited",
    });
    expect(record.attempts.map(({ target, credential, cause }) => [target, credential, cause])).toEqual([
      [TARGET, "a", "rate-limited"],
      [TARGET, "b", "rate-limited"],
      [TARGET, undefined, "rate-limited"],
      ["two/gemini-3.8-pro", "g", "answered"],
    ]);
    expect(record.attempts.at(-1)).not.toHaveProperty("passedOver");
    expect(record.losses.length).toBeGreaterThan(0);
    const told = (answer.headers.get("x-dragoman-loss") ?? "").split(", ").map((loss) => loss.split(";")[0]);
    // What is lost of a stream comes after its head.
    expect(record.losses.map(({ code }) => code)).toEqual(expect.arrayContaining(told));
  });

  test("a failure: what the client was told, and the pools that could give nobody", async () => {
    const gateway = await start({ config });
    for (const key of ["key-a", "key-b"]) gateway.simulator.credentials.set(key, { fault: "429", retryAfter: 3_600 });
    await (await post(gateway.url, request({ model: "alone", stream }), CALLER)).text();
    const answer = await post(gateway.url, request({ model: "alone", stream }), CALLER);
    const { error } = (await answer.json()) as { error: { message: string } };
    const record = await gateway.record(answer);
    expect(record).toMatchObject({
      outcome: "failed",
      error: { kind: "rate-limited", message: error.message },
      attempts: [{ target: TARGET, cause: "rate-limited" }],
    });
    for (const absent of ["target", "credential", "lane", "usage", "costUsd", "ttftMs"]) expect(record).not.toHaveProperty(absent);
  });

  test("a request's own fault: one attempt", async () => {
    const gateway = await start({ config });
    gateway.simulator.script("context-too-long");
    const answer = await post(gateway.url, request({ stream }), CALLER);
    expect(await gateway.record(answer)).toMatchObject({
      outcome: "failed",
      error: { kind: "context-too-long" },
      attempts: [{ credential: "a", cause: "context-too-long" }],
    });
  });
});

test("a stream that breaks off after content: failed, with what was used", async () => {
  const gateway = await start({ config });
  gateway.simulator.script({ fault: "error-after-content", status: 529, chunkDelayMs: 5, usage: { input: 70 } });
  const answer = await post(gateway.url, request({ stream: true }), CALLER);
  await answer.text();
  expect(await gateway.record(answer)).toMatchObject({
    outcome: "failed",
    error: { kind: "overloaded" },
    attempts: [{ cause: "overloaded", ttftMs: number, usage: { input: 70 } }],
    usage: { input: 70 },
    costUsd: number,
  });
});

test("a client that leaves in the middle: cancelled, with what was used until then", async () => {
  const gateway = await start({ config });
  gateway.simulator.script({ fault: "hang-mid-stream", usage: { input: 70 } });
  const client = new AbortController();
  const answer = await post(gateway.url, request({ stream: true }), CALLER, client.signal);
  client.abort();
  const record = await gateway.record(answer);
  expect(record).toMatchObject({
    outcome: "cancelled",
    target: TARGET,
    attempts: [{ credential: "a", cause: "cancelled", usage: { input: 70 } }],
    usage: { input: 70 },
  });
  expect(record).not.toHaveProperty("error");
});

test("a client that leaves before anything came, or while it waits for a credential", async () => {
  const limited = (upstream: string): string =>
    config(upstream).replace(
      "[{ name: a, api_key: key-a }, { name: b, api_key: key-b }]",
      "[{ name: a, api_key: key-a, max_concurrency: 1 }]",
    );
  const gateway = await start({ config: limited });
  gateway.simulator.script("hang-before-headers");
  const clients: AbortController[] = [];
  const join = (): void => {
    const client = new AbortController();
    clients.push(client);
    void post(gateway.url, request({ model: "alone", stream: true }), CALLER, client.signal).catch(() => undefined);
  };
  const waiting = (): number | undefined => gateway.gateway.describe()[0]?.waiting;
  join();
  await until(() => gateway.simulator.openRequests === 1);
  join();
  await until(() => waiting() === 1);
  clients[1]?.abort();
  await until(() => waiting() === 0);
  clients[0]?.abort();
  await until(() => gateway.permits() === 0);
  const records = await gateway.records(2);
  expect(records.map(({ outcome, attempts }) => [outcome, attempts.map(({ credential, cause }) => [credential, cause])])).toEqual(
    expect.arrayContaining([
      ["cancelled", [["a", "cancelled"]]],
      ["cancelled", [[undefined, "cancelled"]]],
    ]),
  );
});

test("a request that goes nowhere is remembered too", async () => {
  const gateway = await start({ config });
  const answer = await post(gateway.url, request({ model: "nobody" }), CALLER);
  expect(answer.status).toBe(404);
  expect(await gateway.record(answer)).toMatchObject({
    model: "nobody",
    outcome: "failed",
    error: { kind: "model-not-found" },
    attempts: [],
  });
});

test("an attempt that finds out whether a credential has recovered says so", async () => {
  const gateway = await start({ config: (upstream) => config(upstream).replaceAll("1h", "20ms") });
  gateway.simulator.script("529");
  await (await post(gateway.url, request(), { "x-api-key": "alices-key" })).text();
  let probe;
  while (probe === undefined) {
    const { attempts } = await gateway.record(await post(gateway.url, request(), { "x-api-key": "alices-key" }));
    probe = attempts.find((attempt) => attempt.probe);
  }
  expect(probe).toMatchObject({ target: TARGET, credential: "a", cause: "answered", probe: true });
});
