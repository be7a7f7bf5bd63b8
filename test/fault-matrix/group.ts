/** One gateway and one simulator for all cells of a client and an upstream, each cell with providers, credentials and prompts of its own. */
import { request } from "node:http";
import { buffer } from "node:stream/consumers";
import type { Endpoint, ProtocolName } from "../../src/conformance/clients/client.ts";
import type { Behaviour, FaultName, RecordedRequest } from "../../src/simulator/types.ts";
import type { RequestLog, RequestRecord } from "../../src/storage/request-log.ts";
import { memoryStore } from "../../src/storage/store.ts";
import { startTestGateway, until, type TestGateway } from "../support/gateway.ts";

/** A provider of one scenario, and the targets that its model leads to. */
export interface Scenario {
  /** The provider's name, and the model's. */
  readonly name: string;
  /** Behaviours of its credentials `a`, `b`, … in the order in which they are asked. */
  readonly credentials: readonly (Behaviour | FaultName)[];
  readonly timeouts: string;
  /** Whether another target stands behind it, whose credential is sound. */
  readonly spare: boolean;
}

/** What a credential answers with to which nothing happens. */
export const SOUND: Behaviour = { text: "Said by a sound credential.", thinking: "", usage: { input: 21, output: 9 } };
/** What the same would be of one to which something happens. */
export const FAULTY: Behaviour = { text: "Said by a credential with a fault.", thinking: "", usage: { input: 43, output: 13 } };

const PROVIDERS: Readonly<Record<ProtocolName, { readonly settings: string; readonly path: string; readonly model: string }>> = {
  anthropic: { settings: "type: anthropic", path: "", model: "claude-sonnet-5-5" },
  chat: { settings: "type: openai, protocols: [openai-chat]", path: "/v1", model: "gpt-5.5" },
  responses: { settings: "type: openai, protocols: [openai-responses]", path: "/v1", model: "gpt-5.5" },
  gemini: { settings: "type: gemini", path: "", model: "gemini-3.8-pro" },
};

const CLIENT_PATHS: Readonly<Record<ProtocolName, string>> = { anthropic: "", chat: "/v1", responses: "/v1", gemini: "" };

/** What stands behind every scenario that may go to another target. */
const SPARE = "spare";

/** An answer as the upstream gives it, without the gateway. */
export interface Direct {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: Buffer;
}

/** The gateway of a group of cells. */
export class Group {
  readonly gateway: TestGateway;
  readonly #requestLog: RequestLog;
  readonly #client: ProtocolName;
  readonly #upstream: ProtocolName;

  static async start(client: ProtocolName, upstream: ProtocolName, scenarios: readonly Scenario[]): Promise<Group> {
    const store = memoryStore({ maxRecords: 100_000, ttlMs: 3_600_000 });
    const gateway = await startTestGateway({ config: (url) => config(url, upstream, scenarios), store });
    return new Group(gateway, store.requestLog, client, upstream, scenarios);
  }

  private constructor(
    gateway: TestGateway,
    requestLog: RequestLog,
    client: ProtocolName,
    upstream: ProtocolName,
    scenarios: readonly Scenario[],
  ) {
    this.gateway = gateway;
    this.#requestLog = requestLog;
    this.#client = client;
    this.#upstream = upstream;
    gateway.simulator.credentials.set(keyOf(SPARE, 0), SOUND);
    for (const { name, credentials } of scenarios) {
      for (const [index, behaviour] of credentials.entries()) gateway.simulator.credentials.set(keyOf(name, index), behaviour);
    }
  }

