/** The protocols that the simulator is asked in, and how the gateway is told to use it. */
export interface Upstream {
  /** As it stands in the output. */
  readonly name: string;
  /** The provider's `type` in the configuration. */
  readonly type: string;
  /** Where every model that a client asks for goes. */
  readonly target: string;
}

export const upstreams: readonly Upstream[] = [
  { name: "messages", type: "anthropic", target: "upstream/*" },
  { name: "gemini", type: "gemini", target: "upstream/gemini-3.8-pro" },
];

/** The key that the gateway asks clients for. */
export const clientKey = "client-key";

/** The API key of the credential with this name. */
export function apiKey(credential: string): string {
  return `key-of-${credential}`;
}

/** A configuration that serves every model from one upstream, with these credentials. */
export function gatewayConfig(upstream: Upstream, baseUrl: string, credentials: readonly string[]): object {
  const pool = credentials.map((name) => ({ name, api_key: apiKey(name) }));
  return {
    keys: [{ name: "client", key: clientKey }],
    providers: { upstream: { type: upstream.type, base_url: baseUrl, credentials: pool } },
    models: { "*": upstream.target },
  };
}
