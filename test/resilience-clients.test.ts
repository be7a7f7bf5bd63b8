/**
 * What `resilience.test.ts` proves for Messages clients, for those of the other protocols, on both lanes; and the faults of the
 * fault matrix (`fault-matrix/`) for clients of Gemini that ask for an array.
 */
import { describe, expect, test } from "vitest";
import type { FaultName } from "../src/simulator/types.ts";
import { SseReader } from "../src/wire/sse.ts";
import { gatewaysForTests, until } from "./support/gateway.ts";

const { start } = gatewaysForTests();

interface Json {
  readonly [name: string]: unknown;
}

/** What a client makes of a stream's text: each piece of it parsed, and whether it says that nothing is missing. */
interface Stream {
  readonly pieces: readonly Json[];
  readonly text: string;
  readonly finished: boolean;
}

interface Client {
  readonly path: (model: string, stream: boolean) => string;
  readonly body: (model: string, stream: boolean) => Json;
  readonly read: (answer: string) => Stream;
  /** What the wire holds when there is nothing to say. */
  readonly heartbeat: string;
}

function frames(answer: string): string[] {
  const reader = new SseReader();
  return [...reader.push(Buffer.from(answer)), ...reader.end()].map(({ data }) => data);
}

/** A value deep inside, by keys and indices. */
function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((inner, step) => (inner as Record<string | number, unknown> | undefined)?.[step], value);
}

function textOf(pieces: readonly Json[], ...path: (string | number)[]): string {
  return pieces.map((piece) => at(piece, ...path) as string | undefined).join("");
}

const chat: Client = {
  path: () => "/v1/chat/completions",
  body: (model, stream) => ({ model, stream, messages: [{ role: "user", content: "hello" }] }),
  read(answer) {
    const data = frames(answer);
    const pieces = data.filter((piece) => piece !== "[DONE]").map((piece) => JSON.parse(piece) as Json);
    const finished = data.includes("[DONE]") || pieces.some((piece) => at(piece, "choices", 0, "finish_reason"));
    return { pieces, finished, text: textOf(pieces, "choices", 0, "delta", "content") };
  },
  heartbeat: ": ",
};

const responses: Client = {
  path: () => "/v1/responses",
  body: (model, stream) => ({ model, stream, input: "hello" }),
  read(answer) {
    // Before the response that failed stands an event for those who do not know of one.
    const events = frames(answer).map((piece) => JSON.parse(piece) as Json);
    const told = events.filter(({ type }) => type !== "error");
    const pieces = told.map((event) => (event["type"] === "response.failed" ? { error: at(event, "response", "error") } : event));
    const deltas = events.filter(({ type }) => type === "response.output_text.delta");
    return { pieces, text: textOf(deltas, "delta"), finished: events.some(({ type }) => type === "response.completed") };
  },
  heartbeat: ": ",
};

function geminiStream(pieces: readonly Json[]): Stream {
  const finished = pieces.some((piece) => at(piece, "candidates", 0, "finishReason"));
  return { pieces, finished, text: textOf(pieces, "candidates", 0, "content", "parts", 0, "text") };
}

const geminiBody = (): Json => ({ contents: [{ role: "user", parts: [{ text: "hello" }] }] });
const geminiText = (answer: Json): string => String(at(answer, "candidates", 0, "content", "parts", 0, "text"));

