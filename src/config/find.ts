/** Which file is the configuration. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const FILE_NAME = "dragoman.yaml";

/** Where to look. */
export interface SearchPlaces {
  /** What `--config` says; then nowhere else. */
  readonly explicit?: string | undefined;
  readonly workingDirectory: string;
  /** `$DRAGOMAN_HOME`. */
  readonly home: string;
}

/** The path of the file to read, which may not exist when it was named explicitly; `undefined`: there is none. */
export function findConfig({ explicit, workingDirectory, home }: SearchPlaces): string | undefined {
  if (explicit !== undefined) return resolve(workingDirectory, explicit);
  return [workingDirectory, home].map((directory) => join(directory, FILE_NAME)).find((path) => existsSync(path));
}
