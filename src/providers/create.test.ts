import { expect, test } from "vitest";
import { createProvider, readBaseUrl } from "./create.ts";
import { providerTypes } from "./index.ts";
import type { ProviderType } from "./provider.ts";

const timeouts = { connectMs: 1, headersMs: 2, firstContentMs: 3, idleMs: 4 };

function typeNamed(name: string): ProviderType {
  const type = providerTypes.find((type) => type.type === name);
  if (type === undefined) throw new Error(`no provider type ${name}`);
  return type;
}

function create(type: string, apiKeys: readonly string[], baseUrl?: string) {
  return createProvider({
    name: "mine",
    type: typeNamed(type),
    timeouts,
    credentials: apiKeys.map((apiKey, index) => ({ name: `key-${index + 1}`, apiKey, priority: 0 })),
    ...(baseUrl !== undefined && { baseUrl: readBaseUrl(baseUrl) }),
  });
}

test("types have different names, and none shares an environment variable", () => {
  const names = providerTypes.map((type) => type.type);
  const variables = providerTypes.flatMap((type) => type.environmentVariables);
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(variables).size).toBe(variables.length);
});

test("an Anthropic key goes into x-api-key, to the vendor's host", () => {
  const provider = create("anthropic", ["sk-1"]);
  expect(provider).toMatchObject({ origin: "https://api.anthropic.com", basePath: "", platform: "anthropic", models: ["claude-*"] });
  expect(provider.embedded).toBeUndefined();
  expect(provider.credentials.map((credential) => provider.authorize(credential))).toEqual([["x-api-key", "sk-1"]]);
  expect(provider.protocolsFor("claude-opus-5-5")[0]).toBe("anthropic-messages");
});

test("a Gemini key goes into x-goog-api-key, to the vendor's host", () => {
  const provider = create("gemini", ["g-1"]);
  expect(provider).toMatchObject({ origin: "https://generativelanguage.googleapis.com", basePath: "", platform: "gemini" });
  expect(provider.credentials.map((credential) => provider.authorize(credential))).toEqual([["x-goog-api-key", "g-1"]]);
  expect(provider.protocolsFor("gemma-4-31b-it")[0]).toBe("gemini");
});

test("an OpenAI key is a bearer token, to the vendor's host and version", () => {
  const provider = create("openai", ["sk-1"]);
  expect(provider).toMatchObject({ origin: "https://api.openai.com", basePath: "/v1", platform: "openai" });
  expect(provider.credentials.map((credential) => provider.authorize(credential))).toEqual([["authorization", "Bearer sk-1"]]);
  expect(provider.protocolsFor("gpt-6")).toEqual(["openai-responses", "openai-chat"]);
  expect(provider.chat?.maxTokensField).toBe("max_completion_tokens");
});

test("a server of one's own is where the operator says, with a key or without", () => {
  const provider = create("openai-compatible", [], "http://localhost:9000/v1");
  expect(provider).toMatchObject({ origin: "http://localhost:9000", basePath: "/v1", models: [] });
  expect(provider.embedded).toBeUndefined();
  expect(provider.credentials.map((credential) => provider.authorize(credential))).toEqual([[]]);
  const keyed = create("openai-compatible", ["k"], "http://localhost:9000/v1");
  expect(keyed.credentials.map((credential) => keyed.authorize(credential))).toEqual([["authorization", "Bearer k"]]);
});

test("vendors that speak Chat Completions have an address; only servers of one's own need no key", () => {
  const vendors = providerTypes.filter(({ chat, embedded }) => chat && !embedded);
  expect(vendors.map(({ type }) => type)).toEqual(expect.arrayContaining(["openai", "openrouter", "deepseek", "ollama", "vllm"]));
  for (const { type, defaultBaseUrl, keyless, environmentVariables } of vendors) {
    if (type === "openai-compatible") continue;
    const { origin } = readBaseUrl(defaultBaseUrl ?? "");
    expect(keyless).toBe(origin.startsWith("http://127.0.0.1:"));
    expect(environmentVariables.length).toBe(keyless ? 0 : 1);
  }
});

test("Mistral refuses fields that it does not know: its seed has a name of its own, and usage comes unasked", () => {
  const mistral = providerTypes.find(({ type }) => type === "mistral")?.chat;
  expect(mistral).toMatchObject({ maxTokensField: "max_tokens", seedField: "random_seed", streamOptions: false, topK: false });
  expect(mistral).not.toHaveProperty("endUserField");
});

test("the simulator needs no key, waits for its address, and speaks a model's own protocol", () => {
  const provider = create("simulator", []);
  expect(provider).toMatchObject({ origin: "", embedded: true });
  expect(provider.credentials).toHaveLength(1);
  expect(provider.credentials.map((credential) => provider.authorize(credential))).toEqual([[]]);
  expect(provider.protocolsFor("gemini-3.8-pro")[0]).toBe("gemini");
  expect(provider.protocolsFor("claude-opus-5-5")[0]).toBe("anthropic-messages");
  expect(["gpt-6", "o3-mini", "chatgpt-4o-latest"].map((model) => provider.protocolsFor(model)[0])).toEqual(
    Array(3).fill("openai-responses"),
  );
  expect(provider.protocolsFor("whatever")[0]).toBe("anthropic-messages");
});

test("a simulator elsewhere is not embedded, and tells credentials apart", () => {
  const provider = create("simulator", ["a"], "http://127.0.0.1:4010");
  expect(provider.embedded).toBeUndefined();
  expect(provider.origin).toBe("http://127.0.0.1:4010");
  expect(provider.credentials.flatMap((credential) => provider.authorize(credential))).toContain("a");
});

test("an account's fingerprint follows type and key, and shows neither", () => {
  const [one, two] = create("anthropic", ["sk-secret-1", "sk-secret-2"]).credentials.map((credential) => credential.account);
  const [again] = create("anthropic", ["sk-secret-1"]).credentials.map((credential) => credential.account);
  const [elsewhere] = create("gemini", ["sk-secret-1"]).credentials.map((credential) => credential.account);
  expect(one).toMatch(/^[0-9a-f]{12}$/);
  expect(again).toBe(one);
  expect(new Set([one, two, elsewhere]).size).toBe(3);
});

test.each([
  ["https://proxy.example.com", "https://proxy.example.com", ""],
  ["https://proxy.example.com/", "https://proxy.example.com", ""],
  ["http://127.0.0.1:8080/team/a/", "http://127.0.0.1:8080", "/team/a"],
  ["HTTPS://Proxy.Example.com:443/v1", "https://proxy.example.com", "/v1"],
  ["http://[::1]:9000", "http://[::1]:9000", ""],
])("base URL %s is %s and %s", (text, origin, basePath) => {
  expect(readBaseUrl(text)).toEqual({ origin, basePath });
});

test.each([
  ["proxy.example.com", "must be an http or https URL"],
  ["", "must be an http or https URL"],
  ["ftp://proxy.example.com", "must be an http or https URL"],
  ["https://user:hunter2@proxy.example.com", "must not hold a user name or a password"],
  ["https://proxy.example.com/?key=hunter2", "must not hold a query"],
  ["https://proxy.example.com/?", "must not hold a query"],
  ["https://proxy.example.com/#a", "must not hold a query"],
])("base URL %s is refused without being repeated", (text, reason) => {
  expect(() => readBaseUrl(text)).toThrow(reason);
  expect(() => readBaseUrl(text)).not.toThrow("hunter2");
});