const geminiEvents: Client = {
  path: (model, stream) => `/v1beta/models/${model}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
  body: geminiBody,
  read: (answer) => geminiStream(frames(answer).map((piece) => JSON.parse(piece) as Json)),
  heartbeat: 'data: {"candidates":[]}',
};

const geminiArray: Client = {
  path: (model, stream) => `/v1beta/models/${model}:${stream ? "streamGenerateContent" : "generateContent"}`,
  body: geminiBody,
  read: (answer) => geminiStream(JSON.parse(answer) as Json[]),
  heartbeat: "\n",
};

const CLIENTS = { chat, responses, "gemini, events": geminiEvents, "gemini, array": geminiArray } as const;
const UPSTREAMS = [
  ["anthropic", "", "claude-sonnet-4-6"],
  ["gemini", "", "gemini-3.8-pro"],
  ["openai", "/v1", "gpt-5.5"],
] as const;

type Config = (keys: number, times?: { heartbeat?: string; patience?: string }) => (upstream: string) => string;

function configOf(type: string, path: string, model: string): Config {
  return (keys, { heartbeat = "10s", patience = "250ms" } = {}) =>
    (upstream) =>
      `
server: { heartbeat: ${heartbeat} }
cooldown: { rate_limit_base: 200ms, rate_limit_max: 400ms, transient_base: 20ms, transient_max: 40ms }
providers:
  up:
    type: ${type}
    base_url: "${upstream}${path}"
    timeouts: { connect: ${patience}, headers: ${patience}, first_content: ${patience}, idle: ${patience} }
    credentials: [${Array.from({ length: keys }, (_, i) => `{ name: c${i + 1}, api_key: key-number-${i + 1} }`).join(", ")}]
models: { m: up/${model} }
`;
}

function ask(client: Client, url: string, stream: boolean, signal?: AbortSignal): Promise<Response> {
  return fetch(url + client.path("m", stream), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(client.body("m", stream)),
    ...(signal && { signal }),
  });
}

const CASES = Object.entries(CLIENTS).flatMap(([name, client]) => UPSTREAMS.map((upstream) => [name, ...upstream, client] as const));

describe.each(CASES)("client %s, upstream %s%s", (_name, type, path, model, client) => {
  const config = configOf(type, path, model);

  test("rules 295 and 324: heartbeats before and between content leave a stream whole", async () => {
    const { url, simulator } = await start({ config: config(1, { heartbeat: "10ms", patience: "5s" }) });
    simulator.script({ delayMs: 80, chunkDelayMs: 30 });
    const answer = await (await ask(client, url, true)).text();
    expect(answer.startsWith(client.heartbeat)).toBe(true);
    const { pieces, text, finished } = client.read(answer);
    const quiet = await start({ config: config(1) });
    expect(text).toBe(client.read(await (await ask(client, quiet.url, true)).text()).text);
    expect(finished).toBe(true);
    expect(pieces.filter((piece) => "error" in piece)).toEqual([]);
  });

  test("an error after a heartbeat is told inside the stream, before content and after it", async () => {
    const { url, simulator } = await start({ config: config(1, { heartbeat: "10ms", patience: "5s" }) });
    simulator.script({ fault: "400", delayMs: 80 }, { fault: "error-after-content", status: 503, delayMs: 80, chunkDelayMs: 30 });
    for (const content of [false, true]) {
      const answer = await (await ask(client, url, true)).text();
      expect(answer.startsWith(client.heartbeat)).toBe(true);
      const { pieces, text, finished } = client.read(answer);
      expect(text !== "").toBe(content);
      expect(finished).toBe(false);
      expect(pieces.at(-1)).toMatchObject({ error: { message: expect.any(String) } });
    }
  });

  test("rule 300: a client that leaves closes the upstream, and rests nobody", async () => {
    const { url, simulator, permits, gateway } = await start({ config: config(1, { patience: "5s" }) });
    for (const fault of ["hang-before-headers", "hang-mid-stream"] as const) {
      simulator.script({ fault });
      const gone = new AbortController();
      const asked = ask(client, url, true, gone.signal).then((answer) => answer.text());
      await until(() => simulator.openRequests === 1);
      gone.abort();
      await asked.catch(() => undefined);
      await until(() => simulator.openRequests === 0 && permits() === 0);
    }
    expect(gateway.describe()[0]?.credentials[0]?.cooldowns).toEqual([]);
  });
});

/** What the fault matrix plays through official SDKs; none of them asks Google for an array. */
const ARRAYS = UPSTREAMS.map((upstream) => [...upstream, geminiArray] as const);

describe.each(ARRAYS)("client gemini, array, upstream %s%s", (type, path, model, client) => {
  const config = configOf(type, path, model);

  test.each(["error-after-content", "end-early", "reset-mid-event", "hang-mid-stream"] satisfies FaultName[])(
    "rule 326: %s after content ends the stream with an error, never like a finished answer, and nothing is retried",
    async (fault) => {
      const { url, simulator, permits } = await start({ config: config(2) });
      simulator.script({ fault, status: 503, chunkDelayMs: 10 });
      const answer = await ask(client, url, true);
      expect(answer.status).toBe(200);
      const { pieces, text, finished } = client.read(await answer.text());
      expect(text).not.toBe("");
      expect(finished).toBe(false);
      expect(pieces.at(-1)).toMatchObject({ error: { message: expect.any(String) } });
      expect(pieces.filter((piece) => "error" in piece)).toHaveLength(1);
      expect(simulator.requests).toHaveLength(1);
      await until(() => permits() === 0 && simulator.openRequests === 0);
    },
  );

  test.each([
    ...(["401", "402", "403", "429", "500", "503", "529", "invalid-key", "no-credit"] satisfies FaultName[]),
    ...(["hang-before-headers", "hang-after-headers", "reset-before-headers", "reset-after-headers"] satisfies FaultName[]),
    ...(["error-in-200", "error-first", "error-before-content", "empty", "garbage-json", "html"] satisfies FaultName[]),
    ...(["wrong-content-type", "truncated-gzip"] satisfies FaultName[]),
  ])("rules 320, 326 and 327: %s before content: another credential answers, streaming or not", async (fault) => {
    const { url, simulator, permits } = await start({ config: config(3) });
    simulator.script({ fault, times: 1 });
    const streamed = await ask(client, url, true);
    expect(streamed.status).toBe(200);
    const { pieces, text, finished } = client.read(await streamed.text());
    expect(text).not.toBe("");
    expect(finished).toBe(true);
    expect(pieces.filter((piece) => "error" in piece)).toEqual([]);
    await until(() => permits() === 0 && simulator.openRequests === 0);
    simulator.script({ fault, times: 1 });
    const whole = await ask(client, url, false);
    expect(whole.status).toBe(200);
    expect(geminiText((await whole.json()) as Json)).not.toBe("undefined");
    await until(() => permits() === 0 && simulator.openRequests === 0);
  });

  test.each(["split-bytes", "close-after-answer"] satisfies FaultName[])("%s is no failure", async (fault) => {
    const { url, simulator } = await start({ config: config(1, { patience: "5s" }) });
    simulator.script({ fault, times: 1 });
    expect(client.read(await (await ask(client, url, true)).text())).toMatchObject({ finished: true, text: expect.stringMatching(/./) });
  });
});
