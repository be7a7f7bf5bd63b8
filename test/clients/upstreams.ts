import type { Client } from "./client.ts";

/** The protocols that the simulator is asked in, and how the gateway is told to use it. */
export interface Upstream {
  /** As it stands in the output. */
  readonly name: string;
  /** The provider's `type` in the configuration. */
  readonly type: string;
  /** Which of its protocols the provider is spoken to in, where it has several. */
  readonly protocol?: string;
  /** What its base URL has behind the simulator's. */
  readonly path: string;
  /** The model that clients of other protocols are sent to. */
  readonly model: string;
}

export const upstreams: readonly Upstream[] = [
  { name: "messages", type: "anthropic", path: "", model: "claude-sonnet-5-5" },
  { name: "chat", type: "openai", protocol: "openai-chat", path: "/v1", model: "gpt-6" },
  { name: "responses", type: "openai", protocol: "openai-responses", path: "/v1", model: "gpt-6" },
  { name: "gemini", type: "gemini", path: "", model: "gemini-3.8-pro" },
];

/** Whether the upstream speaks the client's own protocol. */
export function relays(upstream: Upstream, client: Client): boolean {
  return upstream.name === client.speaks;
}

/** The key that the gateway asks clients for. */
export const clientKey = "client-key";

/** A model that stands in the gateway's list. */
export const listedModel = "listed-model";

/** The API key of the credential with this name. */
export function apiKey(credential: string): string {
  return `key-of-${credential}`;
}

/** A configuration that serves every model from one upstream, with these credentials; a client's own names stay where they are understood. */
export function gatewayConfig(client: Client, upstream: Upstream, simulatorUrl: string, credentials: readonly string[]): object {
  const { type, protocol, path, model } = upstream;
  const pool = credentials.map((name) => ({ name, api_key: apiKey(name) }));
  const other = `upstream/${model}`;
  return {
    keys: [{ name: "client", key: clientKey }],
    providers: {
      upstream: {
        type,
        ...(protocol !== undefined && { protocols: [protocol] }),
        base_url: `${simulatorUrl}${path}`,
        // The simulator is silent for as long only where it has stalled.
        timeouts: { idle: "10s" },
        credentials: pool,
      },
    },
    models: { [listedModel]: other, "*": relays(upstream, client) ? "upstream/*" : other },
  };
}
