/** The composition root: a configuration in, a running gateway out. The only place that puts the parts together. */
import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { createKeyRing } from "./access/keys.ts";
import { LessonMemory } from "./catalog/lesson-memory.ts";
import { comparablePrice } from "./catalog/prices.ts";
import { profileFor } from "./catalog/profiles/index.ts";
import type { Config } from "./config/config.ts";
import { changesBetween, untilRestart, type ConfigChange } from "./config/diff.ts";
import { createAdminListener } from "./http/admin/listener.ts";
import { createRequestListener, type RequestsContext } from "./http/requests.ts";
import { HttpServer } from "./http/server.ts";
import { WebSockets } from "./http/websocket.ts";
import { clientProtocols, protocols } from "./protocols/index.ts";
import type { ClientSide } from "./protocols/protocol.ts";
import type { Provider } from "./providers/provider.ts";
import { AnswerStates } from "./pipeline/answer-states.ts";
import { KeptAnswers } from "./pipeline/kept-answers.ts";
import { ListedModelMemory } from "./pipeline/listed-models.ts";
import { MediaStore } from "./pipeline/media.ts";
import { MintedStateMemory } from "./pipeline/minted-states.ts";
import { PoolMemory } from "./pipeline/pool-memory.ts";
import { ProtocolMemory } from "./pipeline/protocol-memory.ts";
import { defaultAffinityLimits } from "./routing/affinity.ts";
import { systemClock } from "./routing/clock.ts";
import type { PoolView } from "./routing/describe.ts";
import { Pool, type PoolSettings } from "./routing/pool.ts";
import { Router } from "./routing/router.ts";
import { startSimulator, type Simulator } from "./simulator/server.ts";
import { MemoryRecords } from "./storage/memory-records.ts";
import type { RecordStore } from "./storage/records.ts";
import { RedisSharing, type SharingView } from "./storage/redis-sharing.ts";
import { memoryStore, type Store } from "./storage/store.ts";
import { version } from "./version.ts";
import { createMediaFetch } from "./wire/media-fetch.ts";
import { createUndiciTransport } from "./wire/undici-transport.ts";

export interface GatewayOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Authenticate opaque state in clients' hands: the first seals, all verify. */
  readonly stateKeys: readonly [Buffer, ...Buffer[]];
  /** Opens the admin API, which is not there without it. */
  readonly adminKey?: string;
  /** Opens the store of what clients leave here, when it is first needed; absent: it is kept in memory. */
  readonly openRecords?: () => RecordStore;
  /** What is remembered of requests and of the pool, closed with the gateway; absent: it is kept in memory. */
  readonly store?: Store;
  /** Whether providers are asked for their lists of models. */
  readonly listModels?: boolean;
  /** Whether something was kept before: then the store is opened at once, for what has expired must go though nobody asks for it. */
  readonly recordsExist?: boolean;
}

export interface Gateway {
  /** @throws Error with a `code` such as `EADDRINUSE`. */
  listen(): Promise<{ host: string; port: number }>;
  /** What it runs with. */
  readonly config: Config;
  /**
   * Runs with this configuration from now on, as far as it can: requests that have begun end as they began, credentials
   * that it leaves as they are keep what is known of them. One call after the other.
   * @returns what is different, and what of it waits for a restart.
   */
  reload(config: Config): Promise<readonly ConfigChange[]>;
  /** Every pool's state, for people. */
  describe(): readonly PoolView[];
  /** How it stands with what replicas share; `undefined` where none is configured. */
  describeSharing(): SharingView | undefined;
  /** Once: stops accepting, lets running answers finish within the grace period, closes everything. */
  close(): Promise<void>;
}

/** A conversation with the embedded simulator goes on after a restart. */
const EMBEDDED_ISSUER = "embedded";

