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

/** A configuration that serves every model from one upstream, with these credentials. */
export function gatewayConfig(upstream: Upstream, baseUrl: string, apiKeys: readonly string[]): object {
  return {
    keys: [{ name: "client", key: clientKey }],
    providers: { upstream: { type: upstream.type, base_url: baseUrl, credentials: apiKeys.map((key) => ({ name: key, api_key: key })) } },
    models: { "*": upstream.target },
  };
}
