/** The configuration that puts this build between the suite's clients and its simulator. */
import type { Dialling } from "../../conformance/dialling.ts";

/**
 * A config file with one provider per upstream protocol, all at the simulator; a failure makes nobody rest for long.
 * A heartbeat begins a stream, after which an error has no status of its own any more: it must not come before slow errors.
 */
export function ownConfig(simulatorUrl: string, models: Dialling["models"]): string {
  return `
server: { heartbeat: 2s, shutdown_grace: 100ms }
cooldown: { rate_limit_base: 1ms, rate_limit_max: 1ms, transient_base: 1ms, transient_max: 1ms, long: 1ms, probe_interval: 1ms }
providers:
  messages: { type: anthropic, base_url: "${simulatorUrl}", credentials: [{ name: only, api_key: conformance-messages }] }
  chat: { type: openai, base_url: "${simulatorUrl}/v1", protocols: [openai-chat], credentials: [{ name: only, api_key: conformance-chat }] }
  responses: { type: openai, base_url: "${simulatorUrl}/v1", protocols: [openai-responses], credentials: [{ name: only, api_key: conformance-responses }] }
  generate: { type: gemini, base_url: "${simulatorUrl}", credentials: [{ name: only, api_key: conformance-gemini }] }
models:
  ${models.anthropic}: messages/${models.anthropic}
  ${models.chat}: chat/${models.chat}
  ${models.responses}: responses/${models.responses}
  ${models.gemini}: generate/${models.gemini}
`;
}
