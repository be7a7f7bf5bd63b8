/** A configuration in words, for the terminal. Names and addresses only: nothing here ever holds a secret. */
import { isIPv6 } from "node:net";
import { causesOf } from "../config/causes.ts";
import type { ConfigSource, KeyConfig, Route, RouteStep } from "../config/config.ts";
import type { Provider } from "../providers/provider.ts";

/** Where the configuration came from. */
export function describeSource(source: ConfigSource): string {
  switch (source.kind) {
    case "file":
      return source.path;
    case "environment":
      return `no config file; providers from ${source.variables.join(", ")}`;
    case "simulator":
      return "no config file and no API key in the environment: the embedded simulator answers";
  }
}

/** Who may call. */
export function describeCallers(keys: readonly KeyConfig[]): string {
  if (keys.length === 0) return "programs on this machine; no key is asked";
  return `holders of ${keys.length === 1 ? "the key" : "the keys"} ${keys.map(({ name }) => name).join(", ")}`;
}

/** A provider with the size of its pool. */
export function describeProvider({ name, credentials, embedded }: Provider): string {
  if (embedded) return `${name} (part of Dragoman)`;
  return `${name} (${credentials.length === 1 ? "1 credential" : `${credentials.length} credentials`})`;
}

/** Credentials by name, with what limits their use. */
export function describeCredentials({ credentials }: Provider): string {
  return credentials
    .map(({ name, priority, maxConcurrency }) => {
      const facts = [
        ...(priority === 0 ? [] : [`priority ${priority}`]),
        ...(maxConcurrency === undefined ? [] : [`${maxConcurrency} at once`]),
      ];
      return facts.length === 0 ? name : `${name} (${facts.join(", ")})`;
    })
    .join(", ");
}

/** The targets of a route, in order. */
export function describeTargets({ steps, loss }: Route): string {
  const list = steps.map(describeStep).join(", then ");
  return loss === undefined ? list : `${list} (loss: ${loss})`;
}

function describeStep({ targets, strategy, on }: RouteStep): string {
  const names = targets.map(({ provider, model }) => `${provider}/${model}`).join(" or ");
  const notes = [...(strategy === undefined ? [] : [strategy]), ...(on ? [`on ${causesOf(on).join(", ")}`] : [])];
  return notes.length === 0 ? names : `${names} (${notes.join("; ")})`;
}

/** The base URL for a client on this machine. */
export function baseUrl(host: string, port: number): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`;
}

/** Lines with a label each, values aligned. */
export function alignLines(lines: readonly (readonly [label: string, value: string])[], indent = "  "): string {
  const width = Math.max(...lines.map(([label]) => label.length));
  return lines.map(([label, value]) => `${indent}${label.padEnd(width)}  ${value}\n`).join("");
}
