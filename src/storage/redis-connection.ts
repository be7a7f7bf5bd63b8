/**
 * One connection to a Redis or Valkey server, over which replicas tell each other facts: each fact is a key with a time to
 * live, and whoever changes one says its name on a channel. When it was said is the server's time, so that no two replicas'
 * clocks have to agree. RESP3 lets one connection both ask and hear: what it hears is in step with what it is answered.
 */
import type { Redis } from "ioredis";

/** Where the server is, and how to be let in. */
export interface RedisSettings {
  /** `redis://user:password@host:port/database`, or `rediss:` for TLS; all but the host may be left out. Never to be shown. */
  readonly url: string;
  /** Begins the name of every key and of the channel. */
  readonly prefix: string;
}

/** One fact, as it is said. */
export interface SaidFact {
  readonly name: string;
  /** Tells it from anything else that was ever said under this name; without spaces. */
  readonly id: string;
  /** `undefined`: it is no longer true. */
  readonly value: string | undefined;
  /** How long ago it was said. */
  readonly agoMs: number;
  /** How long it is remembered from when it was said. */
  readonly ttlMs: number;
}

export interface RedisConnectionOptions {
  readonly settings: RedisSettings;
  /** How long the server may take to accept a connection, and to answer a command. */
  readonly timeoutMs: number;
  /** How often it is asked whether it is there. */
  readonly pingMs: number;
  /** Names this replica; what it says itself it does not hear. */
  readonly speaker: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Hears the names of facts that others have changed. */
  readonly onNews: (names: readonly string[]) => void;
}

/**
 * Says facts, unless something newer was said of them; a time that has not come yet, after the server's clock was put back,
 * is no time. Returns the names of those of which something newer was said.
 * KEYS: the facts' keys. ARGV: prefix, channel, speaker; for each fact its age and time to live in ms, its id and its value.
 */
