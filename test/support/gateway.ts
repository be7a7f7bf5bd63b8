/** A gateway in this process, with a simulator as its upstream, for tests that go through real sockets. */
import { afterEach } from "vitest";
import type { ProtocolId } from "../../src/chat/chat.ts";
import { parseConfig } from "../../src/config/load.ts";
import { createGateway, type Gateway } from "../../src/gateway.ts";
import { startSimulator, type Simulator, type SimulatorOptions } from "../../src/simulator/server.ts";
import type { RequestRecord } from "../../src/storage/request-log.ts";
import { memoryStore, type Store } from "../../src/storage/store.ts";
import { createLogger } from "../../src/telemetry/log.ts";
import { SseReader } from "../../src/wire/sse.ts";

export interface TestGateway {
  readonly url: string;
  readonly gateway: Gateway;
  readonly simulator: Simulator;
  /** Every line logged so far. */
  readonly log: readonly string[];
  /** Requests under way in any pool. */
  readonly permits: () => number;
  /** What is remembered of the request that got this answer, once it is. */
  readonly record: (answer: Response) => Promise<RequestRecord>;
  /** The newest of what is remembered, once there are so many. */
  readonly records: (count: number) => Promise<readonly RequestRecord[]>;
  readonly close: () => Promise<void>;
}

export interface TestGatewayOptions {
  /** The config file, given the simulator's URL. */
  readonly config: (upstream: string) => string;
  readonly simulator?: SimulatorOptions;
  readonly stateKey?: Buffer;
  /** Opens the admin API. */
  readonly adminKey?: string;
  /** What the gateway remembers requests in; default: memory. */
  readonly store?: Store;
  /** Whether providers are asked for their lists of models. */
  readonly listModels?: boolean;
}

const KEY = Buffer.alloc(32, 7);

/** Starts both. The config's port is free, its level of logging the finest. */
export async function startTestGateway({ config, simulator: options, stateKey = KEY, ...given }: TestGatewayOptions): Promise<TestGateway> {
  const simulator = await startSimulator({ record: true, ...options });
  const log: string[] = [];
  const loaded = parseConfig(config(simulator.url), { path: "dragoman.yaml", environment: {}, overrides: { port: 0 } });
  const logger = createLogger({ level: "trace", secrets: [], stream: { write: (line) => void log.push(line) } });
  const store = given.store ?? memoryStore(loaded.config.requests);
  const gateway = await createGateway({ config: loaded.config, log: logger, stateKeys: [stateKey], ...given, store });
  const { host, port } = await gateway.listen();
  return {
    url: `http://${host}:${port}`,
    gateway,
    simulator,
    log,
    permits: () => gateway.describe().reduce((sum, pool) => sum + pool.credentials.reduce((used, { inUse }) => used + inUse, 0), 0),
    record: (answer) => eventually(() => store.requestLog.get(answer.headers.get("x-dragoman-request-id") ?? "")),
    records: (count) =>
      eventually(async () => {
        const found = await store.requestLog.list({ limit: count });
        return found.length === count ? found : undefined;
      }),
    async close() {
      await simulator.close();
      await gateway.close();
    },
  };
}

/** Starts gateways that are closed after each test of the file. */
export function gatewaysForTests(): {
  start: (options: TestGatewayOptions) => Promise<TestGateway>;
  readonly running: readonly TestGateway[];
} {
  const running: TestGateway[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((gateway) => gateway.close()));
  });
  return {
    running,
    async start(options) {
      const gateway = await startTestGateway(options);
      running.push(gateway);
      return gateway;
    },
  };
}

/** Looks until there is something, as long as the test may take. */
async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits, as long as the test may take. */
export async function until(met: () => boolean): Promise<void> {
  while (!met()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Credentials `k1`…`kN` of one provider called `up`, every model name going there; durations short enough for tests. */
export function pool(type: "anthropic" | "gemini" | "openai", keys: number, more = ""): (upstream: string) => string {
  const names = Array.from({ length: keys }, (_, i) => `      - { name: c${i + 1}, api_key: key-number-${i + 1} }`).join("\n");
  const target = type === "gemini" ? "up/gemini-3.8-pro" : "up/*";
  return (upstream) => `
server: { heartbeat: 10s, shutdown_grace: 200ms }
cooldown: { rate_limit_base: 200ms, rate_limit_max: 400ms, transient_base: 20ms, transient_max: 40ms, long: 1s, probe_interval: 10s }
providers:
  up:
    type: ${type}
    base_url: "${upstream}${type === "openai" ? "/v1" : ""}"
    timeouts: { connect: 300ms, headers: 300ms, first_content: 300ms, idle: 300ms }
    credentials:
${names}
models:
  "*": ${target}
${more}`;
}

/**
 * One credential of one provider called `up`, every model name going to this model of it.
 * @param protocol which of OpenAI's two is spoken; absent: what the type prefers.
 */
export function oneModel(type: string, model: string, protocol?: ProtocolId): (upstream: string) => string {
  const path = type.startsWith("openai") ? "/v1" : "";
  const protocols = protocol === undefined ? "" : `protocols: [${protocol}], `;
  return (upstream) => `
providers:
  up: { type: ${type}, ${protocols}base_url: "${upstream}${path}", credentials: [{ api_key: k }] }
models: { "*": up/${model} }
`;
}

/** The same with the usual limits of time: for what is slow and no failure, on a busy machine too. */
export function unhurried(config: (upstream: string) => string): (upstream: string) => string {
  return (upstream) => config(upstream).replace(/^ +timeouts: .*\n/m, "");
}

export interface Event {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** The events of a whole SSE text. */
export function readEvents(text: string): Event[] {
  const reader = new SseReader();
  const frames = [...reader.push(Buffer.from(text)), ...reader.end()];
  return frames.map(({ event, data }) => ({ event, data: JSON.parse(data) as Record<string, unknown> }));
}

/** A Messages request of one short turn. */
export function ask(text: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { model: "claude-sonnet-5-5", max_tokens: 256, messages: [{ role: "user", content: text }], ...more };
}

/** Posts JSON as a Messages client does. */
export function post(url: string, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...(signal && { signal }),
  });
}
