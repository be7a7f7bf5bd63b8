/** How credentials of equal priority take turns. One small function each, one interface. */
import type { Credential } from "../providers/provider.ts";

/** A credential that could serve this request. */
interface Candidate {
  readonly credential: Credential;
}

/** Belongs to one pool and may remember what it saw there. */
export interface Strategy {
  /** One of the candidates, of which there is at least one. */
  pick<C extends Candidate>(candidates: readonly C[]): C;
  /** A credential was used, by this choice or for another reason (affinity). */
  used(candidate: Candidate): void;
}

/**
 * The one whose turn is longest ago, at first in the order of the config. Equal to going round while all can serve; when
 * some cannot (another model rests, an attempt excluded them), nobody inherits the turn of a neighbour, and none starves.
 */
export function roundRobin(): Strategy {
  const lastTurn = new Map<Credential, number>();
  let turn = 0;
  return {
    pick(candidates) {
      let best = candidates[0];
      let oldest = Infinity;
      for (const candidate of candidates) {
        const last = lastTurn.get(candidate.credential) ?? 0;
        if (last < oldest) {
          best = candidate;
          oldest = last;
        }
      }
      if (best === undefined) throw new Error("A strategy was asked to choose from nothing.");
      return best;
    },
    used({ credential }) {
      turn += 1;
      lastTurn.set(credential, turn);
    },
  };
}
