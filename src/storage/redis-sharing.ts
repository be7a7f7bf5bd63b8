/**
 * Shares facts with other replicas through Redis or Valkey (resilience §3). Nobody ever waits for it: what is told is
 * remembered here and said in the background. While the server is out of reach each replica goes on alone; when it is back
 * they tell each other what they know, and of each fact what was said last counts.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import { RedisConnection, type RedisSettings } from "./redis-connection.ts";
import { RedisSession, type KnownFacts } from "./redis-session.ts";
import type { StateKind } from "./state-store.ts";

/** What is shared. */
export type SharedKind = Extract<StateKind, "rest" | "binding">;

const SHARED_KINDS = ["rest", "binding"] as const satisfies readonly SharedKind[];

/** A fact that another replica told. */
export interface SharedFact {
  readonly kind: SharedKind;
  readonly key: string;
  /** `undefined`: it is no longer true. */
  readonly value: string | undefined;
  /** How long ago it was told. */
  readonly agoMs: number;
  /** How long it was to be remembered from then on. */
  readonly ttlMs: number;
}

/** How it stands with the server, for people. Nothing secret. */
export interface SharingView {
  /** Its host, and its port where that is not the usual one. */
  readonly server: string;
  readonly state: "connected" | "down";
  /** For how long. */
  readonly sinceMs: number;
  /** Why it is down. */
  readonly reason?: string;
}

/** All in ms; the defaults suit production. */
export interface SharingTimes {
  /** How long the server may take to accept a connection, and to answer. */
  readonly timeoutMs: number;
  readonly pingMs: number;
  /** Between attempts to connect; doubles from the first to the second. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** How long a start waits to learn what others know. */
  readonly startMs: number;
}

const DEFAULT_TIMES: SharingTimes = { timeoutMs: 2_000, pingMs: 10_000, retryMinMs: 100, retryMaxMs: 5_000, startMs: 2_000 };

/** That a fact is no longer true is remembered for so long, for somebody who was away may still tell it, in ms. */
const ENDED_KEPT_MS = 86_400_000;
/** Facts of one kind remembered, to be told again when the server has lost them. */
const MAX_FACTS = 10_000;
/** Callers choose the names of models: what has a longer name is not shared. */
const MAX_NAME_CHARS = 1_000;

type StateView = Pick<SharingView, "state" | "reason">;

interface Remembered {
  readonly id: string;
  readonly value: string | undefined;
  /** In ms of the process's monotonic clock. */
  readonly saidAt: number;
  readonly ttlMs: number;
}

export interface RedisSharingOptions {
  readonly settings: RedisSettings;
  readonly log: Logger;
  readonly times?: SharingTimes;
}

export class RedisSharing {
  readonly #options: Required<RedisSharingOptions>;
  /** Names this replica, until it ends. */
  readonly #speaker = randomUUID();
  readonly #facts: Readonly<Record<SharedKind, LRUCache<string, Remembered>>>;
  readonly #server: string;
  readonly #closing = new AbortController();
  #ids = 0;
  #session: RedisSession | undefined;
  /** Absent before the first attempt has come to something. */
  #state: StateView | undefined;
  #since = performance.now();
  #running: Promise<void> | undefined;

  constructor(options: RedisSharingOptions) {
    this.#options = { times: DEFAULT_TIMES, ...options };
    this.#server = new URL(options.settings.url).host;
    this.#facts = { rest: new LRUCache({ max: MAX_FACTS }), binding: new LRUCache({ max: MAX_FACTS }) };
  }

