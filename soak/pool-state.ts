/** What the gateway's own administration tells of its pools. */
import { readFileSync } from "node:fs";
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

/** Asks the running gateway whose state is in this folder. @throws Error when it does not tell. */
export async function poolState(port: number, folder: string): Promise<PoolState> {
  const headers = { authorization: `Bearer ${readFileSync(path.join(folder, "admin.key"), "utf8").trim()}` };
  return new Promise((resolve, reject) => {
    // A connection of its own, which is gone before sockets are counted.
    const asked = get({ host: "127.0.0.1", port, path: "/admin/status", headers, agent: false }, (answer) => {
      json(answer).then((status) => {
        const pools = (status as { readonly pools?: unknown }).pools;
        if (answer.statusCode === 200 && pools !== undefined) resolve({ inUse: sumOf(pools, "inUse"), waiting: sumOf(pools, "waiting") });
        else reject(new Error(`the gateway does not tell of its pools: HTTP ${answer.statusCode}`));
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
