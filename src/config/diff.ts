/** What a new configuration changes, in the words of the config file. Names only: any value may be a secret. */
import { isDeepStrictEqual } from "node:util";
import type { Credential, Provider } from "../providers/provider.ts";
import type { Config, KeyConfig, Route } from "./config.ts";

/** One thing that is different. */
export interface ConfigChange {
  /** A clause, such as "provider `google` added". */
  readonly what: string;
  /** Whether it has no effect before the program is started again. */
  readonly afterRestart: boolean;
}

/** Taken up once, when the program starts: where it listens, and what it opens its stores with. */
const FIXED: readonly (readonly [section: keyof Config, ...keys: string[]])[] = [
  ["server", "host"],
  ["server", "port"],
  ["responses"],
  ["requests"],
  ["redis"],
];

/** The new configuration as far as it can be used at once, the rest as it was. */
export function untilRestart(before: Config, after: Config): Config {
  return FIXED.reduce<Fields>((config, path) => withOld(path, { ...before }, config), { ...after }) as unknown as Config;
}

function withOld([key, ...rest]: readonly [string, ...string[]], before: Fields, after: Fields): Fields {
  const { [key]: value, ...others } = after;
  const [next, ...further] = rest;
  if (before[key] === undefined) return others;
  return { ...others, [key]: next === undefined ? before[key] : withOld([next, ...further], before[key] as Fields, value as Fields) };
}

/** Everything that is different. None when both say the same. */
export function changesBetween(before: Config, after: Config): readonly ConfigChange[] {
  const { source: oldSource, keys: oldKeys, providers: oldProviders, routes: oldRoutes, ...oldSections } = before;
  const { source, keys, providers, routes, ...sections } = after;
  const fixed = FIXED.map((path) => path.map(fileKey).join("."));
  const isFixed = (setting: string): boolean => fixed.some((one) => setting === one || setting.startsWith(`${one}.`));
  const changes = [
    ...(isDeepStrictEqual(oldSource, source) ? [] : ["the configuration comes from another place"]),
    ...listChanges("key", oldKeys, keys, changedBy(keyFields)),
    ...listChanges("provider", oldProviders, providers, changedBy(providerFields)),
    ...providers.flatMap((provider) => {
      const known = oldProviders.find(({ name }) => name === provider.name);
      return known?.type === provider.type ? credentialChanges(known, provider) : [];
    }),
    ...listChanges("model", oldRoutes.map(named), routes.map(named), changedBy(routeFields)),
  ].map((what) => ({ what, afterRestart: false }));
  const settings = changedFields(oldSections, sections).map((field) => ({ what: `${field} changed`, afterRestart: isFixed(field) }));
  return [...changes, ...settings];
}

interface Named {
  readonly name: string;
}

/** Settings by their names. */
type Fields = Readonly<Record<string, unknown>>;

/** @param where what the list belongs to. */
function listChanges<Item extends Named>(
  kind: string,
  before: readonly Item[],
  after: readonly Item[],
  changedOf: (before: Item, after: Item) => string[],
  where = "",
): string[] {
  const old = new Map(before.map((item) => [item.name, item]));
  const names = new Set(after.map(({ name }) => name));
  const subject = (name: string): string => `${where}${kind} \`${name}\``;
  const newOrChanged = after.flatMap((item) => {
    const known = old.get(item.name);
    if (known === undefined) return [`${subject(item.name)} added`];
    const changed = changedOf(known, item);
    return changed.length === 0 ? [] : [`${subject(item.name)} changed (${changed.join(", ")})`];
  });
  const removed = before.filter(({ name }) => !names.has(name)).map(({ name }) => `${subject(name)} removed`);
  const stood = before.map(({ name }) => name).filter((name) => names.has(name));
  const stand = after.map(({ name }) => name).filter((name) => old.has(name));
  return [...newOrChanged, ...removed, ...(isDeepStrictEqual(stood, stand) ? [] : [`${where}${kind}s in another order`])];
}

function credentialChanges(before: Provider, { name, credentials }: Provider): string[] {
  return listChanges("credential", before.credentials, credentials, changedOfCredential, `provider \`${name}\`: `);
}

function keyFields({ name: _name, sha256: key, ...settings }: KeyConfig): Fields {
  return { key, ...settings };
}

/** Where no account is named, it goes with the key. */
function changedOfCredential(before: Credential, after: Credential): string[] {
  const changed = changedFields({ ...before }, { ...after }).filter((field) => field !== "fingerprint");
  return changed.filter((field) => field !== "account" || !changed.includes("api_key"));
}

/** What has a line of its own, what is called otherwise in the file, and what follows from the type. */
const NO_SETTINGS: ReadonlySet<string> = new Set<keyof Provider>([
  "name",
  "credentials",
  "origin",
  "basePath",
  "platform",
  "embedded",
  "chat",
  "responses",
  "relayedHeaders",
  "relayedFields",
  "protocolsFor",
  "authorize",
]);

function providerFields(provider: Provider): Fields {
  const settings = Object.entries(provider).filter(([name]) => !NO_SETTINGS.has(name));
  return { ...Object.fromEntries(settings), base_url: provider.origin + provider.basePath };
}

function named(route: Route): Route & Named {
  return { name: route.pattern, ...route };
}

function routeFields({ name: _name, pattern: _pattern, steps, ...settings }: Route & Named): Fields {
  return { targets: steps, ...settings };
}

function changedBy<Item>(fieldsOf: (item: Item) => Fields): (before: Item, after: Item) => string[] {
  return (before, after) => changedFields(fieldsOf(before), fieldsOf(after));
}

/** The names of what is different, as the file has them. */
function changedFields(before: Fields, after: Fields): string[] {
  return Object.keys({ ...before, ...after }).flatMap((key) => {
    const [old, value] = [before[key], after[key]];
    if (isDeepStrictEqual(old, value)) return [];
    if (!isMap(old) || !isMap(value)) return [fileKey(key)];
    const joint = key === WEB_SOCKETS ? "_" : ".";
    return changedFields(old, value).map((inner) => fileKey(key) + joint + inner);
  });
}

function isMap(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A map in the program; in the file, keys that begin alike. */
const WEB_SOCKETS = "webSockets";

/** What the file calls otherwise than the rule has it. */
const FILE_KEYS: Readonly<Record<string, string>> = { [WEB_SOCKETS]: "websocket", listsModels: "list_models" };

/** What the file calls `max_wait` and the program `maxWaitMs`. */
function fileKey(name: string): string {
  const snakeCase = (): string => name.replace(/Ms$/, "").replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return FILE_KEYS[name] ?? snakeCase();
}
