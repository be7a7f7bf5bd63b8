/** Who of a step's candidates gets a request (resilience §2). Changes nothing. */
import type { Candidate, PassedOverReason } from "./candidate.ts";
import { restsOf } from "./credential-state.ts";
import type { Strategy } from "./strategy.ts";

/** What speaks for one candidate before any strategy does. */
export interface Ties {
  /** The candidate that the conversation is bound to. */
  readonly bound: Candidate | undefined;
  /** One of the account that minted the conversation's opaque state: it goes before the binding. */
  readonly preferred: Candidate | undefined;
  /** Whether stumbling credentials are better than none: nothing else is left to try. */
  readonly lastResort: boolean;
}

/** Who gets a request. */
export interface Chosen {
  readonly candidate: Candidate;
  /** Those among whom the strategy picked it; empty: something else decided. */
  readonly among: readonly Candidate[];
}

/** Who gets it; `undefined`: nobody can serve now. */
export function choose(
  candidates: readonly Candidate[],
  { bound, preferred, lastResort }: Ties,
  strategy: Strategy,
  now: number,
): Chosen | undefined {
  if (preferred?.usable) return alone(preferred);
  if (bound?.usable && bound.solvent) return alone(bound);
  const usable = candidates.filter((candidate) => candidate.usable);
  if (usable.length > 0) return firstTier(usable, strategy, now);
  // A stumble alone never closes a pool that is all there is to ask.
  const last = !lastResort || candidates.some(({ standing }) => standing === "ready") ? undefined : stumbling(candidates);
  return last && alone(last);
}

/** In the highest tier in which one has something left to spend, the one whose turn it is; where none has, the one that has it soonest. */
function firstTier(usable: readonly Candidate[], strategy: Strategy, now: number): Chosen {
  const solvent = usable.length === 1 ? usable : usable.filter((candidate) => candidate.solvent);
  if (solvent.length === 0) return alone(least(usable, ({ usedUpUntil = now }) => usedUpUntil));
  const priority = Math.max(...solvent.map((candidate) => candidate.priority));
  const tier = solvent.filter((candidate) => candidate.priority === priority);
  // Who is due to be tried again is tried: by whatever a strategy measures it might never have its turn.
  const due = tier.find(({ standing }) => standing === "probe");
  return due ? alone(due) : { candidate: strategy.pick(tier, now), among: tier };
}

/** The one that only stumbled and whose rest ends first. */
function stumbling(candidates: readonly Candidate[]): Candidate | undefined {
  const possible = candidates.filter((candidate) => candidate.free && candidate.restsTransiently);
  return possible.length === 0
    ? undefined
    : least(possible, ({ state, target }) => Math.max(...restsOf(state, target.model).map(({ until }) => until)));
}

/** Why this candidate did not get what `chosen` got. */
export function whyPassedOver(candidate: Candidate, chosen: Candidate, ties: Ties): PassedOverReason {
  const { obstacle } = candidate;
  if (obstacle !== undefined) return obstacle;
  if (chosen === ties.preferred || chosen === ties.bound) return "affinity";
  if (!candidate.solvent) return "used-up";
  return candidate.priority < chosen.priority ? "priority" : "turn";
}

function alone(candidate: Candidate): Chosen {
  return { candidate, among: [] };
}

function least(candidates: readonly Candidate[], of: (candidate: Candidate) => number): Candidate {
  return candidates.reduce((best, candidate) => (of(candidate) < of(best) ? candidate : best));
}
