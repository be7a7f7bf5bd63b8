/** A provider is a host of models: where a call goes and how it is authorised. What is said there is a protocol's matter. */
import type { ProtocolId } from "../chat/chat.ts";
import type { ChatDialect } from "../protocols/chat-dialect.ts";
import type { ResponsesDialect } from "../protocols/responses-dialect.ts";

/** How credentials of equal priority take turns. */
export const STRATEGIES = ["round-robin", "weighted", "fill-first", "least-busy", "lowest-latency", "cheapest"] as const;
export type StrategyName = (typeof STRATEGIES)[number];

/** What the operator knows of an account's limits. */
export interface DeclaredLimits {
  /** Requests per minute. */
  readonly rpm?: number;
  /** Tokens per minute. */
  readonly tpm?: number;
}

/** One secret we use upstream. */
export interface Credential {
  /** Unique in its provider; shown in logs and headers. */
  readonly name: string;
  /** Never shown anywhere. */
  readonly apiKey: string;
  /** Higher is used first. */
  readonly priority: number;
  /** Requests at once; absent: no limit. */
  readonly maxConcurrency?: number;
  /** Its share beside others, for the strategy `weighted`; absent: 1. */
  readonly weight?: number;
  readonly limits?: DeclaredLimits;
  /** A fingerprint of the key, safe to show: another key under the same name is another credential. */
  readonly fingerprint: string;
  /** A fingerprint of the account, safe to show: who minted opaque state (dossier D.4). */
  readonly account: string;
}

/** At least one. */
export type Protocols = readonly [ProtocolId, ...ProtocolId[]];

/** Time allowed per phase of an attempt, in ms (resilience §4). */
export interface PhaseTimeouts {
  readonly connectMs: number;
  readonly headersMs: number;
  /** From the head of the answer to its first content. */
  readonly firstContentMs: number;
  /** Between two reads of the answer. */
  readonly idleMs: number;
}

/** A configured host with its own pool of credentials. */
export interface Provider {
  /** As configured. */
  readonly name: string;
  readonly type: string;
  /** Who signs opaque state here. */
  readonly platform: string;
  /** Scheme, host and port; empty for an embedded one until the gateway has started it. */
  readonly origin: string;
  /** Its server is part of this process: the gateway starts it and puts `{ ...provider, origin }` in this one's place. */
  readonly embedded?: boolean;
  /** Prefix of every path, without a trailing slash. */
  readonly basePath: string;
  readonly credentials: readonly Credential[];
  /** Whether it is asked for its list of models; absent: it is. */
  readonly listsModels?: boolean;
  /** How the credentials take turns; absent: round-robin. */
  readonly strategy?: StrategyName;
  /** Another name under which its models are addressed, which several providers may share; absent: its own only. */
  readonly prefix?: string;
  readonly timeouts: PhaseTimeouts;
  /** Model names or patterns (`claude-*`) that may be asked of it without an entry in the config. */
  readonly models: readonly string[];
  /** How its server speaks Chat Completions, if it does. */
  readonly chat?: ChatDialect;
  /** The same for Responses. */
  readonly responses?: ResponsesDialect;
  /** What the operator chose; absent: the type's. */
  readonly protocols?: Protocols;
  /** The protocols that this model is spoken to in, the one that loses least first. */
  protocolsFor(model: string): Protocols;
  /** What headers begin with that its vendor's own clients send and nobody else is to see, lower case (rule 439). */
  readonly relayedHeaders: readonly string[];
  /** The same for fields of a body's items. */
  readonly relayedFields: readonly string[];
  /** The headers that authorise a call, name, value, name, value. */
  authorize(credential: Credential): readonly string[];
}

/** Names a provider's server. What is known of it is not known of another that has the provider's name later. */
export function serverOf({ name, origin, basePath }: Provider): string {
  return `${name} ${origin}${basePath}`;
}

/** A type of provider: the facts that hold for each provider of it. */
export interface ProviderType {
  readonly type: string;
  /** What people may take for its name. */
  readonly alsoCalled?: readonly string[];
  readonly platform: string;
  /** Absent: the operator must say, or the server is {@link embedded}. */
  readonly defaultBaseUrl?: string;
  /** Its server is part of this process unless the operator names another: the gateway knows its address when it has started it. */
  readonly embedded?: boolean;
  /** Environment variables that make one appear when there is no config file; the first that is set counts. */
  readonly environmentVariables: readonly string[];
  /** Whether it serves without a credential being configured. */
  readonly keyless: boolean;
  /** Patterns of its vendor's own model names. */
  readonly models: readonly string[];
  /** A model to try first, for messages to the operator. */
  readonly exampleModel: string;
  /** How its server speaks Chat Completions, if it does. */
  readonly chat?: ChatDialect;
  /** The same for Responses. */
  readonly responses?: ResponsesDialect;
  /** The protocols that this model is spoken to in, the one that loses least first. */
  protocolsFor(model: string): Protocols;
  /** See {@link Provider.relayedHeaders}; absent: none. */
  readonly relayedHeaders?: readonly string[];
  /** See {@link Provider.relayedFields}; absent: none. */
  readonly relayedFields?: readonly string[];
  authorize(credential: Credential): readonly string[];
}
