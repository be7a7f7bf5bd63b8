/**
 * `$DRAGOMAN_HOME`, where state lives, and the state keys that authenticate opaque state on its way through clients
 * (dossier D.4). Losing the keys costs running conversations their signatures, nothing else.
 */
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Environment variables, as in `process.env`. */
type Environment = Readonly<Record<string, string | undefined>>;

/** The first key mints, all verify. Each has 32 bytes. */
export type StateKeys = readonly [Buffer, ...Buffer[]];

/** State that cannot be kept. Its message says what to do and is fit to be shown. */
export class StorageError extends Error {
  override readonly name = "StorageError";
}

/** The path of the home directory, which may not exist yet. */
export function homePath(environment: Environment): string {
  const configured = environment["DRAGOMAN_HOME"];
  return configured === undefined || configured === "" ? join(homedir(), ".dragoman") : resolve(configured);
}

/**
 * The state keys: those of `DRAGOMAN_STATE_KEY` (any text, several with commas between), else the one in the home's
 * `state.key`, which is generated when there is none. Any number of processes that start at once end up with the same.
 * @throws StorageError when the file can be neither read nor written.
 */
export function openStateKeys(environment: Environment): StateKeys {
  const configured = environment["DRAGOMAN_STATE_KEY"] ?? "";
  return parseKeys(configured) ?? readKeyFile(homePath(environment));
}

/** The same text gives the same keys in the variable and in the file, so that one can move to the other. */
function parseKeys(text: string): StateKeys | undefined {
  const [first, ...rest] = text
    .split(",")
    .map((key) => key.trim())
    .filter((key) => key !== "")
    .map((key) => createHash("sha256").update(key).digest());
  return first && [first, ...rest];
}

function readKeyFile(home: string): StateKeys {
  const path = join(home, "state.key");
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const keys = parseKeys(readIfThere(path) ?? createKeyFile(path));
    tighten(path);
    if (keys !== undefined) return keys;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    throw new StorageError(
      `${path} can be neither read nor written (${code}). Set DRAGOMAN_HOME to a directory that can, or set DRAGOMAN_STATE_KEY.`,
      {
        cause: error,
      },
    );
  }
  throw new StorageError(`${path} is empty. Remove it, and a new key is generated.`);
}

/** A copied or restored file may have come with looser rights than it was made with. On a read-only file system it stays so. */
function tighten(path: string): void {
  try {
    chmodSync(path, 0o600);
  } catch (error) {
    if (!["EROFS", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** Writes a new key, or reads that of a process that was faster. A link appears whole or not at all, and never replaces. */
function createKeyFile(path: string): string {
  const draft = `${path}.${randomBytes(8).toString("hex")}`;
  writeFileSync(draft, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(path, "utf8");
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
