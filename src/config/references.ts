/** Resolves `env:NAME` and `file:/path`, wherever a text stands. */
import { resolve } from "node:path";
import { nearMatches } from "../chat/names.ts";
import type { Path, ProblemList } from "./errors.ts";
import type { ConfigFiles } from "./files.ts";

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

const ENVIRONMENT_REFERENCE = /^env:(.*)$/s;
const FILE_REFERENCE = /^file:(.*)$/s;
/** `$NAME` and `${NAME}`, which a shell would have replaced. */
const SHELL_VARIABLE = /^\$(?:[A-Z_][A-Z0-9_]*|\{[A-Z_][A-Z0-9_]*\})$/;

/** Where references lead. */
interface Surroundings {
  readonly environment: Environment;
  /** Where relative file paths begin. */
  readonly directory: string;
  /** Reads what they name. */
  readonly files: ConfigFiles;
  readonly problems: ProblemList;
  readonly standIn?: StandIn;
}

/** What stands for a reference that names nothing here; without it that is a problem. */
export type StandIn = (reference: string, path: Path) => string;

/** A document without references. */
export interface ResolvedReferences {
  readonly value: unknown;
  /** The reference that stood at a path, as it was written; `undefined` where none stood. */
  referenceAt(path: Path): string | undefined;
}

/**
 * Puts what references name in their place. One that names nothing becomes a problem and an empty text.
 */
export function resolveReferences(document: unknown, surroundings: Surroundings): ResolvedReferences {
  const { directory, problems } = surroundings;
  const references = new Map<string, string>();

  const resolveText = (text: string, path: Path): string => {
    if (SHELL_VARIABLE.test(text)) problems.add(path, "is a shell's way to name a variable", "write `env:NAME`");
    const variable = ENVIRONMENT_REFERENCE.exec(text)?.[1]?.trim();
    const file = FILE_REFERENCE.exec(text)?.[1]?.trim();
    if (variable === undefined && file === undefined) return text;
    references.set(JSON.stringify(path), text);
    if (variable !== undefined) return readVariable(variable, path, surroundings);
    return readReferencedFile(resolve(directory, file ?? ""), path, surroundings);
  };
  const visit = (value: unknown, path: Path): unknown => {
    if (typeof value === "string") return resolveText(value, path);
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, [...path, key])]));
  };

  return { value: visit(document, []), referenceAt: (path) => references.get(JSON.stringify(path)) };
}

function readVariable(name: string, path: Path, { environment, problems, standIn }: Surroundings): string {
  // What is no name is not repeated: it may be a secret behind a mistaken prefix.
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    problems.add(path, "after `env:` the name of an environment variable is expected, such as `env:GEMINI_API_KEY`");
    return "";
  }
  const value = environment[name];
  if (value !== undefined && value !== "") return value;
  if (standIn) return standIn(`env:${name}`, path);
  const [near] = nearMatches(name, Object.keys(environment));
  const suggestion = value === undefined && near !== undefined ? `did you mean \`env:${near}\`?` : "set it where Dragoman is started";
  problems.add(path, `the environment variable ${name} is ${value === undefined ? "not set" : "empty"}`, suggestion);
  return "";
}

/** The file's text without the line break that editors and `echo` put at its end. */
function readReferencedFile(file: string, path: Path, { files, problems, standIn }: Surroundings): string {
  try {
    const text = files.read(file).replace(/\r?\n$/, "");
    if (text === "") problems.add(path, `the file ${file} is empty`);
    return text;
  } catch (error) {
    if (standIn) return standIn(`file:${file}`, path);
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    problems.add(path, `the file ${file} cannot be read (${code})`);
    return "";
  }
}
