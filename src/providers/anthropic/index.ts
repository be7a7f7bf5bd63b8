/** Anthropic's own API. */
import type { ProviderType } from "../provider.ts";

export const anthropic: ProviderType = {
  type: "anthropic",
  alsoCalled: ["claude"],
  platform: "anthropic",
  defaultBaseUrl: "https://api.anthropic.com",
  environmentVariables: ["ANTHROPIC_API_KEY"],
  keyless: false,
  models: ["claude-*"],
  exampleModel: "claude-sonnet-5-5",
  protocolsFor: () => ["anthropic-messages"],
  // Only OAuth tokens go into `authorization`; an API key is refused there (resilience case [10]).
  authorize: (credential) => ["x-api-key", credential.apiKey],
};
