/** Where a gateway is called: the base path that it has for each client protocol, and the models that lead to each upstream. */
import type { Endpoint, ProtocolName } from "./clients/client.ts";

/** What is known of a gateway from outside. */
export interface Dialling {
  /** Its root URL. */
  readonly url: string;
  readonly apiKey: string;
  /** What is put behind the root URL to make the base URL of each SDK. */
  readonly basePaths: Readonly<Record<ProtocolName, string>>;
  /** The model that is asked for to reach each upstream. */
  readonly models: Readonly<Record<ProtocolName, string>>;
  /** Headers that lead to each upstream, where the model's name alone does not. */
  readonly headers: Readonly<Partial<Record<ProtocolName, Readonly<Record<string, string>>>>>;
}

/** The base paths of gateways that imitate the vendors: OpenAI's SDK alone has the version in its base URL. */
export const USUAL_BASE_PATHS: Dialling["basePaths"] = { anthropic: "", chat: "/v1", responses: "/v1", gemini: "" };

/** Models that can do everything a scenario asks of their vendors. */
export const USUAL_MODELS: Dialling["models"] = {
  anthropic: "claude-sonnet-4-6",
  chat: "chat-model",
  responses: "responses-model",
  gemini: "gemini-3.8-pro",
};

export function endpointOf({ url, apiKey, basePaths, models, headers }: Dialling, client: ProtocolName, upstream: ProtocolName): Endpoint {
  return { baseUrl: `${url.replace(/\/$/, "")}${basePaths[client]}`, apiKey, model: models[upstream], headers: headers[upstream] ?? {} };
}
