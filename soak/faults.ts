/** What the soak's upstream does wrong, and what may come of it. */
import type { Behaviour } from "../src/simulator/types.ts";

/**
 * What a client may see of it. `none`: nothing, the answer is good. `before`: it happens before the content, so that another credential may
 * answer; else the client is refused. `after`: it happens in the middle of a stream, which then ends with an error, or goes on elsewhere.
 * `refused`: the client is told.
 */
export type FaultEffect = "none" | "before" | "after" | "refused";

/** One way for an upstream to behave. */
export interface SoakFault {
  readonly behaviour: Behaviour;
  readonly effect: FaultEffect;
}

/** Long enough for a client to have read some text by then. */
const late = { at: 6 };

/** By the name that stands in a request's marker. */
export const faults = {
  "429": { behaviour: { fault: "429" }, effect: "before" },
  "429-after-ms": { behaviour: { fault: "429", retryAfterMs: 40 }, effect: "before" },
  "429-after": { behaviour: { fault: "429", retryAfter: 1 }, effect: "before" },
  "429-info": { behaviour: { fault: "429", retryInfo: 1 }, effect: "before" },
  "500": { behaviour: { fault: "500" }, effect: "before" },
  "503": { behaviour: { fault: "503" }, effect: "before" },
  "529": { behaviour: { fault: "529" }, effect: "before" },
  "reset-before-headers": { behaviour: { fault: "reset-before-headers" }, effect: "before" },
  "reset-after-headers": { behaviour: { fault: "reset-after-headers" }, effect: "before" },
  "hang-before-headers": { behaviour: { fault: "hang-before-headers" }, effect: "before" },
  "hang-after-headers": { behaviour: { fault: "hang-after-headers" }, effect: "before" },
  "error-in-200": { behaviour: { fault: "error-in-200", status: 503 }, effect: "before" },
  "error-first": { behaviour: { fault: "error-first", status: 529 }, effect: "before" },
  "error-before-content": { behaviour: { fault: "error-before-content", status: 500 }, effect: "before" },
  empty: { behaviour: { fault: "empty" }, effect: "before" },
  garbage: { behaviour: { fault: "garbage-json" }, effect: "before" },
  html: { behaviour: { fault: "html" }, effect: "before" },
  "truncated-gzip": { behaviour: { fault: "truncated-gzip" }, effect: "before" },
  "reset-mid-event": { behaviour: { fault: "reset-mid-event", ...late }, effect: "after" },
  "hang-mid-stream": { behaviour: { fault: "hang-mid-stream", ...late }, effect: "after" },
  "end-early": { behaviour: { fault: "end-early", ...late }, effect: "after" },
  "error-after-content": { behaviour: { fault: "error-after-content", status: 503, ...late }, effect: "after" },
  "400": { behaviour: { fault: "400" }, effect: "refused" },
} as const satisfies Record<string, SoakFault>;

/** Behaviour that is unusual, but sound: the client must get a good answer at the first attempt. */
export const oddities = {
  /** A whole answer takes as long as a stream, else whoever asks for it would have none open. */
  thinks: { behaviour: { delayMs: 800 }, effect: "none" },
  drip: { behaviour: { fault: "slow-drip", chunkDelayMs: 2 }, effect: "none" },
  closes: { behaviour: { fault: "close-after-answer" }, effect: "none" },
  /** More than the buffers of the sockets on the way hold, so that a slow reader holds the upstream up. */
  huge: { behaviour: { fault: "huge-line", size: 4_000_000 }, effect: "none" },
} as const satisfies Record<string, SoakFault>;

export type FaultName = keyof typeof faults;
export type OddityName = keyof typeof oddities;
export type BehaviourName = FaultName | OddityName | "sound";

/** Everything that a marker may ask for. */
export const behaviours: Readonly<Record<BehaviourName, SoakFault>> = { ...faults, ...oddities, sound: { behaviour: {}, effect: "none" } };

/** Whether a word of a marker is the name of a behaviour. */
export function isBehaviourName(word: string): word is BehaviourName {
  return Object.hasOwn(behaviours, word);
}
