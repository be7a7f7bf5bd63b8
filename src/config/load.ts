/** Loads the configuration: find, read, resolve references, check, resolve. Every failure is a {@link ConfigError}. */
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { checkDocument } from "./check.ts";
import type { ConfigSource } from "./config.ts";
import { readDocument } from "./document.ts";
import { readEnvironment } from "./environment.ts";
import { type Locate, ProblemList } from "./errors.ts";
import { findConfig, type SearchPlaces } from "./find.ts";
import { refusePlannedTypes } from "./planned.ts";
import { type Environment, resolveReferences } from "./references.ts";
import { type LoadedConfig, type Overrides, resolveConfig } from "./resolve.ts";

/** Where the configuration comes from, and what overrides it. */
export interface LoadOptions extends SearchPlaces {
  readonly environment: Environment;
  readonly overrides?: Overrides;
}

/**
 * The configuration of the file that is found, else that of the environment.
 * @throws ConfigError with everything that is wrong.
 */
export function loadConfig({ environment, overrides = {}, ...places }: LoadOptions): LoadedConfig {
  const path = findConfig(places);
  if (path !== undefined) return parseConfig(readConfigFile(path), { path, environment, overrides });
  const { value, source } = readEnvironment(environment);
  return finish(value, { source, label: "environment", directory: places.workingDirectory, environment, overrides });
}

/**
 * The configuration that a file's text says.
 * @param options.path is shown in errors, and relative `file:` references begin in its directory.
 * @throws ConfigError with everything that is wrong.
 */
export function parseConfig(
  text: string,
  { path, environment, overrides = {} }: { path: string; environment: Environment; overrides?: Overrides },
): LoadedConfig {
  const { value, locate } = readDocument(text, path);
  return finish(value, { source: { kind: "file", path }, label: path, directory: dirname(path), environment, overrides, locate });
}

interface Origin {
  readonly source: ConfigSource;
  /** What errors begin with. */
  readonly label: string;
  readonly directory: string;
  readonly environment: Environment;
  readonly overrides: Overrides;
  readonly locate?: Locate;
}

function finish(value: unknown, { source, label, directory, environment, overrides, locate }: Origin): LoadedConfig {
  const problems = new ProblemList(locate);
  const document = resolveReferences(refusePlannedTypes(value, problems), { environment, directory, problems });
  const file = checkDocument(document, problems);
  problems.throwIfAny(label);
  if (file === undefined) throw new Error("a document that does not fit has a problem");
  const loaded = resolveConfig(file, source, overrides, problems);
  problems.throwIfAny(label);
  return loaded;
}

function readConfigFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    const problems = new ProblemList();
    problems.add([], `cannot be read (${code})`, ["ENOENT", "EISDIR"].includes(code) ? "check the path that --config names" : undefined);
    problems.throwIfAny(path);
    throw error;
  }
}