const SAY = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local said, newer = {}, {}
for i, key in ipairs(KEYS) do
  local age, ttl, id, value = unpack(ARGV, 4 * i, 4 * i + 3)
  local at = now - age
  local left = math.floor(ttl - age)
  local known = redis.pcall('GET', key)
  local knownAt, knownId = string.match(type(known) == 'string' and known or '', '^(%d+) (%S+) ')
  local name = string.sub(key, #ARGV[1] + 2)
  knownAt = tonumber(knownAt)
  if knownId ~= id and left > 0 then
    if knownAt and knownAt > at and knownAt <= now then
      newer[#newer + 1] = name
    else
      redis.call('SET', key, string.format('%.0f %s %s %s', at, id, ttl, value), 'PX', left)
      said[#said + 1] = name
    end
  end
end
if #said > 0 then redis.call('PUBLISH', ARGV[2], ARGV[3] .. '\\n' .. table.concat(said, '\\n')) end
return newer
`;

/** What stands under a key: when it was said, in ms since 1970, its id, its time to live and its value, which is empty when it is no longer true. */
const WRITTEN = /^(\d{1,16}) (\S{1,100}) (\d{1,12}) (.*)$/s;

/** Servers repeat what follows a command that they do not know, and behind `AUTH` and `HELLO` follows the password. */
const REPEATED = /, with args beginning with:.*$/s;

/** Keys looked through at a time. */
const SCAN_COUNT = 500;
/** How long the server may take to say farewell, in ms. */
const FAREWELL_MS = 100;

export class RedisConnection {
  /** Resolves with the reason when it can no longer be used. Its message is fit to be shown. */
  readonly lost: Promise<Error>;
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #channel: string;
  readonly #speaker: string;
  readonly #signal: AbortSignal;
  readonly #abort = (): void => this.close();
  readonly #lose: (error: Error) => void;
  readonly #ping: NodeJS.Timeout;

  /**
   * Connects, and hears of every change from then on.
   * @throws Error when the server cannot be reached, or does not let us in.
   */
  static async open(options: RedisConnectionOptions): Promise<RedisConnection> {
    const { Redis } = await import("ioredis");
    const { settings, timeoutMs, signal } = options;
    signal.throwIfAborted();
    const redis = new Redis({
      ...addressIn(settings.url),
      connectionName: "dragoman",
      disableClientInfo: true,
      lazyConnect: true,
      protocol: 3,
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
      disconnectTimeout: FAREWELL_MS,
      // Whoever uses this opens another one: nothing waits here for better times.
      retryStrategy: null,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
    });
    const connection = new RedisConnection(redis, options);
    try {
      await redis.connect();
      await redis.subscribe(connection.#channel);
      return connection;
    } catch (error) {
      connection.#lose(error as Error);
      connection.close();
      throw await connection.lost;
    }
  }

  private constructor(redis: Redis, { settings: { url, prefix }, pingMs, speaker, signal, onNews }: RedisConnectionOptions) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#channel = `${prefix}:changes`;
    this.#speaker = speaker;
    this.#signal = signal;
    signal.addEventListener("abort", this.#abort);
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.lost = promise;
    const { password = "" } = addressIn(url);
    this.#lose = ({ message }) => resolve(new Error(withoutSecrets(message, password)));
    redis.on("error", this.#lose);
    redis.on("end", () => this.#lose(new Error("The connection was closed.")));
    redis.on("message", (_channel: string, message: string) => {
      const [from, ...names] = message.split("\n");
      if (from !== speaker) onNews(names);
    });
    this.#ping = setInterval(() => void this.#ask(() => redis.ping()).catch(() => undefined), pingMs);
  }

  /** Says facts to all. @returns the names of those of which something newer was said. */
  async say(facts: readonly SaidFact[]): Promise<readonly string[]> {
    const keys = facts.map(({ name }) => this.#key(name));
    const words = facts.flatMap(({ agoMs, ttlMs, id, value = "" }) => [Math.round(agoMs), Math.round(ttlMs), id, value]);
    return (await this.#ask(() =>
      this.#redis.eval(SAY, keys.length, ...keys, this.#prefix, this.#channel, this.#speaker, ...words),
    )) as string[];
  }

  /** What was said last of each of these, where anything was, and somebody can read it. */
  async read(names: readonly string[]): Promise<readonly SaidFact[]> {
    if (names.length === 0) return [];
    const askedAt = performance.now();
    const [time, values] = await this.#ask(async () => {
      const results = (await this.#redis
        .pipeline()
        .time()
        .mget(names.map((name) => this.#key(name)))
        .exec()) as [Error | null, unknown][];
      for (const [error] of results) if (error) throw error;
      return results.map(([, result]) => result) as [[unknown, unknown], (string | null)[]];
    });
    // The server's clock as it may be by now: a fact is rather too old than too young.
    const now = Number(time[0]) * 1000 + Number(time[1]) / 1000 + (performance.now() - askedAt);
    return names.flatMap((name, index) => {
      const [, at, id, ttl, value] = WRITTEN.exec(values[index] ?? "") ?? [];
      if (id === undefined) return [];
      return [{ name, id, value: value === "" ? undefined : value, agoMs: Math.max(now - Number(at), 0), ttlMs: Number(ttl) }];
    });
  }

  /** The names of all facts, a part at a time; some may come twice. */
  async *names(): AsyncGenerator<readonly string[]> {
    let cursor = "0";
    do {
      const from = cursor;
      const [next, keys] = await this.#ask(() => this.#redis.scan(from, "MATCH", `${this.#prefix}:*`, "COUNT", SCAN_COUNT));
      yield keys.map((key) => key.slice(this.#prefix.length + 1));
      cursor = next;
    } while (cursor !== "0");
  }

  /** Ends it, whatever is under way. */
  close(): void {
    clearInterval(this.#ping);
    this.#signal.removeEventListener("abort", this.#abort);
    this.#redis.disconnect();
  }

  #key(name: string): string {
    return `${this.#prefix}:${name}`;
  }

  /** A server that does not answer, or refuses, is of no use any more. */
  async #ask<Answer>(command: () => Promise<Answer>): Promise<Answer> {
    try {
      return await command();
    } catch (error) {
      this.#lose(error as Error);
      throw await this.lost;
    }
  }
}

function withoutSecrets(message: string, password: string): string {
  const told = message.replace(REPEATED, "");
  return password === "" ? told : told.replaceAll(password, "[redacted]");
}

/** What a URL says, as the client takes it. Its own reading leaves an IPv6 address in brackets. */
function addressIn(text: string) {
  const url = new URL(text);
  const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    ...(url.port !== "" && { port: Number(url.port) }),
    ...(username !== "" && { username }),
    ...(password !== "" && { password }),
    db: Number(url.pathname.slice(1)),
    ...(url.protocol === "rediss:" && { tls: {} }),
  };
}
