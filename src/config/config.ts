/** The configuration as the program uses it: checked, references resolved, every default filled in. Durations are in ms. */
import type { ErrorKind } from "../chat/error.ts";
import type { LossMode } from "../chat/loss.ts";
import type { Provider, StrategyName } from "../providers/provider.ts";

/** Where a configuration came from. */
export type ConfigSource =
  | { readonly kind: "file"; readonly path: string }
  /** No file: providers from these environment variables. */
  | { readonly kind: "environment"; readonly variables: readonly string[] }
  /** No file and no variable: the embedded simulator answers. */
  | { readonly kind: "simulator" };

interface ServerConfig {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly maxBodyBytes: number;
  /** Silence before a heartbeat is sent. */
  readonly heartbeatMs: number;
  /** How long running answers may go on after a shutdown began. */
  readonly shutdownGraceMs: number;
  /** Absent: nothing is spoken over WebSockets. */
  readonly webSockets?: {
    /** At once. */
    readonly maxConnections: number;
    /** How long one may be open. */
    readonly maxAgeMs: number;
  };
}

/** One virtual key: who may call. The clear key is never kept. */
export interface KeyConfig {
  readonly name: string;
  /** SHA-256 of the key, lower-case hex. */
  readonly sha256: string;
  /** Names and patterns of the models it may use, as clients call them; absent: all. */
  readonly models?: readonly string[];
  /** Absent: the route's, else `default`. */
  readonly loss?: LossMode;
}

/** Where a request may go. */
export interface RouteTarget {
  readonly provider: string;
  /** The upstream's name of the model; `*`: the name that was asked for. */
  readonly model: string;
}

/** Targets that are tried as one. */
export interface RouteStep {
  readonly targets: readonly [RouteTarget, ...RouteTarget[]];
  /** How their credentials take turns; absent: as the provider of the one target says. */
  readonly strategy?: StrategyName;
  /** The failures of the steps before that lead here; absent: all but those that are the request's own fault. */
  readonly on?: readonly ErrorKind[];
}

/** What clients may ask for, and where it goes. */
export interface Route {
  /** A model name, or a pattern in which `*` stands for any text. */
  readonly pattern: string;
  /** In order: the next is the fallback. */
  readonly steps: readonly [RouteStep, ...RouteStep[]];
  /** Absent: `default`, unless the key says otherwise. */
  readonly loss?: LossMode;
  /** Whether a stream that breaks off may go on with another attempt. */
  readonly recovery?: true;
}

/** What trying again may cost (resilience §4). */
interface RetryConfig {
  /** Attempts per request, the first included. */
  readonly attempts: number;
  /** From the request's arrival: no attempt begins later. */
  readonly totalMs: number;
  /** What failed attempts may have cost, by public prices, before another begins; absent: any amount. */
  readonly usd?: number;
}

/** Which conversations stay with their credential. */
interface AffinityConfig {
  /** How long a binding lasts without being used. */
  readonly ttlMs: number;
  /** Whether conversations are told apart by how they begin where their clients do not name them. */
  readonly byContent: boolean;
}

/** How long what failed rests (resilience §3). */
interface CooldownConfig {
  /** After a 429 without a hint; doubles. */
  readonly rateLimitBaseMs: number;
  readonly rateLimitMaxMs: number;
  /** After a 5xx or a broken connection; doubles. */
  readonly transientBaseMs: number;
  readonly transientMaxMs: number;
  /** The longest hint that is believed. */
  readonly hintMaxMs: number;
  /** The longest rest after an unpaid bill, a refusal or an unknown model; the first is `probeIntervalMs`, and they double. */
  readonly longMs: number;
  /** How often whatever rests is tried all the same. */
  readonly probeIntervalMs: number;
}

/** What may wait when every permit is taken. */
interface QueueConfig {
  /** Requests waiting at once, per provider. */
  readonly maxWaiting: number;
  readonly maxWaitMs: number;
}

/** What clients leave with the gateway, to refer to it later. */
interface ResponsesConfig {
  /** Whether anything is kept. */
  readonly store: boolean;
  /** How long what is not used is kept. */
  readonly ttlMs: number;
  /** The most that all of it may take up. */
  readonly maxBytes: number;
}

/** How many requests are remembered, and for how long. */
interface RequestsConfig {
  readonly maxRecords: number;
  readonly ttlMs: number;
}

/** The Redis or Valkey server through which replicas share state. */
interface RedisConfig {
  /** `redis:` or `rediss:`, a host, and perhaps a port, a user, a password and the number of a database. Never shown anywhere. */
  readonly url: string;
  /** Begins the names of all keys. */
  readonly prefix: string;
}

/** How files at URLs are fetched for models that do not fetch them. */
interface MediaConfig {
  /** The most that the files of one request may have together. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
  /** Whether callers may name addresses that are not public. */
  readonly allowPrivate: boolean;
}

export interface Config {
  readonly source: ConfigSource;
  readonly server: ServerConfig;
  /** Empty: only loopback callers are served, and no key is asked. */
  readonly keys: readonly KeyConfig[];
  /** In the file's order, names unique. */
  readonly providers: readonly Provider[];
  /** In the file's order; which one counts for a name is the router's matter. */
  readonly routes: readonly Route[];
  readonly retry: RetryConfig;
  readonly cooldown: CooldownConfig;
  readonly queue: QueueConfig;
  readonly affinity: AffinityConfig;
  readonly responses: ResponsesConfig;
  readonly requests: RequestsConfig;
  /** Absent: this replica shares nothing. */
  readonly redis?: RedisConfig;
  readonly media: MediaConfig;
}
