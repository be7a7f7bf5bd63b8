import { describe, expect, test } from "vitest";
import type { Config } from "./config.ts";
import { changesBetween, untilRestart } from "./diff.ts";
import { configJsonSchema } from "./json-schema.ts";
import { parseConfig } from "./load.ts";

function config(text: string, path = "dragoman.yaml") {
  return parseConfig(text, { path, environment: {} }).config;
}

function isMap(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is different, what waits for a restart marked with a star. */
function changes(before: string, after: string): string[] {
  return changesBetween(config(before), config(after)).map(({ what, afterRestart }) => what + (afterRestart ? " *" : ""));
}

const google = (more: string, credentials = "{ name: a, api_key: secret-a }") =>
  `providers: { google: { type: gemini, ${more} credentials: [${credentials}] } }\n`;

test("what says the same in other words is no change", () => {
  const before = `retry: { total: 60s }\n${google("")}models: { fast: google/g }`;
  const after = `# a comment\nmodels: { fast: [google/g] }\nretry: { total: 1m }\n${google("base_url: https://generativelanguage.googleapis.com,")}`;
  expect(changes(before, after)).toEqual([]);
});

describe("each kind of change in words", () => {
  test.each<[string, string, string, string[]]>([
    ["a key added", "keys: [{ name: a, key: k1 }]", "keys: [{ name: a, key: k1 }, { name: b, key: k2 }]", ["key `b` added"]],
    ["a key removed", "keys: [{ name: a, key: k1 }, { name: b, key: k2 }]", "keys: [{ name: b, key: k2 }]", ["key `a` removed"]],
    [
      "a key changed",
      "keys: [{ name: a, key: k1, loss: strict }, { name: b, key: k2 }]",
      "keys: [{ name: a, key: other, models: [m] }, { name: b, key: k2 }]",
      ["key `a` changed (key, loss, models)"],
    ],
    ["a provider added", "", google(""), ["provider `google` added"]],
    ["a provider removed", google(""), "", ["provider `google` removed"]],
    [
      "a provider changed",
      google("timeouts: { idle: 1s },"),
      google("timeouts: { idle: 2s, first_content: 3s }, base_url: http://localhost, models: [g],"),
      ["provider `google` changed (timeouts.first_content, timeouts.idle, models, base_url)"],
    ],
    [
      "another type under the same name",
      google(""),
      google("").replace("gemini", "anthropic"),
      ["provider `google` changed (type, models, base_url)"],
    ],
    [
      "a provider's protocols",
      "providers: { o: { type: openai, credentials: [{ api_key: k }] } }",
      "providers: { o: { type: openai, protocols: [openai-chat], credentials: [{ api_key: k }] } }",
      ["provider `o` changed (protocols)"],
    ],
    [
      "credentials",
      google("", "{ name: a, api_key: secret-a }, { name: b, api_key: secret-b }, { name: c, api_key: secret-c }"),
      google("", "{ name: b, api_key: other-b, priority: 1 }, { name: a, api_key: secret-a }, { name: d, api_key: secret-d }"),
      [
        "provider `google`: credential `b` changed (api_key, priority)",
        "provider `google`: credential `d` added",
        "provider `google`: credential `c` removed",
        "provider `google`: credentials in another order",
      ],
    ],
    [
      "the account of a credential, and its limits",
      google("", "{ name: a, api_key: secret-a, account: one, limits: { rpm: 1 } }"),
      google("", "{ name: a, api_key: secret-a, account: two, limits: { rpm: 2, tpm: 3 }, weight: 2 }"),
      ["provider `google`: credential `a` changed (limits.rpm, limits.tpm, account, weight)"],
    ],
    [
      "models",
      `${google("")}models: { a: google/g, b: google/g, c: google/g }`,
      `${google("")}models: { b: [google/g, google/h], a: google/g, d: google/g }`,
      ["model `b` changed (targets)", "model `d` added", "model `c` removed", "models in another order"],
    ],
    [
      "sections, in the file's words",
      "",
      "cooldown: { rate_limit_base: 2s }\nserver: { heartbeat: 1s, websocket_max_age: 1m }\nqueue: { max_wait: 1s }",
      ["server.heartbeat changed", "server.websocket_max_age changed", "cooldown.rate_limit_base changed", "queue.max_wait changed"],
    ],
    ["redis added", "", "redis: { url: redis://h }", ["redis changed *"]],
    [
      "redis elsewhere",
      "redis: { url: redis://h }",
      "redis: { url: redis://:secret@h, prefix: p }",
      ["redis.url changed *", "redis.prefix changed *"],
    ],
    ["WebSockets turned off", "", "server: { websocket: false }", ["server.websocket changed"]],
    [
      "what waits for a restart",
      "",
      "server: { port: 1, max_body_bytes: 2048 }\nresponses: { store: false }\nrequests: { ttl: 1d }",
      ["server.port changed *", "server.max_body_bytes changed", "responses.store changed *", "requests.ttl changed *"],
    ],
  ])("%s", (_what, before, after, expected) => {
    expect(changes(before, after)).toEqual(expected);
  });

  test("another place", () => {
    expect(changesBetween(config("", "a.yaml"), config("", "b.yaml"))).toEqual([
      { what: "the configuration comes from another place", afterRestart: false },
    ]);
  });
});

test("whatever may change is called as the file calls it", () => {
  const known = new Set(configJsonSchema().match(/(?<=")\w+(?=": \{)/g));
  const settings =
    "timeouts: { connect: 1ms, headers: 2ms, first_content: 3ms, idle: 4ms }, models: [m], base_url: http://localhost/v9, protocols: [openai-chat], strategy: weighted, prefix: p, list_models: false,";
  const credential = "{ name: a, api_key: l, priority: 3, max_concurrency: 2, weight: 3, account: b, limits: { rpm: 1, tpm: 1 } }";
  const provider = (more: string, one: string) => `providers: { o: { type: openai, ${more} credentials: [${one}] } }`;
  const before = config(provider("", "{ name: a, api_key: k }"));
  const nothing = (map: object): object =>
    Object.fromEntries(Object.entries(map).map(([key, value]) => [key, isMap(value) ? nothing(value) : 0]));
  const { source, keys, providers: _providers, routes, ...sections } = before;
  const after = { ...nothing(sections), source, keys, routes, providers: config(provider(settings, credential)).providers };
  const changed = changesBetween(before, after as Config).map(({ what }) => what);
  const names = changed.flatMap((what) => (/\((.*)\)/.exec(what)?.[1] ?? what.replace(" changed", "")).split(/, |\./));
  expect(changed.length).toBeGreaterThan(20);
  expect(names.filter((name) => !known.has(name))).toEqual([]);
});

test("no secret is told", () => {
  const before = `${google("")}keys: [{ name: a, key: secret-k }]`;
  const after = `${google("", "{ name: a, api_key: secret-b }")}keys: [{ name: a, key: secret-l }]`;
  expect(changes(before, after)).toHaveLength(2);
  expect(JSON.stringify(changes(before, after))).not.toContain("secret-");
});

test("what waits for a restart stays as it was, all else is new", () => {
  const before = config("server: { port: 1, heartbeat: 1s }\nresponses: { ttl: 1d }\nretry: { attempts: 1 }");
  const after = config("server: { port: 2, heartbeat: 2s }\nresponses: { ttl: 2d, store: false }\nretry: { attempts: 2 }");
  const used = untilRestart(before, after);
  expect(used).toEqual({ ...after, server: { ...after.server, port: 1 }, responses: before.responses });
  expect(changesBetween(used, after).map(({ what }) => what)).toEqual([
    "server.port changed",
    "responses.store changed",
    "responses.ttl changed",
  ]);
});
