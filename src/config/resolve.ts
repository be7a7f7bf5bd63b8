/** From a file that fits the schema to the configuration the program uses. */
import { BlockList, isIP } from "node:net";
import type { Config, ConfigSource } from "./config.ts";
import type { ProblemList } from "./errors.ts";
import { resolveKeys } from "./resolve-keys.ts";
import { resolveProviders } from "./resolve-providers.ts";
import { resolveRedis } from "./resolve-redis.ts";
import { resolveRoutes } from "./resolve-routes.ts";
import type { ConfigFile } from "./schema.ts";

/** What the command line sets, above the file. */
export interface Overrides {
  readonly host?: string;
  readonly port?: number;
}

/** A configuration, and what must never be shown. */
export interface LoadedConfig {
  readonly config: Config;
  /** Every clear secret that was read: API keys, virtual keys. For the log's redaction. */
  readonly secrets: readonly string[];
}

/** What is wrong goes on `problems`; with any there, the result must not be used. */
export function resolveConfig(file: ConfigFile, source: ConfigSource, overrides: Overrides, problems: ProblemList): LoadedConfig {
  const secrets = new Set<string>();
  const keys = resolveKeys(file.keys ?? [], problems, secrets);
  const providers = resolveProviders(file.providers, problems, secrets);
  const routes = resolveRoutes(file.models, providers, problems);
  const redis = resolveRedis(file.redis, problems, secrets);
  const host = overrides.host ?? file.server.host;
  checkHost(host, { keyless: file.keys === undefined, commandLine: overrides.host !== undefined }, problems);
  if (file.cooldown.rate_limit_base > file.cooldown.rate_limit_max) {
    problems.add(["cooldown", "rate_limit_base"], "is longer than `rate_limit_max`");
  }
  if (file.cooldown.transient_base > file.cooldown.transient_max) {
    problems.add(["cooldown", "transient_base"], "is longer than `transient_max`");
  }
  const config: Config = {
    source,
    server: {
      host,
      port: overrides.port ?? file.server.port,
      maxBodyBytes: file.server.max_body_bytes,
      heartbeatMs: file.server.heartbeat,
      shutdownGraceMs: file.server.shutdown_grace,
      ...(file.server.websocket && {
        webSockets: { maxConnections: file.server.websocket_max_connections, maxAgeMs: file.server.websocket_max_age },
      }),
    },
    keys,
    providers,
    routes,
    retry: {
      attempts: file.retry.attempts,
      totalMs: file.retry.total,
      ...(file.retry.usd !== undefined && { usd: file.retry.usd }),
    },
    cooldown: {
      rateLimitBaseMs: file.cooldown.rate_limit_base,
      rateLimitMaxMs: file.cooldown.rate_limit_max,
      transientBaseMs: file.cooldown.transient_base,
      transientMaxMs: file.cooldown.transient_max,
      hintMaxMs: file.cooldown.hint_max,
      longMs: file.cooldown.long,
      probeIntervalMs: file.cooldown.probe_interval,
    },
    queue: { maxWaiting: file.queue.max_waiting, maxWaitMs: file.queue.max_wait },
    affinity: { ttlMs: file.affinity.ttl, byContent: file.affinity.by_content },
    responses: { store: file.responses.store, ttlMs: file.responses.ttl, maxBytes: file.responses.max_bytes },
    requests: { maxRecords: file.requests.max_records, ttlMs: file.requests.ttl },
    ...(redis && { redis }),
    media: { maxBytes: file.media.max_bytes, timeoutMs: file.media.timeout, allowPrivate: file.media.allow_private },
  };
  return { config, secrets: [...secrets] };
}

function checkHost(host: string, { keyless, commandLine }: { keyless: boolean; commandLine: boolean }, problems: ProblemList): void {
  const problem = hostProblem(host, keyless);
  if (problem === undefined) return;
  const [message, suggestion] = problem;
  if (commandLine) problems.add([], `--host: ${message}`, suggestion, "command-line");
  else problems.add(["server", "host"], message, suggestion);
}

function hostProblem(host: string, keyless: boolean): [message: string, suggestion: string] | undefined {
  if (isIP(host) === 0 && /[:/]/.test(host)) {
    return ["expected a host name or an address alone", "the port is another setting: `server.port` in the config file, or --port"];
  }
  // Resilience case [17]: without keys, whoever reaches the port could spend the operator's credentials.
  if (!keyless || isLoopback(host)) return undefined;
  return [
    "without `keys` Dragoman listens on this machine only, or anyone who reaches it could spend your credentials",
    "add `keys` to the config file, or listen on 127.0.0.1",
  ];
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether only this machine reaches what listens there. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? host.toLowerCase() === "localhost" : loopback.check(host, family === 4 ? "ipv4" : "ipv6");
}
