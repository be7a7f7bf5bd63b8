/** Makes a provider from its type's facts and the operator's settings. */
import { createHash } from "node:crypto";
import type { Credential, PhaseTimeouts, Protocols, Provider, ProviderType, StrategyName } from "./provider.ts";

/** What an operator may set of one provider. */
export interface ProviderSettings {
  readonly name: string;
  readonly type: ProviderType;
  /** Absent: the type's. */
  readonly baseUrl?: BaseUrl;
  /** Absent: the type's. */
  readonly models?: readonly string[];
  /** Absent: the type's. */
  readonly protocols?: Protocols;
  readonly listsModels?: boolean;
  readonly strategy?: StrategyName;
  readonly prefix?: string;
  readonly timeouts: PhaseTimeouts;
  readonly credentials: readonly CredentialSettings[];
}

/** What an operator may set of one credential. */
export interface CredentialSettings extends Omit<Credential, "account" | "fingerprint"> {
  /** Names the account that it is a key of, where that has several; absent: a key is an account. */
  readonly accountName?: string;
}

/** A base URL in the two pieces a request needs. */
export interface BaseUrl {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Without a trailing slash; empty when there is no path. */
  readonly basePath: string;
}

/** A provider of this type, as configured. A keyless one without credentials gets one that is empty. */
export function createProvider(settings: ProviderSettings): Provider {
  const { type, name, timeouts } = settings;
  const defaultBaseUrl = type.defaultBaseUrl === undefined ? undefined : readBaseUrl(type.defaultBaseUrl);
  const baseUrl = settings.baseUrl ?? defaultBaseUrl;
  const credentials =
    settings.credentials.length === 0 && type.keyless ? [{ name: "none", apiKey: "", priority: 0 }] : settings.credentials;
  const { strategy, prefix } = settings;
  return {
    name,
    type: type.type,
    platform: type.platform,
    origin: baseUrl?.origin ?? "",
    basePath: baseUrl?.basePath ?? "",
    ...(baseUrl === undefined && type.embedded === true && { embedded: true }),
    credentials: credentials.map(({ accountName, ...credential }: CredentialSettings) => ({
      ...credential,
      fingerprint: fingerprintOf(type.type, credential.apiKey),
      account: fingerprintOf(type.type, accountName === undefined ? credential.apiKey : `name ${accountName}`),
    })),
    ...(settings.listsModels !== undefined && { listsModels: settings.listsModels }),
    ...(strategy !== undefined && { strategy }),
    ...(prefix !== undefined && { prefix }),
    timeouts,
    models: settings.models ?? type.models,
    ...(type.chat && { chat: type.chat }),
    ...(type.responses && { responses: type.responses }),
    ...(settings.protocols && { protocols: settings.protocols }),
    protocolsFor: (model) => settings.protocols ?? type.protocolsFor(model),
    relayedHeaders: type.relayedHeaders ?? [],
    relayedFields: type.relayedFields ?? [],
    authorize: (credential) => type.authorize(credential),
  };
}

/**
 * The pieces of a base URL.
 * @throws TypeError whose message ends the sentence "base_url …" and never repeats the URL, which may hold a password.
 */
export function readBaseUrl(text: string): BaseUrl {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new TypeError("must be an http or https URL, such as https://api.example.com");
  }
  if (url.username !== "" || url.password !== "") throw new TypeError("must not hold a user name or a password");
  if (url.search !== "" || url.hash !== "" || text.endsWith("?") || text.endsWith("#")) {
    throw new TypeError("must not hold a query (?…) or a fragment (#…)");
  }
  return { origin: url.origin, basePath: url.pathname.replace(/\/+$/, "") };
}

/** Tells keys and accounts apart without telling the keys: 12 hex digits. The same key, or name, on the same type is the same. */
function fingerprintOf(type: string, keyOrName: string): string {
  return createHash("sha256").update(`${type}\0${keyOrName}`).digest("hex").slice(0, 12);
}
