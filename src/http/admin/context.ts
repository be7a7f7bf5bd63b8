/** What the admin API is made of. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { KeyRing } from "../../access/keys.ts";
import type { Config } from "../../config/config.ts";
import type { ClientSide } from "../../protocols/protocol.ts";
import type { Clock } from "../../routing/clock.ts";
import type { Pool } from "../../routing/pool.ts";
import type { Router } from "../../routing/router.ts";
import type { SharingView } from "../../storage/redis-sharing.ts";
import type { Store } from "../../storage/store.ts";

/** What serves a request that begins now. */
export interface Serving {
  readonly config: Config;
  readonly router: Router;
  /** Absent: no key is asked. */
  readonly keys: KeyRing | undefined;
}

/** What the admin API needs from the program. */
export interface AdminContext {
  /** The admin key. */
  readonly key: string;
  readonly pool: Pool;
  readonly store: Store;
  /** How it stands with the server through which replicas share; `undefined`: there is none. */
  sharing(): SharingView | undefined;
  /** The protocols that clients speak. */
  readonly clients: readonly ClientSide[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Asked anew for every request, because a configuration may change. */
  current(): Serving;
}

/** One request to the admin API. */
export interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** What the path ends with, where it names something. */
  readonly id: string;
}
