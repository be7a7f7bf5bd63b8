/** The files that a configuration is read from, and what each held: that is how a change is told from a touch. */
import { hash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";

/** What a path held: a digest of its bytes, or one of the words below. Never the bytes, which may be a secret. */
export type Content = string;

export const UNREADABLE: Content = "unreadable";
/** A pipe or a device, as `--config /dev/stdin` may name: what it held can be read once. */
const NOT_A_FILE: Content = "not a file";

/** Reads files, and remembers what they held, those that could not be read included. */
export class ConfigFiles {
  readonly #contents = new Map<string, Content>();
  readonly #again: boolean;

  /** @param options.again whether they were read before: then what can be read only once is refused. */
  constructor({ again = false }: { readonly again?: boolean } = {}) {
    this.#again = again;
  }

  /** By path, what each held when it was read. */
  get contents(): ReadonlyMap<string, Content> {
    return this.#contents;
  }

  /** @throws Error with a `code` that says why, the file system's mostly. */
  read(path: string): string {
    this.#contents.set(path, UNREADABLE);
    const isFile = statSync(path).isFile();
    if (!isFile && this.#again) {
      this.#contents.set(path, NOT_A_FILE);
      throw Object.assign(new Error("What is no file can be read once."), { code: "no ordinary file, which can be read once only" });
    }
    const bytes = readFileSync(path);
    this.#contents.set(path, isFile ? digest(bytes) : NOT_A_FILE);
    return bytes.toString("utf8");
  }
}

/** What a path holds now. Never rejects. Opens nothing but files: a pipe would wait for whoever writes to it. */
export async function contentOf(path: string): Promise<Content> {
  try {
    return (await stat(path)).isFile() ? digest(await readFile(path)) : NOT_A_FILE;
  } catch {
    return UNREADABLE;
  }
}

function digest(bytes: Buffer): Content {
  return hash("sha256", bytes);
}
