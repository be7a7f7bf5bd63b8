/** What runs, and how its pool is. */
import type { ConfigSource } from "../../config/config.ts";
import type { PoolView } from "../../routing/describe.ts";
import type { SharingView } from "../../storage/redis-sharing.ts";
import { version } from "../../version.ts";
import { sendJson } from "./answer.ts";
import type { AdminContext, Asked } from "./context.ts";
import { readQuery } from "./query.ts";

/** The answer to `GET /admin/status`. */
export interface Status {
  readonly version: string;
  /** When it was told, in ms since 1970: other times count from then. */
  readonly at: number;
  /** How long the process has run. */
  readonly uptimeMs: number;
  readonly config: ConfigSource;
  readonly store: StoreStatus;
  /** How it stands with the server through which replicas share; absent: none is configured. */
  readonly sharing?: SharingView;
  /** In the order of the config. */
  readonly pools: readonly PoolView[];
}

/** Where requests and the state of the pool are remembered. */
export interface StoreStatus {
  /** The file; absent: in memory, until the process ends. */
  readonly path?: string;
  readonly works: boolean;
  /** Why it does not work. */
  readonly trouble?: string;
}

/** `GET /admin/status`. */
export function answerStatus(context: AdminContext, { query, response }: Asked): void {
  readQuery(query, []);
  const { pool, store } = context;
  const sharing = context.sharing();
  const trouble = store.trouble();
  const status: Status = {
    version,
    at: Date.now(),
    uptimeMs: process.uptime() * 1000,
    config: context.current().config.source,
    store: {
      ...(store.path !== undefined && { path: store.path }),
      works: trouble === undefined,
      ...(trouble !== undefined && { trouble }),
    },
    ...(sharing && { sharing }),
    pools: pool.describe(),
  };
  sendJson(response, status);
}
