/** The `providers` of a file as the program uses them. */
import { createProvider, readBaseUrl, type BaseUrl, type CredentialSettings } from "../providers/create.ts";
import { providerTypes } from "../providers/index.ts";
import type { Protocols, Provider, ProviderType } from "../providers/provider.ts";
import { isHeaderText, type Path, type ProblemList } from "./errors.ts";
import type { ProviderFile } from "./schema.ts";

/** Provider and credential names stand in headers, paths of models and logs. */
const NAME = /^[A-Za-z0-9][\w.@+-]{0,63}$/;

/** @param secrets gets the API keys, so that no log repeats one. */
export function resolveProviders(
  providers: Readonly<Record<string, ProviderFile>>,
  problems: ProblemList,
  secrets: Set<string>,
): Provider[] {
  return Object.entries(providers).map(([name, provider]) => {
    const path = ["providers", name];
    if (!NAME.test(name)) {
      problems.add(path, "is not a usable name", "begin with a letter or digit; letters, digits and `_ . @ + -` may follow", "key");
    }
    if (provider.prefix !== undefined && !NAME.test(provider.prefix)) {
      problems.add([...path, "prefix"], "is not a usable name", "begin with a letter or digit; letters, digits and `_ . @ + -` may follow");
    }
    const type = providerTypes.find((candidate) => candidate.type === provider.type) as ProviderType;
    if (provider.credentials === undefined && !type.keyless) {
      const variable = type.environmentVariables[0] ?? "NAME";
      problems.add(path, "has no `credentials`", `add \`credentials: [{ api_key: env:${variable} }]\``, "key");
    }
    if (provider.base_url === undefined && type.defaultBaseUrl === undefined && type.embedded !== true) {
      problems.add(
        path,
        "has no `base_url`",
        "add the server's address with its version, such as `base_url: http://localhost:8000/v1`",
        "key",
      );
    }
    return resolveProvider(name, type, provider, problems, secrets);
  });
}

function resolveProvider(name: string, type: ProviderType, provider: ProviderFile, problems: ProblemList, secrets: Set<string>): Provider {
  const path = ["providers", name];
  const { connect, headers, first_content, idle } = provider.timeouts;
  const baseUrl = provider.base_url === undefined ? undefined : resolveBaseUrl(provider.base_url, type, [...path, "base_url"], problems);
  return createProvider({
    name,
    type,
    timeouts: { connectMs: connect, headersMs: headers, firstContentMs: first_content, idleMs: idle },
    credentials: resolveCredentials(provider.credentials ?? [], [...path, "credentials"], problems, secrets),
    ...(baseUrl !== undefined && { baseUrl }),
    ...(provider.models !== undefined && { models: provider.models }),
    listsModels: provider.list_models,
    ...(provider.strategy !== undefined && { strategy: provider.strategy }),
    ...(provider.prefix !== undefined && { prefix: provider.prefix }),
    ...resolveProtocols(provider, type, [...path, "protocols"], problems),
  });
}

function resolveProtocols({ protocols }: ProviderFile, type: ProviderType, path: Path, problems: ProblemList): { protocols?: Protocols } {
  if (protocols === undefined) return {};
  if (type.chat === undefined || type.embedded === true) {
    problems.add(path, "has no meaning for a provider that speaks one protocol", "remove it", "key");
    return {};
  }
  // The schema wants at least one.
  return { protocols: [...new Set(protocols)] as unknown as Protocols };
}

/** What a vendor's documentation shows in full, and its SDK adds to a base URL. */
const ENDPOINT = /\/(?:chat\/completions|completions|messages|models|responses)$/;
/** A last piece such as `/v1` or `/v1beta`. */
const API_VERSION = /\/v\d+(?:alpha|beta)?\d*$/;

function resolveBaseUrl(text: string, type: ProviderType, path: Path, problems: ProblemList): BaseUrl | undefined {
  if (type.embedded === true) {
    problems.add(path, "has no meaning for what is part of Dragoman", "remove it", "key");
    return undefined;
  }
  try {
    const url = readBaseUrl(text);
    const example = type.defaultBaseUrl ?? "http://localhost:8000/v1";
    const [endpoint] = ENDPOINT.exec(url.basePath) ?? [];
    const [version] = API_VERSION.exec(url.basePath) ?? [];
    if (endpoint !== undefined) {
      problems.add(path, `ends with \`${endpoint}\`, which Dragoman adds itself`, `remove it, as in \`${example}\``);
    } else if (version !== undefined && type.chat === undefined) {
      problems.add(path, `ends with \`${version}\`, which Dragoman adds itself`, `remove it, as in \`${example}\``);
    } else if (url.basePath === "" && !text.endsWith("/") && readBaseUrl(example).basePath !== "") {
      problems.add(
        path,
        "has no path, and such servers have their version in it",
        `write it as in \`${example}\`, or end it with \`/\` if there is none`,
      );
    }
    return url;
  } catch (error) {
    problems.add(path, (error as TypeError).message);
    return undefined;
  }
}

function resolveCredentials(
  credentials: NonNullable<ProviderFile["credentials"]>,
  path: Path,
  problems: ProblemList,
  secrets: Set<string>,
): CredentialSettings[] {
  const names = new Set<string>();
  return credentials.map((credential, index) => {
    const { api_key, priority, max_concurrency, weight, account, limits } = credential;
    const name = credential.name ?? `key-${index + 1}`;
    const own = [...path, index];
    secrets.add(api_key);
    if (!NAME.test(name)) {
      problems.add([...own, "name"], "is not a usable name", "begin with a letter or digit; letters, digits and `_ . @ + -` may follow");
    }
    if (names.has(name)) problems.add([...own, "name"], "another credential of this provider has this name", "names must be unique");
    names.add(name);
    if (!isHeaderText(api_key)) problems.add([...own, "api_key"], "holds a space, a line break or a character that no header can carry");
    return {
      name,
      apiKey: api_key,
      priority,
      ...(max_concurrency !== undefined && { maxConcurrency: max_concurrency }),
      ...(weight !== undefined && { weight }),
      ...(account !== undefined && { accountName: account }),
      ...(limits !== undefined && {
        limits: { ...(limits.rpm !== undefined && { rpm: limits.rpm }), ...(limits.tpm !== undefined && { tpm: limits.tpm }) },
      }),
    };
  });
}
