import { expect, test } from "vitest";
import { parseConfig } from "./load.ts";

const parse = (text: string) => parseConfig(text, { path: "dragoman.yaml", environment: {} });

test("a server, with its password told for redaction in each form", () => {
  const { config, secrets } = parse("redis: { url: 'rediss://me:p%40ssw0rd@[::1]:7000/3' }");
  expect(config.redis).toEqual({ url: "rediss://me:p%40ssw0rd@[::1]:7000/3", prefix: "dragoman" });
  expect(secrets).toEqual(["p%40ssw0rd", "p@ssw0rd"]);
  expect(parse("{}").config.redis).toBeUndefined();
});

type Case = readonly [name: string, text: string, problem: string];

test.each<Case>([
  ["redis without a URL", "redis: {}", "dragoman.yaml:1:1: redis.url: is missing; expected a URL such as `redis://localhost:6379`"],
  ...["http://:hunter2@localhost", "localhost:6379", "redis://", "redis:"].map((url): Case => [
    `redis at ${url}`,
    `redis: { url: "${url}" }`,
    "dragoman.yaml:1:15: redis.url: expected a URL such as `redis://localhost:6379`, or `rediss://…` for TLS",
  ]),
  ...["redis://h/name", "redis://h/0/1", "redis://h?password=hunter2", "redis://h#x"].map((url): Case => [
    `redis at ${url}`,
    `redis: { url: "${url}" }`,
    "dragoman.yaml:1:15: redis.url: nothing but the number of a database may follow the host, as in `redis://localhost:6379/0`",
  ]),
  [
    "a password of redis with a bare %",
    'redis: { url: "redis://:hunter2%@h" }',
    "dragoman.yaml:1:15: redis.url: has a `%` that begins no escape; write `%25` for a `%` in a user name or password",
  ],
  [
    "a prefix that would match more than its own keys",
    "redis: { url: redis://h, prefix: '*' }",
    "dragoman.yaml:1:34: redis.prefix: expected at most 64 letters, digits and `_ . : -`, a letter or digit first",
  ],
])("%s", (_name, text, problem) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ name: "ConfigError", message: problem }));
});