  /**
   * Begins to share, and resolves when what others know was learned, or the server is out of reach, or that takes too long.
   * @param hear is told what others told, never what was told here.
   */
  async start(hear: (fact: SharedFact) => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running = this.#run(hear, resolve);
    const limit = setTimeout(resolve, this.#options.times.startMs);
    await promise;
    clearTimeout(limit);
  }

  /**
   * Tells a fact to all others, in the background; costs the caller next to nothing.
   * @param value `undefined`: it is no longer true. @param ttlMs how long it is to be remembered.
   */
  tell(kind: SharedKind, key: string, value: string | undefined, ttlMs: number): void {
    const name = `${kind}:${key}`;
    if (name.length > MAX_NAME_CHARS) return;
    this.#ids += 1;
    const keptMs = value === undefined ? ENDED_KEPT_MS : ttlMs;
    this.#remember(name, { id: `${this.#speaker}/${this.#ids}`, value, saidAt: performance.now(), ttlMs: keptMs });
    this.#session?.say(name);
  }

  describe(): SharingView {
    const { state, reason } = this.#state ?? { state: "down", reason: "It is being connected to." };
    return { server: this.#server, state, sinceMs: Math.round(performance.now() - this.#since), ...(reason !== undefined && { reason }) };
  }

  /** Says what is not yet said, if the server answers, and ends. */
  async close(): Promise<void> {
    await this.#session?.settled();
    this.#closing.abort();
    await this.#running;
  }

  /** Connects again and again until the end. @param tried is called when the first attempt has come to something. */
  async #run(hear: (fact: SharedFact) => void, tried: () => void): Promise<void> {
    const { retryMinMs, retryMaxMs } = this.#options.times;
    const { signal } = this.#closing;
    let pauseMs = retryMinMs;
    while (!signal.aborted) {
      const reason = await this.#connected(hear, () => {
        pauseMs = retryMinMs;
        this.#note({ state: "connected" });
        tried();
      });
      if (reason !== undefined) this.#note({ state: "down", reason });
      tried();
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, retryMaxMs);
    }
  }

  /** One connection, from beginning to end. @returns why it ended; `undefined`: it was to. */
  async #connected(hear: (fact: SharedFact) => void, caughtUp: () => void): Promise<string | undefined> {
    const { settings, times } = this.#options;
    const { signal } = this.#closing;
    let session: RedisSession | undefined;
    let connection: RedisConnection | undefined;
    let ended: Error;
    try {
      const onNews = (names: readonly string[]): void => session?.news(names);
      connection = await RedisConnection.open({ settings, ...times, speaker: this.#speaker, signal, onNews });
      session = this.#session = new RedisSession(connection, this.#knownFacts(hear));
      await session.catchUp();
      caughtUp();
      ended = await connection.lost;
    } catch (error) {
      ended = error as Error;
    }
    this.#session = undefined;
    connection?.close();
    return signal.aborted ? undefined : ended.message;
  }

  #knownFacts(hear: (fact: SharedFact) => void): KnownFacts {
    return {
      names: () => SHARED_KINDS.flatMap((kind) => [...this.#facts[kind].keys()]),
      get: (name) => {
        const fact = this.#factsOf(name)?.get(name);
        return fact && { name, ...fact, agoMs: performance.now() - fact.saidAt };
      },
      hear: ({ name, id, value, agoMs, ttlMs }) => {
        const kind = kindOf(name);
        if (kind === undefined || agoMs >= ttlMs) return;
        this.#remember(name, { id, value, saidAt: performance.now() - agoMs, ttlMs });
        hear({ kind, key: name.slice(kind.length + 1), value, agoMs, ttlMs });
      },
    };
  }

  #remember(name: string, fact: Remembered): void {
    const leftMs = Math.ceil(fact.ttlMs - (performance.now() - fact.saidAt));
    if (leftMs > 0) this.#factsOf(name)?.set(name, fact, { ttl: leftMs });
  }

  #factsOf(name: string): LRUCache<string, Remembered> | undefined {
    const kind = kindOf(name);
    return kind && this.#facts[kind];
  }

  /** Logged when it changes, and not while it stays. */
  #note(state: StateView): void {
    const changed = this.#state?.state !== state.state;
    this.#state = state;
    if (!changed) return;
    this.#since = performance.now();
    const { log } = this.#options;
    const redis = this.#server;
    if (state.state === "connected") log.info({ redis }, "rests and sessions are shared with other replicas");
    else log.warn({ redis, reason: state.reason }, "Redis is out of reach: this replica goes on alone until it is back");
  }
}

function kindOf(name: string): SharedKind | undefined {
  return SHARED_KINDS.find((kind) => name.startsWith(`${kind}:`));
}
