/** What a driver of an official SDK does for the suite. */
import type { Outcome, Says, SdkError, Settings } from "../conversation.ts";

/** The protocols that clients and upstreams speak, by the names the command line takes. */
export const PROTOCOLS = ["anthropic", "chat", "responses", "gemini"] as const;
export type ProtocolName = (typeof PROTOCOLS)[number];

/** Where and as whom a driver calls. */
export interface Endpoint {
  /** The base URL that the SDK is given: the gateway's, and the path it has for this protocol. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** The model to ask for. */
  readonly model: string;
  /** Headers that the gateway wants besides, by name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What of an endpoint leads to an upstream. */
export type Place = Pick<Endpoint, "model" | "headers">;

/** One conversation, its history kept and sent back exactly as users of the SDK do. */
export interface Conversation {
  /** Says something and takes the answer. Errors of the SDK are outcomes too; anything else it throws is a bug here. */
  say(says: Says, settings: Settings, place?: Place): Promise<Outcome>;
}

/** An official SDK. */
export interface Client {
  readonly protocol: ProtocolName;
  /** What `npm install` is told to get it. */
  readonly sdk: string;
  /** @param streamed whether answers are streamed, and joined by the SDK's own means. */
  converse(endpoint: Endpoint, streamed: boolean): Promise<Conversation>;
  countTokens(endpoint: Endpoint, text: string): Promise<number>;
  listModels(endpoint: Endpoint): Promise<readonly string[]>;
}

/** The SDK that a driver needs is not installed. */
export class MissingSdkError extends Error {
  constructor(sdk: string) {
    super(`the conformance suite calls through official SDKs, and ${sdk} is not installed; run \`npm install ${sdk}\`.`);
    this.name = "MissingSdkError";
  }
}

/** Loads an SDK, which is installed only where the suite is used. */
export async function loadSdk<Sdk>(sdk: string, load: () => Promise<Sdk>): Promise<Sdk> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") throw new MissingSdkError(sdk);
    throw error;
  }
}

/** The ids of an outcome's calls, in order. */
export function callIds({ content }: Outcome): readonly string[] {
  return content.flatMap((piece) => (piece.type === "call" ? [piece.id] : []));
}

/** What became of a call that raised an error. */
export function failedOutcome(error: SdkError): Outcome {
  return { content: [], sources: [], grammar: [], heartbeats: 0, error };
}
