/** Loads the configuration: find, read, resolve references, check, resolve. Every failure is a {@link ConfigError}. */
import { dirname } from "node:path";
import { checkDocument } from "./check.ts";
import type { Config, ConfigSource } from "./config.ts";
import { readDocument } from "./document.ts";
import { readEnvironment } from "./environment.ts";
import { type Locate, ProblemList } from "./errors.ts";
import { ConfigFiles } from "./files.ts";
import { findConfig, type SearchPlaces } from "./find.ts";
import { refusePlannedTypes } from "./planned.ts";
import { type Environment, resolveReferences, type StandIn } from "./references.ts";
import { isLoopback, type LoadedConfig, type Overrides, resolveConfig } from "./resolve.ts";

/** Where the configuration comes from, and what overrides it. */
export interface LoadOptions extends SearchPlaces {
  readonly environment: Environment;
  readonly overrides?: Overrides;
  /** Reads the files, and tells afterwards which these were, also when the configuration cannot be used. */
  readonly files?: ConfigFiles;
  readonly standIn?: StandIn;
}

const CHECK_THE_OPTION = "check the path that --config names";

/**
 * The configuration of the file that is found, else that of the environment.
 * @throws ConfigError with everything that is wrong.
 */
export function loadConfig({ environment, overrides = {}, files = new ConfigFiles(), standIn, ...places }: LoadOptions): LoadedConfig {
  const path = findConfig(places);
  if (path !== undefined) {
    const text = readConfigFile(path, files, CHECK_THE_OPTION);
    return parseConfig(text, { path, environment, overrides, files, ...(standIn && { standIn }) });
  }
  const { value, source } = readEnvironment(environment);
  return finish(value, { source, label: "environment", directory: places.workingDirectory, environment, overrides, files });
}

/**
 * The configuration anew, for a program that runs already. A file is the one that it was started with, and no other.
 * @param running what it runs with.
 * @throws ConfigError with everything that is wrong. What may be a file that is just being written counts as wrong too,
 *   and so does what would be safe only if the program listened somewhere else.
 */
export function reloadConfig({ source, server }: Config, options: LoadOptions): LoadedConfig {
  if (source.kind !== "file") return loadConfig(options);
  const { environment, overrides, files = new ConfigFiles({ again: true }) } = options;
  const { path } = source;
  const problems = new ProblemList();
  const text = readConfigFile(path, files, "put it back, or restart Dragoman");
  if (text.trim() === "") problems.add([], "is empty", "restart Dragoman if nothing is to be configured");
  problems.throwIfAny(path);
  const loaded = parseConfig(text, { path, environment, files, ...(overrides && { overrides }) });
  if (loaded.config.keys.length === 0 && !isLoopback(server.host)) {
    problems.add(["keys"], "are gone, and Dragoman listens where others reach it until it is restarted", "keep some, or restart Dragoman");
  }
  problems.throwIfAny(path);
  return loaded;
}

/**
 * Where the configuration says that the program listens. Nothing else of it is resolved or checked: whoever only calls need not
 * have its secrets at hand.
 * @throws ConfigError when the file cannot be read, or says nothing that makes sense of this.
 */
export function loadAddress({ environment, ...places }: Omit<LoadOptions, "overrides" | "files">): {
  readonly host: string;
  readonly port: number;
} {
  const path = findConfig(places);
  const files = new ConfigFiles();
  const text = path === undefined ? "" : readConfigFile(path, files, CHECK_THE_OPTION);
  const { value, locate } = readDocument(text, path ?? "");
  const problems = new ProblemList(locate);
  const server = typeof value === "object" && value !== null && "server" in value ? { server: value.server } : {};
  const directory = path === undefined ? places.workingDirectory : dirname(path);
  const file = checkDocument(resolveReferences(server, { environment, directory, files, problems }), problems);
  problems.throwIfAny(path ?? "environment");
  if (file === undefined) throw new Error("a document that does not fit has a problem");
  return { host: file.server.host, port: file.server.port };
}

/**
 * The configuration that a file's text says.
 * @param options.path is shown in errors, and relative `file:` references begin in its directory.
 * @throws ConfigError with everything that is wrong.
 */
export function parseConfig(text: string, options: ParseOptions): LoadedConfig {
  const { path, overrides = {}, files = new ConfigFiles() } = options;
  const { value, locate } = readDocument(text, path);
  return finish(value, { ...options, source: { kind: "file", path }, label: path, directory: dirname(path), overrides, files, locate });
}

type ParseOptions = Pick<LoadOptions, "environment" | "overrides" | "files" | "standIn"> & { readonly path: string };

interface Origin {
  readonly source: ConfigSource;
  /** What errors begin with. */
  readonly label: string;
  readonly directory: string;
  readonly environment: Environment;
  readonly overrides: Overrides;
  readonly files: ConfigFiles;
  readonly standIn?: StandIn;
  readonly locate?: Locate;
}

function finish(value: unknown, { source, label, overrides, locate, ...surroundings }: Origin): LoadedConfig {
  const problems = new ProblemList(locate);
  const document = resolveReferences(refusePlannedTypes(value, problems), { ...surroundings, problems });
  const file = checkDocument(document, problems);
  problems.throwIfAny(label);
  if (file === undefined) throw new Error("a document that does not fit has a problem");
  const loaded = resolveConfig(file, source, overrides, problems);
  problems.throwIfAny(label);
  return loaded;
}

/** @param ifMissing what to do when there is no such file. */
function readConfigFile(path: string, files: ConfigFiles, ifMissing: string): string {
  try {
    return files.read(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    const problems = new ProblemList();
    problems.add([], `cannot be read (${code})`, ["ENOENT", "EISDIR"].includes(code) ? ifMissing : undefined);
    problems.throwIfAny(path);
    throw error;
  }
}
