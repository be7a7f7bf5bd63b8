/** The configuration when there is no file: providers from the vendors' usual environment variables, else the simulator. */
import { providerTypes } from "../providers/index.ts";
import type { ConfigSource } from "./config.ts";
import type { Environment } from "./references.ts";

/** What a file would have said, and where it comes from. */
export interface ImpliedDocument {
  readonly value: unknown;
  readonly source: ConfigSource;
}

/** One provider for each type with a variable that is set, named like its type; with none, the embedded simulator. */
export function readEnvironment(environment: Environment): ImpliedDocument {
  const found = providerTypes.flatMap(({ type, environmentVariables }) => {
    const variable = environmentVariables.find((name) => (environment[name] ?? "") !== "");
    return variable === undefined ? [] : [{ type, variable }];
  });
  if (found.length === 0) {
    const providers = providerTypes.filter(({ embedded }) => embedded).map(({ type }) => [type, { type }]);
    return { value: { providers: Object.fromEntries(providers) }, source: { kind: "simulator" } };
  }
  const providers = found.map(({ type, variable }) => [type, { type, credentials: [{ api_key: `env:${variable}` }] }]);
  return {
    value: { providers: Object.fromEntries(providers) },
    source: { kind: "environment", variables: found.map(({ variable }) => variable) },
  };
}
