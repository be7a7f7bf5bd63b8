/** The `redis` of a file as the program uses it. */
import type { Config } from "./config.ts";
import type { ProblemList } from "./errors.ts";
import type { ConfigFile } from "./schema.ts";

/** After the host nothing, or the number of a database. */
const DATABASE = /^\/?\d{0,5}$/;

/** @param secrets gets the password, so that no log repeats it. */
export function resolveRedis(redis: ConfigFile["redis"], problems: ProblemList, secrets: Set<string>): Config["redis"] {
  if (redis === undefined) return undefined;
  const url = URL.parse(redis.url);
  const path = ["redis", "url"];
  if (url === null || !["redis:", "rediss:"].includes(url.protocol) || url.hostname === "") {
    problems.add(path, "expected a URL such as `redis://localhost:6379`, or `rediss://…` for TLS");
    return undefined;
  }
  if (!DATABASE.test(url.pathname) || url.search !== "" || url.hash !== "") {
    problems.add(path, "nothing but the number of a database may follow the host, as in `redis://localhost:6379/0`");
  }
  try {
    decodeURIComponent(url.username);
    for (const secret of [url.password, decodeURIComponent(url.password)]) if (secret !== "") secrets.add(secret);
  } catch {
    problems.add(path, "has a `%` that begins no escape", "write `%25` for a `%` in a user name or password");
  }
  return redis;
}
