/** `dragoman simulate`: replays recorded traffic against a configuration, beside the current one. Sends nothing. */
import { hash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Config } from "../config/config.ts";
import type { Path } from "../config/errors.ts";
import { findConfig, type SearchPlaces } from "../config/find.ts";
import { loadConfig } from "../config/load.ts";
import type { Environment } from "../config/references.ts";
import { jsonReport, textReport, type Simulated } from "../pool-simulation/report.ts";
import { simulate as simulatePool } from "../pool-simulation/simulation.ts";
import { readTraffic, TrafficError, type Traffic } from "../pool-simulation/traffic.ts";
import { CommandError } from "./command-error.ts";

/** What the command line said. */
export interface SimulateOptions {
  readonly config: string;
  /** Absent: the file that `serve` would find, if there is one. */
  readonly current?: string;
  /** A file; `-`: standard input. */
  readonly traffic: string;
  readonly seed: number;
  readonly json?: boolean;
}

/** Where to look for the current configuration. */
type Surroundings = Pick<SearchPlaces, "workingDirectory" | "home"> & { readonly environment: Environment };

/** @throws CommandError when the traffic cannot be read, ConfigError when a configuration cannot be used. */
export async function simulate(options: SimulateOptions, { environment, ...places }: Surroundings): Promise<void> {
  const path = resolve(places.workingDirectory, options.config);
  const currentPath = findConfig({ ...places, explicit: options.current });
  if (options.current !== undefined && currentPath !== undefined && !existsSync(currentPath)) {
    throw new CommandError(`there is no file ${currentPath}, which \`--current\` names.`, 2);
  }
  const configs = [{ name: "new", path, config: load(path, environment) }];
  if (currentPath !== undefined && currentPath !== path) {
    configs.push({ name: "current", path: currentPath, config: load(currentPath, environment) });
  }
  const traffic = await read(options.traffic);
  const simulated: Simulated[] = [];
  for (const { name, path, config } of configs) {
    simulated.push({ name, path, result: await simulatePool(config, traffic.requests, options.seed) });
  }
  const { json = false, seed } = options;
  process.stdout.write(json ? `${JSON.stringify(jsonReport(traffic, seed, simulated), null, 2)}\n` : textReport(traffic, seed, simulated));
}

/** Nothing is sent, so no secret is needed: a variable or a file that is not there stands for a value of its own. */
function load(path: string, environment: Environment): Config {
  return loadConfig({ explicit: path, workingDirectory: "/", home: "/", environment, standIn }).config;
}

/** Of the form that its place asks for: an address, a port, a hash, else any text that a header can carry. */
function standIn(reference: string, path: Path): string {
  switch (path.at(-1)) {
    case "url":
      return "redis://stand-in";
    case "base_url":
      return "https://stand-in/";
    case "port":
      return "0";
    case "hash":
      return `sha256:${hash("sha256", reference)}`;
    default:
      return encodeURI(reference);
  }
}

async function read(name: string): Promise<Traffic> {
  const label = name === "-" ? "standard input" : name;
  try {
    const stream = name === "-" ? process.stdin : createReadStream(name);
    const traffic = await readTraffic(stream.setEncoding("utf8"));
    if (traffic.requests.length > 0) return traffic;
  } catch (error) {
    if (error instanceof TrafficError) throw new CommandError(`${label}, ${error.message}.`, 2);
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CommandError(`the traffic in ${label} cannot be read (${code}).`, 2);
  }
  throw new CommandError(`${label} holds no request that an upstream would be asked for; \`dragoman traffic\` prints recorded ones.`, 2);
}
