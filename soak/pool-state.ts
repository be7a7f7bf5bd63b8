/** What the gateway's own administration tells of its pools. */
import { existsSync, readFileSync } from "node:fs";
import { get } from "node:http";
import path from "node:path";
import { json } from "node:stream/consumers";

/** Over all pools. */
export interface PoolState {
  /** Permits in use. */
  readonly inUse: number;
  /** Requests that wait for a permit. */
  readonly waiting: number;
}

/** Asks the running gateway. `undefined` where it has no such administration. @throws Error when it cannot be asked. */
export async function poolState(port: number, folder: string): Promise<PoolState | undefined> {
  const keyFile = path.join(folder, "admin.key");
  if (!existsSync(keyFile)) return undefined;
  const headers = { authorization: `Bearer ${readFileSync(keyFile, "utf8").trim()}` };
  return new Promise((resolve, reject) => {
    // A connection of its own, which is gone before sockets are counted.
    const asked = get({ host: "127.0.0.1", port, path: "/admin/pool", headers, agent: false }, (answer) => {
      json(answer).then((state) => {
        const told = { inUse: sumOf(state, "inUse"), waiting: sumOf(state, "waiting") };
        resolve(answer.statusCode === 200 ? told : undefined);
      }, reject);
    });
    asked.on("error", reject);
  });
}

/** The sum of all numbers that stand under this name, however deep. */
function sumOf(value: unknown, name: string): number {
  if (typeof value !== "object" || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, inner]) => sum + (key === name && typeof inner === "number" ? inner : sumOf(inner, name)),
    0,
  );
}