/** Builds a gateway; nothing listens before {@link Gateway.listen}, but for an embedded simulator. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const {
    config,
    log,
    stateKeys,
    adminKey,
    openRecords,
    recordsExist = false,
    listModels = false,
    store = memoryStore(config.requests),
  } = options;
  const transport = createUndiciTransport();
  /** Once started it stays: answers may be running on it. */
  let simulator: Simulator | undefined;
  const withPlaces = async (providers: readonly Provider[]): Promise<readonly Provider[]> => {
    if (providers.some(({ embedded }) => embedded)) simulator ??= await startSimulator({ issuer: EMBEDDED_ISSUER });
    return providers.map((provider) => placed(provider, simulator));
  };
  const providers = await withPlaces(config.providers);
  const sharing = config.redis && new RedisSharing({ settings: config.redis, log });
  const memory = new PoolMemory(store.stateStore, sharing);
  const pool = new Pool(providers, {
    journal: memory,
    ...poolSettings(config),
    priceOf: ({ provider, model }) => comparablePrice(provider.platform, model),
  });
  memory.restoreTo(pool);
  await sharing?.start((fact) => memory.hear(pool, fact));
  const userAgent = `dragoman/${version}`;
  const inMemory = (): RecordStore => new MemoryRecords(config.responses);
  const keptAnswers = new KeptAnswers({ open: config.responses.store ? (openRecords ?? inMemory) : undefined, log });
  const listedModels = new ListedModelMemory({ transport, userAgent, protocols, stateStore: store.stateStore, log });
  if (listModels) listedModels.configure(providers);
  const media = new MediaStore(createMediaFetch({ ...config.media, userAgent }), config.media.maxBytes);
  // What lasts as long as the program, whatever is configured.
  const services = {
    protocols,
    stateKeys,
    userAgent,
    lessons: new LessonMemory(systemClock),
    media,
    answerStates: new AnswerStates(systemClock),
    mintedStates: new MintedStateMemory(systemClock),
    protocolMemory: new ProtocolMemory(systemClock),
    keptAnswers,
    requestLog: store.requestLog,
    instanceId: randomUUID(),
    profileFor,
    pool,
    transport,
    clock: systemClock,
    log,
  };
  const clients = clientProtocols as readonly [ClientSide, ...ClientSide[]];
  const admin =
    adminKey === undefined
      ? undefined
      : createAdminListener({
          key: adminKey,
          pool,
          store,
          sharing: () => sharing?.describe(),
          clients,
          clock: systemClock,
          log,
          current: () => ({ config: running, router: serving.handling.router, keys: serving.keys }),
        });
  const servingWith = (config: Config, providers: readonly Provider[]): RequestsContext => ({
    handling: {
      ...services,
      retry: config.retry,
      router: new Router(config.routes, providers, listedModels),
      heartbeatMs: config.server.heartbeatMs,
      affinityByContent: config.affinity.byContent,
    },
    clients,
    keys: config.keys.length > 0 ? createKeyRing(config.keys) : undefined,
    maxBodyBytes: config.server.maxBodyBytes,
    ...(config.server.webSockets && { webSockets: config.server.webSockets }),
    ...(admin && { admin }),
    notReady() {
      if (server.closing) return "shutting down";
      return providers.length === 0 ? "no provider is configured" : undefined;
    },
  });
  let running = config;
  let serving = servingWith(config, providers);
  const current = (): RequestsContext => serving;
  const server = new HttpServer(createRequestListener(current), new WebSockets(current));
  let closed: Promise<void> | undefined;
  return {
    async listen() {
      const address = await server.listen(config.server.host, config.server.port);
      if (recordsExist) keptAnswers.store();
      return address;
    },
    get config() {
      return running;
    },
    async reload(wanted) {
      const providers = await withPlaces(wanted.providers);
      const changes = changesBetween(running, wanted);
      if (changes.length === 0) return changes;
      running = untilRestart(running, wanted);
      media.configure(createMediaFetch({ ...running.media, userAgent }), running.media.maxBytes);
      pool.configure(providers, poolSettings(running));
      if (listModels) listedModels.configure(providers);
      serving = servingWith(running, providers);
      return changes;
    },
    describe: () => pool.describe(),
    describeSharing: () => sharing?.describe(),
    close() {
      closed ??= (async () => {
        listedModels.close();
        await server.close(running.server.shutdownGraceMs);
        keptAnswers.close();
        await transport.close();
        await sharing?.close();
        // Last: what ended with the transport is still written.
        await store.close();
        await simulator?.close();
      })();
      return closed;
    },
  };
}

function poolSettings({ cooldown, queue, affinity }: Config): PoolSettings {
  return { cooldown, waiting: queue, affinity: { ...defaultAffinityLimits, ttlMs: affinity.ttlMs } };
}

function placed(provider: Provider, simulator: Simulator | undefined): Provider {
  return provider.embedded && simulator ? { ...provider, origin: simulator.url } : provider;
}
