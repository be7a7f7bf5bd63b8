/** The simulator that is part of Dragoman: a real HTTP server on loopback that answers any model without a key. */
import type { ProviderType } from "../provider.ts";

export const simulator: ProviderType = {
  type: "simulator",
  platform: "simulator",
  environmentVariables: [],
  keyless: true,
  models: ["claude-opus-5-5", "claude-sonnet-5-5", "gemini-3.8-pro", "*"],
  exampleModel: "claude-sonnet-5-5",
  protocolFor: (model) => (model.startsWith("gemini") ? "gemini" : "anthropic-messages"),
  // A script may tell credentials apart by their key, in whichever protocol the model is spoken to.
  authorize: ({ apiKey }) => (apiKey === "" ? [] : ["x-api-key", apiKey, "x-goog-api-key", apiKey]),
};
