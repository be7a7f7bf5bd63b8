import { clientKey } from "./requests.ts";

/** One for each credential of a provider. */
const names = ["one", "two", "three", "four"];

/**
 * The configuration of the soaked gateway. Permits are scarce enough for requests to queue now and then; times are short, so that in some
 * minutes everything has rested, been probed and come back many times over.
 */
export function gatewayConfig(upstream: string): object {
  const common = (provider: string) => ({
    timeouts: { connect: "10s", headers: "10s", first_content: "10s", idle: "10s" },
    credentials: names.map((name) => ({ name, api_key: `key-of-${provider}-${name}`, max_concurrency: 25 })),
  });
  return {
    server: { heartbeat: "1s", shutdown_grace: "5s" },
    keys: [{ name: "soak", key: clientKey }],
    providers: {
      messages: { type: "anthropic", base_url: upstream, ...common("messages") },
      chat: { type: "openai", protocols: ["openai-chat"], base_url: `${upstream}/v1`, ...common("chat") },
      responses: { type: "openai", protocols: ["openai-responses"], base_url: `${upstream}/v1`, ...common("responses") },
      gemini: { type: "gemini", base_url: upstream, ...common("gemini") },
    },
    cooldown: {
      rate_limit_base: "20ms",
      rate_limit_max: "200ms",
      transient_base: "20ms",
      transient_max: "200ms",
      hint_max: "500ms",
      probe_interval: "5s",
    },
    queue: { max_waiting: 100, max_wait: "10s" },
    // Less than is kept in some minutes, so that the oldest must go.
    responses: { max_bytes: 16_777_216 },
  };
}
