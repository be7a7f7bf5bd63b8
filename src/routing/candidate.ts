/** A credential for a target of a step: whether it can serve now, and what it is measured by when it can. */
import { restsOf, standingOf, type CredentialState } from "./credential-state.ts";
import type { Standing } from "./cooldown.ts";
import { LATENCY_COUNTS_MS, type Turn } from "./strategy.ts";
import type { Target } from "./target.ts";

/**
 * Why a candidate did not get the request.
 * - `excluded` this request has tried it
 * - `busy` every permit is in use
 * - `cooling` it rests; `down` until it is changed; `probing` somebody else finds out whether it has recovered
 * - `circuit` its whole provider rests
 * - `used-up` by its last answers, or by the limits that the operator declared, there is nothing left to spend
 * - `priority` one of a higher priority could serve
 * - `turn` another one's turn
 * - `affinity` the conversation stays with another one
 */
export type PassedOverReason =
  | "excluded"
  | "busy"
  | "cooling"
  | "down"
  | "probing"
  | "circuit"
  | "used-up"
  | "priority"
  | "turn"
  | "affinity";

/** What a candidate is asked about. */
export interface CandidateContext {
  readonly now: number;
  readonly exclude: ReadonlySet<string>;
  /** USD for a million tokens of a target, for comparison only. */
  readonly priceOf: (target: Target) => number | undefined;
}

export class Candidate implements Turn {
  readonly id: string;
  /** Names it to the request and to the conversation that has it. */
  readonly key: string;
  readonly target: Target;
  readonly state: CredentialState;
  readonly standing: Standing;
  readonly #context: CandidateContext;

  /** @param index the target's place in its step: the same credential may serve two. */
  constructor(target: Target, index: number, state: CredentialState, context: CandidateContext) {
    // Whose turn it is, is remembered, and callers choose the names of models.
    this.id = index === 0 ? state.id : `${state.id}#${index}`;
    this.key = `${state.id} ${target.model}`;
    this.target = target;
    this.state = state;
    this.standing = standingOf(state, target.model, context.now);
    this.#context = context;
  }

  get weight(): number {
    return this.state.credential.weight ?? 1;
  }

  get inUse(): number {
    return this.state.inUse;
  }

  get latencyMs(): number | undefined {
    return this.state.latencies.of(this.target.model, LATENCY_COUNTS_MS, this.#context.now);
  }

  get price(): number | undefined {
    return this.#context.priceOf(this.target);
  }

  get priority(): number {
    return this.state.credential.priority;
  }

  /** Whether this request may have it as far as its permits go. */
  get free(): boolean {
    return this.state.inUse < (this.state.credential.maxConcurrency ?? Infinity) && !this.excluded;
  }

  get excluded(): boolean {
    return this.#context.exclude.has(this.key);
  }

  /** Whether it can serve now. */
  get usable(): boolean {
    return this.free && (this.standing === "ready" || this.standing === "probe");
  }

  /** Whether it has something left to spend, as far as anybody knows. */
  get solvent(): boolean {
    return this.usedUpUntil === undefined;
  }

  /** When it has something to spend again, in ms of the clock. */
  get usedUpUntil(): number | undefined {
    return this.state.rates.usedUpUntil(this.target.model, this.#context.now);
  }

  /** Whether nothing but stumbles of the upstream holds it. */
  get restsTransiently(): boolean {
    const rows = restsOf(this.state, this.target.model);
    return rows.length > 0 && rows.every((row) => row.class === "transient");
  }

  /** Whether its whole provider is down, as far as anybody knows: it rests, or is due to be tried by one request. */
  get circuitOpen(): boolean {
    return this.state.owner.circuit.cooldowns.rowsFor(this.target.model).length > 0;
  }

  /** Why it cannot serve; `undefined`: it can. */
  get obstacle(): PassedOverReason | undefined {
    if (this.excluded) return "excluded";
    if (this.standing === "resting") {
      if (this.state.owner.circuit.cooldowns.standing(this.target.model, this.#context.now) === "resting") return "circuit";
      return restsOf(this.state, this.target.model).some(({ until }) => until === Infinity) ? "down" : "cooling";
    }
    if (this.standing === "probing") return "probing";
    return this.free ? undefined : "busy";
  }
}
