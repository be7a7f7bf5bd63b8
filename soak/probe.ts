/**
 * Loaded into the measured gateway before its own code (`node --import`): tells the soak from inside what cannot be seen from outside. Replies
 * to each message from its parent with a {@link ProbeReport}. It keeps nothing alive: the gateway must end as it does without it.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";

/** What the gateway's process holds. Bytes. */
export interface ProbeReport {
  readonly heapUsed: number;
  readonly external: number;
  /** What keeps the event loop alive, counted by kind: timers, sockets, requests. */
  readonly resources: Readonly<Record<string, number>>;
}

function report(): ProbeReport {
  const { heapUsed, external } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return { heapUsed, external, resources };
}

if (isMainThread) {
  process.on("message", (message) => {
    if (message === "collect") {
      setFlagsFromString("--expose-gc");
      (runInNewContext("gc") as () => void)();
    }
    process.send?.(report());
  });
  process.channel?.unref();
}
