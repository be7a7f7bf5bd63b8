import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ConfigError } from "./errors.ts";
import { loadAddress, loadConfig, parseConfig } from "./load.ts";

const directory = mkdtempSync(join(tmpdir(), "dragoman-config-"));
afterAll(() => rmSync(directory, { recursive: true }));

const environment = {
  ALICE_KEY: "dgm-alice-0123456789",
  KEY_A: "upstream-key-a",
  KEY_B: "upstream-key-b",
  PORT: "9000",
  TARGET: "google/g",
};

function parse(text: string, overrides = {}) {
  return parseConfig(text, { path: join(directory, "dragoman.yaml"), environment, overrides });
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

describe("a whole file", () => {
  const hash = sha256("bob's key");
  const { config, secrets } = parse(`
server: { host: 0.0.0.0, port: env:PORT, heartbeat: 5s, shutdown_grace: 1m, max_body_bytes: 1048576, websocket_max_age: 5m }
keys:
  - { name: alice, key: env:ALICE_KEY, models: ["claude-*", fast], loss: strict }
  - { name: bob, hash: "sha256:${hash.toUpperCase()}" }
providers:
  google:
    type: gemini
    base_url: http://127.0.0.1:4000/prefix/
    models: [gemini-3.8-pro]
    timeouts: { first_content: 10m }
    credentials:
      - { name: project-a, api_key: env:KEY_A, priority: 1, max_concurrency: 8 }
      - api_key: env:KEY_B
  anthropic:
    type: anthropic
    credentials: [{ api_key: plain-key }]
models:
  "claude-*": anthropic/*
  claude-sonnet-5-5: google/gemini-3.8-pro
  fast: [google/gemini-3.8-flash, env:TARGET]
  "*": { targets: [google/models/with/slashes], strategy: round-robin, loss: lenient, recovery: true }
retry: { attempts: 2, total: 30s }
cooldown: { rate_limit_base: 250ms, long: 1h }
queue: { max_waiting: 7 }
`);

  test("the server", () => {
    expect(config.server).toEqual({
      host: "0.0.0.0",
      port: 9000,
      heartbeatMs: 5000,
      shutdownGraceMs: 60_000,
      maxBodyBytes: 1_048_576,
      webSockets: { maxConnections: 1000, maxAgeMs: 300_000 },
    });
  });

  test("WebSockets may be turned off", () => {
    expect(parse("server: { websocket: false }").config.server).not.toHaveProperty("webSockets");
  });

  test("keys are hashes only", () => {
    expect(config.keys).toEqual([
      { name: "alice", sha256: sha256("dgm-alice-0123456789"), models: ["claude-*", "fast"], loss: "strict" },
      { name: "bob", sha256: hash },
    ]);
    expect(JSON.stringify(config.keys)).not.toContain("dgm-alice");
  });

  test("providers are ready to use", () => {
    const [google, anthropic] = config.providers;
    expect(google).toMatchObject({
      name: "google",
      type: "gemini",
      origin: "http://127.0.0.1:4000",
      basePath: "/prefix",
      models: ["gemini-3.8-pro"],
      timeouts: { connectMs: 10_000, headersMs: 60_000, firstContentMs: 600_000, idleMs: 120_000 },
    });
    expect(google?.credentials).toMatchObject([
      { name: "project-a", apiKey: "upstream-key-a", priority: 1, maxConcurrency: 8 },
      { name: "key-2", apiKey: "upstream-key-b", priority: 0 },
    ]);
    expect(anthropic).toMatchObject({ name: "anthropic", models: ["claude-*"], origin: "https://api.anthropic.com" });
  });

  test("routes stand in the file's order", () => {
    expect(config.routes).toEqual([
      { pattern: "claude-*", steps: [{ targets: [{ provider: "anthropic", model: "*" }] }] },
      { pattern: "claude-sonnet-5-5", steps: [{ targets: [{ provider: "google", model: "gemini-3.8-pro" }] }] },
      {
        pattern: "fast",
        steps: [{ targets: [{ provider: "google", model: "gemini-3.8-flash" }] }, { targets: [{ provider: "google", model: "g" }] }],
      },
      {
        pattern: "*",
        steps: [{ targets: [{ provider: "google", model: "models/with/slashes" }], strategy: "round-robin" }],
        loss: "lenient",
        recovery: true,
      },
    ]);
  });

  test("what is not set has its default", () => {
    expect(config.retry).toEqual({ attempts: 2, totalMs: 30_000 });
    expect(config.cooldown).toEqual({
      rateLimitBaseMs: 250,
      rateLimitMaxMs: 300_000,
      transientBaseMs: 1000,
      transientMaxMs: 60_000,
      hintMaxMs: 21_600_000,
      longMs: 3_600_000,
      probeIntervalMs: 600_000,
    });
    expect(config.queue).toEqual({ maxWaiting: 7, maxWaitMs: 30_000 });
    expect(config.responses).toEqual({ store: true, ttlMs: 2_592_000_000, maxBytes: 1_073_741_824 });
  });

  test("what clients leave here may be kept for shorter, or not at all", () => {
    const text = "responses: { store: false, ttl: 36h, max_bytes: 1048576 }";
    expect(parse(text).config.responses).toEqual({ store: false, ttlMs: 129_600_000, maxBytes: 1_048_576 });
  });

  test("the secrets are told for redaction, hashes aside", () => {
    expect(secrets.toSorted()).toEqual(["dgm-alice-0123456789", "plain-key", "upstream-key-a", "upstream-key-b"]);
  });
});

test("an empty file has every default and no provider", () => {
  for (const text of ["", "# only a comment\n", "{}", "---\n"]) {
    const { config } = parse(text);
    expect(config.server).toEqual({
      host: "127.0.0.1",
      port: 8317,
      maxBodyBytes: 33_554_432,
      heartbeatMs: 15_000,
      shutdownGraceMs: 30_000,
      webSockets: { maxConnections: 1000, maxAgeMs: 3_600_000 },
    });
    expect([config.keys, config.providers, config.routes]).toEqual([[], [], []]);
  }
});

test("a simulator needs neither key nor address", () => {
  const { config, secrets } = parse("providers: { offline: { type: simulator } }");
  expect(config.providers).toMatchObject([
    { name: "offline", embedded: true, origin: "", models: expect.arrayContaining(["claude-opus-5-5", "*"]) },
  ]);
  expect(secrets).toEqual([]);
});

test("file references are read, relative ones beside the file, without the last line break", () => {
  mkdirSync(join(directory, "secrets"), { recursive: true });
  writeFileSync(join(directory, "secrets", "a"), "key-from-file\n");
  for (const reference of [`file:${directory}/secrets/a`, "file:secrets/a", `file://${directory}/secrets/a`]) {
    const { config } = parse(`providers: { p: { type: anthropic, credentials: [{ api_key: "${reference}" }] } }`);
    expect(config.providers[0]?.credentials[0]?.apiKey).toBe("key-from-file");
  }
});

test("anchors and aliases are plain YAML", () => {
  const { config } = parse("models: { a: &t [p/one], b: *t }\nproviders: { p: { type: simulator } }");
  expect(config.routes[1]).toEqual({ pattern: "b", steps: [{ targets: [{ provider: "p", model: "one" }] }] });
});

describe("without keys", () => {
  test.each(["127.0.0.1", "127.9.9.9", "::1", "localhost"])("%s may be listened on", (host) => {
    expect(parse(`server: { host: "${host}" }`).config.server.host).toBe(host);
    expect(parse("", { host }).config.server.host).toBe(host);
  });

  test.each(["0.0.0.0", "::", "192.168.1.4", "example.com", "127.example.com", "::ffff:1.2.3.4"])("%s may not", (host) => {
    expect(() => parse(`server: { host: "${host}" }`)).toThrow(/:1:17: server\.host: without `keys`.*add `keys`/);
    expect(() => parse("", { host })).toThrow(/--host: without `keys`/);
  });
});

test("the command line wins over the file", () => {
  const { config } = parse("server: { host: 0.0.0.0, port: 1 }", { host: "127.0.0.1", port: 2 });
  expect(config.server).toMatchObject({ host: "127.0.0.1", port: 2 });
});

describe("where the configuration comes from", () => {
  const home = join(directory, "home");
  const work = join(directory, "work");
  mkdirSync(home);
  mkdirSync(work);
  const load = (explicit?: string, variables: Record<string, string> = {}) =>
    loadConfig({ explicit, workingDirectory: work, home, environment: variables });

  test("no file and no variable: the simulator", () => {
    const { config } = load();
    expect(config.source).toEqual({ kind: "simulator" });
    expect(config.providers).toMatchObject([{ type: "simulator", embedded: true }]);
  });

  test("no file: a provider for each variable that is set", () => {
    const { config, secrets } = load(undefined, { GOOGLE_API_KEY: "g-key", ANTHROPIC_API_KEY: "a-key", GEMINI_API_KEY: "" });
    expect(config.source).toEqual({ kind: "environment", variables: ["ANTHROPIC_API_KEY", "GOOGLE_API_KEY"] });
    expect(config.providers.map(({ name, credentials }) => [name, credentials[0]?.apiKey])).toEqual([
      ["anthropic", "a-key"],
      ["gemini", "g-key"],
    ]);
    expect(secrets).toEqual(["a-key", "g-key"]);
  });

  test("of two variables of one type the first counts", () => {
    const { config } = load(undefined, { GOOGLE_API_KEY: "second", GEMINI_API_KEY: "first" });
    expect(config.providers.map(({ credentials }) => credentials[0]?.apiKey)).toEqual(["first"]);
  });

  test("an unusable variable is named, its value is not", () => {
    expect(() => load(undefined, { GEMINI_API_KEY: "hunter2 hunter2" })).toThrow(
      /environment: providers\.gemini\.credentials\[0\]\.api_key/,
    );
    expect(() => load(undefined, { GEMINI_API_KEY: "hunter2 hunter2" })).not.toThrow("hunter2");
  });

  test("a file wins over variables: the working directory's, else the home's, unless one is named", () => {
    const source = (explicit?: string) => load(explicit, { GEMINI_API_KEY: "g" }).config.source;
    writeFileSync(join(home, "dragoman.yaml"), "");
    expect(source()).toEqual({ kind: "file", path: join(home, "dragoman.yaml") });
    writeFileSync(join(work, "dragoman.yaml"), "");
    expect(source()).toEqual({ kind: "file", path: join(work, "dragoman.yaml") });
    writeFileSync(join(work, "other.yaml"), "");
    expect(source("other.yaml")).toEqual({ kind: "file", path: join(work, "other.yaml") });
  });

  test("a named file that is not there is an error, not a search", () => {
    expect(() => load("missing.yaml")).toThrow(ConfigError);
    expect(() => load("missing.yaml")).toThrow(`${join(work, "missing.yaml")}: cannot be read (ENOENT)`);
    expect(() => load(".")).toThrow("cannot be read (EISDIR)");
  });
});

describe("where the program listens", () => {
  const places = { workingDirectory: join(directory, "listening"), home: join(directory, "listening") };
  const address = (text: string) => {
    mkdirSync(places.workingDirectory, { recursive: true });
    writeFileSync(join(places.workingDirectory, "dragoman.yaml"), text);
    return loadAddress({ ...places, environment });
  };

  test("without a file, where it does by default", () => {
    expect(loadAddress({ ...places, environment: {} })).toEqual({ host: "127.0.0.1", port: 8317 });
  });

  test("is known though secrets are not at hand, and whatever else is wrong", () => {
    const text = "server: { host: 0.0.0.0, port: env:PORT }\nproviders: { google: { credentials: [{ api_key: env:NOT_HERE }] } }\n";
    expect(address(text)).toEqual({ host: "0.0.0.0", port: 9000 });
    expect(address("")).toEqual({ host: "127.0.0.1", port: 8317 });
  });

  test("is an error where it makes no sense", () => {
    expect(() => address("server:\n  port: seven\n")).toThrow(/dragoman\.yaml:2:9: server\.port: expected a whole number/);
  });
});
