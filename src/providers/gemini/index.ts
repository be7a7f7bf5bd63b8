/** The Gemini API of Google AI Studio, with API keys. Vertex is another provider: other hosts, other signatures. */
import type { ProviderType } from "../provider.ts";

export const gemini: ProviderType = {
  type: "gemini",
  alsoCalled: ["google", "google-ai", "aistudio"],
  platform: "gemini",
  defaultBaseUrl: "https://generativelanguage.googleapis.com",
  // The vendor's SDK reads both and prefers the second; the first says more plainly what it is for.
  environmentVariables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
  keyless: false,
  models: ["gemini-*", "gemma-*"],
  exampleModel: "gemini-3.8-flash",
  protocolsFor: () => ["gemini"],
  // In a header and never in the query, where proxies and logs would keep it.
  authorize: (credential) => ["x-goog-api-key", credential.apiKey],
};
