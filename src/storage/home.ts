/**
 * `$DRAGOMAN_HOME`, where state lives, and the keys in it: the state keys, which authenticate opaque state on its way through
 * clients (dossier D.4), and the admin key. Losing the state keys costs running conversations their signatures, nothing else.
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
  const configured = environment[STATE_KEY.variable] ?? "";
  return parseKeys(configured) ?? openKeyFile(environment, STATE_KEY, parseKeys);
}

/**
 * The admin key: that of `DRAGOMAN_ADMIN_KEY`, else the one in the home's `admin.key`, which is generated when there is none.
 * @throws StorageError when the file can be neither read nor written, or when the key is none that a header can carry.
 */
export function openAdminKey(environment: Environment): string {
  return configuredAdminKey(environment) ?? sendable(openKeyFile(environment, ADMIN_KEY, nonEmpty), adminKeyPath(environment));
}

/**
 * The same for whoever calls: nothing is generated.
 * @returns `undefined`: there is none.
 */
export function findAdminKey(environment: Environment): string | undefined {
  const configured = configuredAdminKey(environment);
  if (configured !== undefined) return configured;
  const path = adminKeyPath(environment);
  const key = nonEmpty(readingKey(path, ADMIN_KEY, () => readIfThere(path)) ?? "");
  return key === undefined ? undefined : sendable(key, path);
}

/** Where the admin key is when `DRAGOMAN_ADMIN_KEY` is not set. */
export function adminKeyPath(environment: Environment): string {
  return join(homePath(environment), ADMIN_KEY.file);
}

function configuredAdminKey(environment: Environment): string | undefined {
  const key = nonEmpty(environment[ADMIN_KEY.variable] ?? "");
  return key === undefined ? undefined : sendable(key, ADMIN_KEY.variable);
}

function sendable(key: string, place: string): string {
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new StorageError(`${place} holds a space, a line break or a character that no header can carry. Use another admin key.`);
}

function nonEmpty(text: string): string | undefined {
  const trimmed = text.trim();
  return trimmed === "" ? undefined : trimmed;
}

/** A key that stands in a variable, or in a file of the home. */
interface KeyPlace {
  readonly variable: string;
  readonly file: string;
}

const STATE_KEY: KeyPlace = { variable: "DRAGOMAN_STATE_KEY", file: "state.key" };
const ADMIN_KEY: KeyPlace = { variable: "DRAGOMAN_ADMIN_KEY", file: "admin.key" };

/** The same text gives the same keys in the variable and in the file, so that one can move to the other. */
function parseKeys(text: string): StateKeys | undefined {
  const [first, ...rest] = text
    .split(",")
    .map((key) => key.trim())
    .filter((key) => key !== "")
    .map((key) => createHash("sha256").update(key).digest());
  return first && [first, ...rest];
}

/** What the file says, which is made when there is none. @param parse gives `undefined` for what holds no key. */
function openKeyFile<Key>(environment: Environment, place: KeyPlace, parse: (text: string) => Key | undefined): Key {
  const home = homePath(environment);
  const path = join(home, place.file);
  const key = readingKey(path, place, () => {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const text = readIfThere(path) ?? createKeyFile(path);
    tighten(path);
    return parse(text);
  });
  if (key !== undefined) return key;
  throw new StorageError(`${path} is empty. Remove it, and a new key is generated.`);
}

function readingKey<Result>(path: string, { variable }: KeyPlace, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    throw new StorageError(
      `${path} can be neither read nor written (${code}). Set DRAGOMAN_HOME to a directory that can, or set ${variable}.`,
      {
        cause: error,
      },
    );
  }
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
