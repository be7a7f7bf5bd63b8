/**
 * What is wrong with a configuration, told so that it can be put right: file, line, column, what was expected, and what
 * was probably meant. No text here ever repeats a value, because any value may be a secret in the wrong place.
 */

/** Where in the document: keys and indices from its root. */
export type Path = readonly (string | number)[];

/** A place in the file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing to put right. */
export interface ConfigProblem {
  /** As people write it: `providers.google.credentials[0].api_key`; empty for the whole document. */
  readonly path: string;
  /** What is wrong, a clause without a full stop. */
  readonly message: string;
  /** What to do about it, a clause without a full stop. */
  readonly suggestion?: string;
  /** Absent when it is about no place in a file. */
  readonly position?: Position;
  /** Where it is when that is not the file or what stands for it. */
  readonly source?: string;
}

/** Finds the place of a key, or of its value, in the file. */
export type Locate = (path: Path, part: "key" | "value") => Position | undefined;

/** Collects problems while a configuration is read, so that all are told at once. */
export class ProblemList {
  readonly #problems: ConfigProblem[] = [];
  readonly #paths = new Set<string>();
  readonly #locate: Locate;

  constructor(locate: Locate = () => undefined) {
    this.#locate = locate;
  }

  /**
   * @param part what to point at: the value, or the key when the key itself, or what is missing below it, is wrong;
   *   `command-line` when it is not the file that is wrong.
   */
  add(path: Path, message: string, suggestion?: string, part: "key" | "value" | "command-line" = "value"): void {
    const position = part === "command-line" ? undefined : this.#locate(path, part);
    this.#paths.add(JSON.stringify(path));
    this.#problems.push({
      path: formatPath(path),
      message,
      ...(suggestion !== undefined && { suggestion }),
      ...(position !== undefined && { position }),
      ...(part === "command-line" && { source: "command line" }),
    });
  }

  /** Whether something at exactly this path is wrong. */
  has(path: Path): boolean {
    return this.#paths.has(JSON.stringify(path));
  }

  get empty(): boolean {
    return this.#problems.length === 0;
  }

  /** @throws ConfigError when there is any problem. */
  throwIfAny(source: string): void {
    if (!this.empty) throw new ConfigError(source, this.#problems);
  }
}

/** A configuration that cannot be used. Its message has one line per problem. */
export class ConfigError extends Error {
  /** In the order of the file. */
  readonly problems: readonly ConfigProblem[];

  /** @param source what to put before each line: the file's path, or a word for what is not a file. */
  constructor(source: string, problems: readonly ConfigProblem[]) {
    const ordered = [...problems].sort(
      (a, b) => (a.position?.line ?? 0) - (b.position?.line ?? 0) || (a.position?.column ?? 0) - (b.position?.column ?? 0),
    );
    super(ordered.map((problem) => formatProblem(problem.source ?? source, problem)).join("\n"));
    this.name = "ConfigError";
    this.problems = ordered;
  }
}

function formatProblem(source: string, { path, message, suggestion, position }: ConfigProblem): string {
  const place = position === undefined ? source : `${source}:${position.line}:${position.column}`;
  const subject = path === "" ? "" : `${path}: `;
  return `${place}: ${subject}${message}${suggestion === undefined ? "" : `; ${suggestion}`}`;
}

function formatPath(path: Path): string {
  return path
    .map((segment, index) => {
      if (typeof segment === "number") return `[${segment}]`;
      const name = printableKey(segment) ?? "…";
      return index === 0 ? name : `.${name}`;
    })
    .join("");
}

/**
 * A key as it may be shown, or `undefined` when it may be a value in the wrong place: YAML reads `{api_key:secret}`,
 * without a space, as one long key.
 */
export function printableKey(key: string): string | undefined {
  return /^[\w./*@+-]{1,64}$/.test(key) ? key : undefined;
}

/** Whether a text can be a header's value as it is: visible ASCII, no space. */
export function isHeaderText(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
