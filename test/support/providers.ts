/** Providers and credentials for tests that need no upstream. */
import type { Credential, Provider } from "../../src/providers/provider.ts";

export function credential(name: string, settings: Partial<Credential> = {}): Credential {
  const { apiKey = `key of ${name}` } = settings;
  return { name, apiKey, priority: 0, fingerprint: `of ${apiKey}`, account: `account of ${name}`, ...settings };
}

export function provider(name: string, settings: Partial<Provider> = {}): Provider {
  return {
    name,
    type: "test",
    platform: "test",
    origin: `https://${name}.test`,
    basePath: "",
    credentials: [credential(`${name}-key`)],
    timeouts: { connectMs: 10_000, headersMs: 60_000, firstContentMs: 300_000, idleMs: 120_000 },
    models: [],
    protocolsFor: () => ["anthropic-messages"],
    relayedHeaders: [],
    relayedFields: [],
    authorize: () => [],
    ...settings,
  };
}
