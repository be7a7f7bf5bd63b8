/** How credentials of equal priority take turns. One small function each, one interface. */
import type { StrategyName } from "../providers/provider.ts";

/** A credential that could serve this request. */
export interface Turn {
  /** The same whenever it is the same credential for the same target. */
  readonly id: string;
  /** Its share, for `weighted`. */
  readonly weight: number;
  /** Requests under way. */
  readonly inUse: number;
  /** How long its answers took to begin of late, in ms; absent: it was not measured lately. */
  readonly latencyMs?: number | undefined;
  /** USD for a million tokens, for comparison only; absent: not known. */
  readonly price?: number | undefined;
}

/** Belongs to one pool and may remember what it saw there. Knows no clock but the one it is told. */
export interface Strategy {
  /** One of the candidates, of which there is at least one, in the order of the config. Changes nothing. */
  pick<C extends Turn>(candidates: readonly C[], now: number): C;
  /** A credential was used: picked among these, or for another reason (affinity), and then among none. */
  used(candidate: Turn, among: readonly Turn[], now: number): void;
}

/** Whose turn it is at each step. */
export class Strategies {
  /** By the steps' ids. */
  readonly #ofSteps = new Map<string, { readonly name: StrategyName; readonly strategy: Strategy; asked: boolean }>();

  /** The strategy of a step; a new one when the step is new, or takes turns otherwise than before. */
  of(step: string, name: StrategyName): Strategy {
    const known = this.#ofSteps.get(step);
    if (known?.name === name) {
      known.asked = true;
      return known.strategy;
    }
    const strategy = createStrategy(name);
    this.#ofSteps.set(step, { name, strategy, asked: true });
    return strategy;
  }

  /** Other steps may be configured: those that nobody has asked for since the last time are forgotten. */
  forgetIdle(): void {
    for (const [step, known] of this.#ofSteps) {
      if (known.asked) known.asked = false;
      else this.#ofSteps.delete(step);
    }
  }
}

/** A latency counts for so long, in ms; then one request measures it anew. */
export const LATENCY_COUNTS_MS = 60_000;

/** A new strategy of that name, which has seen nothing yet. */
export function createStrategy(name: StrategyName): Strategy {
  switch (name) {
    case "round-robin":
      return roundRobin();
    case "weighted":
      return weighted();
    case "fill-first":
      return fillFirst();
    case "least-busy":
      return lowest(({ inUse }) => inUse);
    case "lowest-latency":
      return lowestLatency();
    case "cheapest":
      return lowest(({ price }) => price ?? Infinity);
  }
}

/**
 * The one whose turn is longest ago, at first in the order of the config. Equal to going round while all can serve; when
 * some cannot (another model rests, an attempt excluded them), nobody inherits the turn of a neighbour, and none starves.
 */
function roundRobin(): Strategy {
  return lowest(() => 0);
}

/** Each as often as its weight says, spread evenly: nginx's smooth weighted round-robin, over those that can serve. */
function weighted(): Strategy {
  const credits = new Map<string, number>();
  return {
    pick: (candidates) => leastBy(candidates, ({ id, weight }) => -(credits.get(id) ?? 0) - weight),
    used: ({ id }, among) => {
      let total = 0;
      for (const { id, weight } of among) {
        total += weight;
        credits.set(id, (credits.get(id) ?? 0) + weight);
      }
      credits.set(id, (credits.get(id) ?? 0) - total);
    },
  };
}

/** The first of the config, until it cannot serve. */
function fillFirst(): Strategy {
  return { pick: (candidates) => leastBy(candidates, () => 0), used: () => undefined };
}

/** The one that answers soonest. One that was neither used nor measured lately is measured first, by one request. */
function lowestLatency(): Strategy {
  const turns = lastTurns();
  const usedAt = new Map<string, number>();
  return {
    pick: (candidates, now) => {
      const unknown = candidates.filter(
        ({ id, latencyMs }) => latencyMs === undefined && now - (usedAt.get(id) ?? -Infinity) >= LATENCY_COUNTS_MS,
      );
      if (unknown.length > 0) return leastBy(unknown, turns.of);
      return leastBy(candidates, ({ latencyMs = Infinity }) => latencyMs, turns.of);
    },
    used: (candidate, _among, now) => {
      turns.note(candidate);
      usedAt.set(candidate.id, now);
    },
  };
}

/** The one of which this is lowest; among equals the one whose turn is longest ago. */
function lowest(of: (candidate: Turn) => number): Strategy {
  const turns = lastTurns();
  return { pick: (candidates) => leastBy(candidates, of, turns.of), used: turns.note };
}

/** Whose turn was when, counted in turns. */
function lastTurns(): { readonly of: (candidate: Turn) => number; readonly note: (candidate: Turn) => void } {
  const last = new Map<string, number>();
  let turn = 0;
  return {
    of: ({ id }) => last.get(id) ?? 0,
    note: ({ id }) => {
      turn += 1;
      last.set(id, turn);
    },
  };
}

/** The first candidate of which the first measure is least, and among those the second. */
function leastBy<C extends Turn>(candidates: readonly C[], first: (candidate: C) => number, second: (candidate: C) => number = () => 0): C {
  let best: C | undefined;
  let [least, leastSecond] = [Infinity, Infinity];
  for (const candidate of candidates) {
    const value = first(candidate);
    if (best !== undefined && value > least) continue;
    const tie = second(candidate);
    if (best !== undefined && value === least && tie >= leastSecond) continue;
    [best, least, leastSecond] = [candidate, value, tie];
  }
  if (best === undefined) throw new Error("A strategy was asked to choose from nothing.");
  return best;
}
