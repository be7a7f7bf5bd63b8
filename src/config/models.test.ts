/** Where the models of a configuration lead, and what the pool is told of credentials. */
import { describe, expect, test } from "vitest";
import type { Config } from "./config.ts";
import { ConfigError } from "./errors.ts";
import { parseConfig } from "./load.ts";

function parse(text: string): Config {
  return parseConfig(text, { path: "dragoman.yaml", environment: {} }).config;
}

function problemsOf(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split("\n");
  }
  return [];
}

const PROVIDER = "providers: { google: { type: gemini, credentials: [{ api_key: k }] } }\n";

describe("where a model leads", () => {
  const providers =
    "providers: { a: { type: anthropic, credentials: [{ api_key: k }] }, b: { type: gemini, credentials: [{ api_key: k }] } }\n";
  const stepsOf = (models: string) => parse(`${providers}models: ${models}`).routes[0]?.steps;
  const at = (provider: string) => ({ provider, model: "m" });

  test("with a strategy all targets are one pool, and a fallback follows it", () => {
    expect(stepsOf("{ x: { targets: [a/m, b/m], strategy: weighted, fallback: [{ target: a/m, on: [rate_limit, auth] }, b/m] } }")).toEqual(
      [
        { targets: [at("a"), at("b")], strategy: "weighted" },
        { targets: [at("a")], on: ["rate-limited", "unauthenticated", "bad-credential"] },
        { targets: [at("b")] },
      ],
    );
  });

  test("without one they are tried in order, some of them after some failures only", () => {
    expect(stepsOf("{ x: [a/m, { target: b/m, on: [context_too_long] }] }")).toEqual([
      { targets: [at("a")] },
      { targets: [at("b")], on: ["context-too-long"] },
    ]);
  });
});

test("what the pool needs to know of credentials", () => {
  const config = parse(
    "providers: { a: { type: anthropic, strategy: fill-first, prefix: team, credentials: [{ api_key: k, weight: 2, account: org, limits: { rpm: 5 } }, { api_key: l, account: org }] } }",
  );
  const [provider] = config.providers;
  expect(provider).toMatchObject({ strategy: "fill-first", prefix: "team", credentials: [{ weight: 2, limits: { rpm: 5 } }, {}] });
  expect(provider?.credentials[0]?.account).toBe(provider?.credentials[1]?.account);
});

describe("what is wrong with a route", () => {
  test.each([
    ["an unknown strategy", "{ targets: [google/x], strategy: fastest }", /strategy: expected one of `round-robin`, `weighted`/],
    ["an unknown cause", "[google/x, { target: google/y, on: [sunday] }]", /on\[0\]: expected one of `rate_limit`/],
    ["a cause before anything failed", "[{ target: google/y, on: [timeout] }]", /its first target has an `on`/],
    [
      "a cause inside a pool",
      "{ targets: [google/x, { target: google/y, on: [timeout] }], strategy: weighted }",
      /move what has an `on` to `fallback`/,
    ],
    [
      "an unknown provider in a fallback",
      "{ targets: [google/x], fallback: [{ target: nobody/y, on: [timeout] }] }",
      /fallback\[0\]\.target: names a provider/,
    ],
  ])("%s", (_name, model, problem) => {
    expect(problemsOf(`${PROVIDER}models: { m: ${model} }`)).toEqual([expect.stringMatching(problem)]);
  });
});
