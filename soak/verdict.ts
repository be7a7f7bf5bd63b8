/** Whether a soak was passed, from its figures alone. */
import type { OutcomeCounts } from "./load.ts";
import type { OpenFiles } from "./sockets.ts";
import type { PoolState } from "./pool-state.ts";
import { slopeOf } from "./slope.ts";

/** One look at the running gateway. */
export interface Sample extends OpenFiles {
  /** Seconds since the load began. */
  readonly seconds: number;
  /** Requests that are open at the load. */
  readonly open: number;
  /** Requests that have ended. */
  readonly done: number;
  /** Resident memory, the mean since the look before, and what of it is the heap's. Bytes. */
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  /** Timers that keep the gateway's process alive. */
  readonly timers: number;
  readonly pool: PoolState;
}

/** What was still open when all had been quiet for as long as an idle connection is kept; each is what there is more of than before the load. */
export interface Leaks {
  readonly clients: number;
  readonly upstream: number;
  readonly others: number;
  readonly timers: number;
  readonly permits: number;
  readonly waiting: number;
  /** Requests that the upstream still answers. */
  readonly openRequests: number;
}

/** A whole run. */
export interface SoakFigures {
  readonly minutes: number;
  readonly streams: number;
  readonly samples: readonly Sample[];
  /** By behaviour of the upstream. */
  readonly outcomes: Readonly<Record<string, OutcomeCounts>>;
  readonly leaks: Leaks;
  /** Errors in the gateway's log that it takes for bugs of its own. */
  readonly internalErrors: number;
  /** Whether the gateway ended by itself when it was asked to. */
  readonly endedCleanly: boolean;
}

/** The most MB a minute that the gateway's memory may grow once it has warmed up. */
export const maxGrowth = 0.5;
/** Before, caches and the compiler still take what they need. */
const warmSeconds = 300;
/** A shorter run says nothing about growth. */
const judgedMinutes = 10;
/** The most of the requests without a fault that may be refused because others' faults had set every credential aside. */
const maxRefused = 0.05;
/** The fewest requests that must be open on average, as a share of the workers: a refused client rests. */
const minOpen = 0.9;
const rampSeconds = 10;

const megabyte = 1024 * 1024;

/** MB a minute that the gateway's memory grew by after it had warmed up; `undefined` where the run was too short to tell. */
export function growthOf({ minutes, samples }: Pick<SoakFigures, "minutes" | "samples">): number | undefined {
  if (minutes < judgedMinutes) return undefined;
  const warm = samples.filter(({ seconds }) => seconds >= warmSeconds);
  return slopeOf(warm.map(({ seconds, rss }) => ({ at: seconds / 60, value: rss / megabyte })));
}

/** What was not as it must be, in words; empty when all was. */
export function faultsOf(figures: SoakFigures): string[] {
  const { streams, samples, outcomes, leaks, internalErrors, endedCleanly } = figures;
  const failures: string[] = [];
  const total = sumOf(Object.values(outcomes));
  if (total.lost > 0) failures.push(`${total.lost} answers lost or ungrammatical`);
  const sound = outcomes["sound"] ?? sumOf([]);
  const soundRequests = requestsOf(sound);
  if (sound.complete === 0) failures.push("no answer was complete");
  if (sound.refused > soundRequests * maxRefused) failures.push(`${sound.refused} of ${soundRequests} sound requests refused`);
  const running = samples.filter(({ seconds }) => seconds >= rampSeconds);
  const open = running.reduce((sum, sample) => sum + sample.open, 0) / running.length;
  if (open < streams * minOpen) failures.push(`only ${open.toFixed(0)} of ${streams} streams open on average`);
  const growth = growthOf(figures);
  if (growth !== undefined && growth > maxGrowth) failures.push(`memory grows by ${growth.toFixed(2)} MB/min`);
  for (const [what, count] of Object.entries(leaks)) if (count > 0) failures.push(`${count} leaked: ${what}`);
  if (internalErrors > 0) failures.push(`${internalErrors} internal errors in the log`);
  if (!endedCleanly) failures.push("the gateway did not end by itself");
  return failures;
}

/** All outcomes together. */
export function sumOf(counts: readonly OutcomeCounts[]): OutcomeCounts {
  const sum = { complete: 0, broken: 0, refused: 0, left: 0, lost: 0 };
  for (const one of counts) for (const outcome of Object.keys(sum) as (keyof OutcomeCounts)[]) sum[outcome] += one[outcome];
  return sum;
}

/** How many requests these are. */
export function requestsOf(counts: OutcomeCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
