/** The simulator that is part of Dragoman: a real HTTP server on loopback that answers any model without a key. */
import { OPENAI_DIALECT, OPENAI_PROTOCOLS, OPENAI_RESPONSES } from "../openai/index.ts";
import type { Protocols, ProviderType } from "../provider.ts";

/** Which protocols a model is spoken to in, by its name. */
const PROTOCOLS: readonly (readonly [RegExp, Protocols])[] = [
  [/^gemini/, ["gemini"]],
  [/^(?:gpt-|chatgpt-|o\d)/, OPENAI_PROTOCOLS],
];
const OTHERWISE: Protocols = ["anthropic-messages"];

export const simulator: ProviderType = {
  type: "simulator",
  platform: "simulator",
  embedded: true,
  environmentVariables: [],
  keyless: true,
  models: ["claude-opus-5-5", "claude-sonnet-5-5", "gemini-3.8-pro", "gpt-6", "*"],
  exampleModel: "claude-sonnet-5-5",
  chat: OPENAI_DIALECT,
  responses: OPENAI_RESPONSES,
  protocolsFor: (model) => PROTOCOLS.find(([pattern]) => pattern.test(model))?.[1] ?? OTHERWISE,
  // A script may tell credentials apart by their key, in whichever protocol the model is spoken to.
  authorize: ({ apiKey }) => (apiKey === "" ? [] : ["x-api-key", apiKey, "x-goog-api-key", apiKey, "authorization", `Bearer ${apiKey}`]),
};
