/** Gateways whose store a test brings, in front of a simulator that outlives them, for what clients leave with the server. */
import OpenAI from "openai";
import type { Response } from "openai/resources/responses/responses";
import { afterEach } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { createGateway } from "../../src/gateway.ts";
import { startSimulator, type Simulator } from "../../src/simulator/server.ts";
import type { RecordStore } from "../../src/storage/records.ts";
import { createLogger } from "../../src/telemetry/log.ts";

export const LIMITS = { ttlMs: 3_600_000, maxBytes: 100_000_000 };
const STATE_KEY = Buffer.alloc(32, 7);

/** What the test has opened, closed after it in the opposite order. */
export const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

export async function simulator(): Promise<Simulator> {
  const started = await startSimulator({ record: true });
  open.push(() => started.close());
  return started;
}

interface Setting {
  readonly upstream: Simulator;
  readonly records?: () => RecordStore;
  /** More of the config. */
  readonly more?: string;
  /** The account of each provider's pool; default: one. */
  readonly accounts?: readonly string[];
}

export interface Running {
  readonly url: string;
  readonly log: readonly string[];
  /** The SDK as a caller with this key. */
  readonly client: (key?: string) => OpenAI;
  readonly close: () => Promise<void>;
}

/** A gateway whose models are `claude`, `gemini`, `chat` and `gpt`, each spoken to in its own protocol. */
export async function gateway({ upstream, records, more = "", accounts = ["account-1"] }: Setting): Promise<Running> {
  const credentials = accounts.map((account) => `{ name: ${account}, api_key: key-of-${account} }`).join(", ");
  const text = `
server: { shutdown_grace: 200ms }
keys: [{ name: alice, key: alices-key }, { name: bob, key: bobs-key }]
providers:
  claude: { type: anthropic, base_url: "${upstream.url}", credentials: [${credentials}] }
  gemini: { type: gemini, base_url: "${upstream.url}", credentials: [${credentials}] }
  chat: { type: openai, base_url: "${upstream.url}/v1", protocols: [openai-chat], credentials: [${credentials}] }
  gpt: { type: openai, base_url: "${upstream.url}/v1", protocols: [openai-responses], credentials: [${credentials}] }
models: { claude: claude/claude-sonnet-4-6, gemini: gemini/gemini-3.8-pro, chat: chat/gpt-4.1, gpt: gpt/gpt-6 }
${more}`;
  const log: string[] = [];
  const { config } = parseConfig(text, { path: "dragoman.yaml", environment: {}, overrides: { port: 0 } });
  const logger = createLogger({ level: "trace", secrets: [], stream: { write: (line) => void log.push(line) } });
  const started = await createGateway({ config, log: logger, stateKeys: [STATE_KEY], ...(records && { openRecords: records }) });
  const { host, port } = await started.listen();
  const url = `http://${host}:${port}`;
  open.push(() => started.close());
  return {
    url,
    log,
    client: (key = "alices-key") => new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 }),
    close: () => started.close(),
  };
}

export type Json = Record<string, unknown>;

/** What the upstream was asked last. */
export const lastAsked = ({ requests }: Simulator): Json => JSON.parse(requests.at(-1)?.body.toString() ?? "{}") as Json;

/** What was said in the last request to an upstream, in order, as far as it is one of these. */
export function saidOf(upstream: Simulator, words: readonly string[]): string[] {
  const body = upstream.requests.at(-1)?.body.toString() ?? "";
  const places = words.flatMap((word) => [...body.matchAll(new RegExp(word, "g"))].map(({ index }) => [index, word] as const));
  return places.toSorted(([a], [b]) => a - b).map(([, word]) => word);
}

export const MODELS = ["claude", "gemini", "chat", "gpt"] as const;

/** What most requests say. */
export interface Asked {
  readonly model: string;
  readonly input: string;
  readonly instructions?: string;
  readonly previous_response_id?: string;
  /** `false` asks for no answer; the SDK's types have it for WebSockets only. */
  readonly generate?: boolean;
}

/** Whether it is kept, which the SDK's types leave out. */
export const isStored = (response: Response): unknown => (response as unknown as Json)["store"];

/** An answer, streamed or whole, as the SDK puts it together. */
export async function ask(client: OpenAI, stream: boolean, body: Asked): Promise<Response> {
  return stream ? client.responses.stream(body).finalResponse() : client.responses.create(body);
}