  /** Where an official SDK reaches a scenario's model. */
  endpoint({ name }: Scenario): Endpoint {
    return { baseUrl: this.gateway.url + CLIENT_PATHS[this.#client], apiKey: "any", model: name, headers: {} };
  }

  /** `provider/model` of a provider of the group. */
  target(provider: string = SPARE): string {
    return `${provider}/${PROVIDERS[this.#upstream].model}`;
  }

  /** Changes what happens to a credential from now on. */
  behave(scenario: Scenario, credential: number, behaviour: Behaviour | FaultName): void {
    this.gateway.simulator.credentials.set(keyOf(scenario.name, credential), behaviour);
  }

  /** What reached the upstream of the requests with this in their prompt, once nothing of them is under way any more, nor in the scenario's pool. */
  async settled(scenario: Scenario, prompt: string): Promise<readonly RecordedRequest[]> {
    const own = (): RecordedRequest[] => this.gateway.simulator.requests.filter(({ body }) => body.includes(prompt));
    await until(() => own().every(({ outcome }) => outcome !== "open") && this.#inUse(scenario.name) === 0);
    return own();
  }

  /** What is remembered of a request with this id. Its client may have the answer a moment earlier. */
  async recordOf(requestId: string): Promise<RequestRecord> {
    for (;;) {
      const record = await this.#requestLog.get(requestId);
      if (record) return record;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Which credential of a scenario's, or of the spare target, a key is. */
  credentialOf(scenario: Scenario, { credential }: RecordedRequest): string {
    const index = scenario.credentials.findIndex((_, one) => keyOf(scenario.name, one) === credential);
    return index < 0 ? SPARE : nameOf(index);
  }

  /** What the upstream answers to a request that it got, with this behaviour instead of its credential's. */
  replay({ method, path, headers, body }: RecordedRequest, behaviour: Behaviour): Promise<Direct> {
    const asked = { ...Object.fromEntries(pairs(headers)), "x-simulator": JSON.stringify(behaviour) };
    return new Promise((resolve, reject) => {
      // Without an agent: its connection ends with the answer, and is not taken for one of the gateway's.
      const sent = request(this.gateway.simulator.url + path, { method, headers: asked, agent: false }, (answer) => {
        buffer(answer).then(
          (bytes) => resolve({ status: answer.statusCode ?? 0, retryAfter: answer.headers["retry-after"] ?? null, body: bytes }),
          reject,
        );
      });
      sent.on("error", reject).end(body);
    });
  }

  /** Closes the gateway; then no connection to the upstream is open, no request is under way, and no permit is out. */
  async close(): Promise<{ readonly connections: number; readonly requests: number; readonly permits: number }> {
    const { gateway, simulator, permits } = this.gateway;
    await gateway.close();
    await until(() => simulator.openConnections === 0);
    const left = { connections: simulator.openConnections, requests: simulator.openRequests, permits: permits() };
    await simulator.close();
    return left;
  }

  #inUse(provider: string): number {
    const pool = this.gateway.gateway.describe().find((one) => one.provider === provider);
    if (!pool) throw new Error(`no provider ${provider}`);
    return pool.credentials.reduce((sum, { inUse }) => sum + inUse, 0);
  }
}

function pairs(headers: readonly string[]): [string, string][] {
  return headers.flatMap((name, index) => {
    if (index % 2 === 1 || HOPS.has(name.toLowerCase())) return [];
    return [[name, headers[index + 1] ?? ""]] as [string, string][];
  });
}

/** Headers of one connection. */
const HOPS: ReadonlySet<string> = new Set(["host", "connection", "content-length", "transfer-encoding"]);

/** A credential's name in its provider: the earlier in the alphabet, the earlier it is asked. */
export function nameOf(index: number): string {
  return String.fromCharCode("a".charCodeAt(0) + index);
}

function keyOf(provider: string, credential: number): string {
  return `key-of-${provider}-${nameOf(credential)}`;
}

function config(url: string, upstream: ProtocolName, scenarios: readonly Scenario[]): string {
  const { settings, path, model } = PROVIDERS[upstream];
  const provider = (name: string, count: number, timeouts: string): string => {
    const credentials = Array.from(
      { length: count },
      (_, one) => `{ name: ${nameOf(one)}, api_key: ${keyOf(name, one)}, priority: ${count - one} }`,
    );
    return `  ${name}: { ${settings}, base_url: "${url}${path}", timeouts: { ${timeouts} }, credentials: [${credentials.join(", ")}] }`;
  };
  const targets = ({ name, spare }: Scenario): string => `  ${name}: [${name}/${model}${spare ? `, ${SPARE}/${model}` : ""}]`;
  return `
retry: { attempts: 8 }
cooldown: { rate_limit_base: 50ms, rate_limit_max: 100ms, transient_base: 20ms, transient_max: 40ms, long: 100ms, probe_interval: 50ms }
providers:
${scenarios.map(({ name, credentials, timeouts }) => provider(name, credentials.length, timeouts)).join("\n")}
${provider(SPARE, 1, "")}
models:
${scenarios.map(targets).join("\n")}
`;
}
