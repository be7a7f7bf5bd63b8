/**
 * What a request's failures decide: which step is next, whom in it not to ask again, and whether anything may still be
 * tried (resilience §4). Tries nothing itself, so that a simulated request takes the same course as a real one.
 */
import type { ErrorKind, GatewayError } from "../chat/error.ts";
import type { Clock } from "../routing/clock.ts";
import type { Lease, LeaseRequest } from "../routing/lease.ts";
import { deservesLastTry, leadsTo, othersFollow } from "../routing/steps.ts";
import type { Step, Target } from "../routing/target.ts";
import type { Next } from "../routing/verdict.ts";
import { withSoonerRecovery } from "./told.ts";

/** What one request may cost in all. */
export interface RetryBudget {
  /** Attempts, the first included. */
  readonly attempts: number;
  /** The time from the request's arrival after which no attempt begins, in ms. */
  readonly totalMs: number;
  /** What failed attempts may have cost before no other begins, in USD; absent: any amount. */
  readonly usd?: number;
}

/** One request's way through its steps, from its arrival on. */
export class Course {
  /** When the request arrived, in ms of the clock. */
  readonly began: number;
  /** The failure that the caller is told of, if no later one replaces it. */
  last: GatewayError | undefined;
  /** The failure that led away from the first step, once another is tried. */
  fallback: ErrorKind | undefined;

  readonly #budget: RetryBudget;
  readonly #clock: Clock;
  /** The failure of a target that was not even asked. */
  #passedOver: GatewayError | undefined;
  #attempts = 0;
  #usd = 0;

  constructor(budget: RetryBudget, clock: Clock) {
    this.#budget = budget;
    this.#clock = clock;
    this.began = clock.now();
  }

  /** Whether another attempt may begin. */
  get budgetLeft(): boolean {
    const { attempts, usd = Infinity } = this.#budget;
    return this.#attempts < attempts && this.#usd < usd && this.leftMs > 0;
  }

  /** How long an attempt may still begin, in ms from now. */
  get leftMs(): number {
    return this.began + this.#budget.totalMs - this.#clock.now();
  }

  /** An attempt begins. */
  attempted(): void {
    this.#attempts += 1;
  }

  /** A target could not be given the request; another may do without what was missing. */
  passOver(failure: GatewayError): void {
    this.last = failure;
    this.#passedOver = failure;
  }

  /** A failed attempt cost so much. */
  charge(usd: number): void {
    this.#usd += usd;
  }

  /** The steps to try, each when the one before has failed, and {@link last} says how. */
  *stages(steps: readonly Step[]): Generator<Stage, void, void> {
    const down: Step[] = [];
    for (const [index, step] of steps.entries()) {
      if (!this.budgetLeft) return;
      if (this.last && !this.#leadsTo(step, this.last)) continue;
      if (index > 0) this.fallback ??= this.last?.kind;
      const stage = new Stage(this, step, othersFollow(steps, index));
      yield stage;
      if (stage.providerDown) down.push(step);
    }
    // Where nothing else served, a provider that is thought to be down is better than none.
    for (const step of down) {
      if (!this.budgetLeft) return;
      if (step === steps[0]) this.fallback = undefined;
      yield new Stage(this, step, false);
    }
  }

  #leadsTo(step: Step, last: GatewayError): boolean {
    return leadsTo(step, last) || (last === this.#passedOver && !step.on);
  }
}

/** One step of a course: its pool, candidate by candidate. */
export class Stage {
  /** With all of its targets. */
  step: Step;
  /** Whether it was left at once, because its provider is down. */
  providerDown = false;

  readonly #course: Course;
  readonly #othersFollow: boolean;
  readonly #exclude = new Set<string>();
  readonly #without = new Set<Target>();

  constructor(course: Course, step: Step, othersFollow: boolean) {
    this.#course = course;
    this.step = step;
    this.#othersFollow = othersFollow;
  }

  /** The targets that are left. */
  get targets(): readonly Target[] {
    return this.#without.size === 0 ? this.step.targets : this.step.targets.filter((target) => !this.#without.has(target));
  }

  /** Its targets are spoken to like this. */
  speak(spoken: (target: Target) => Target): void {
    this.step = { ...this.step, targets: this.step.targets.map(spoken) };
  }

  /** This target, one of the step's, cannot take the request. */
  drop(target: Target): void {
    this.#without.add(target);
  }

  /** Whether its pool may be asked for another candidate. */
  get open(): boolean {
    return this.targets.length > 0 && this.#course.budgetLeft;
  }

  /** Whether this candidate is all there is to ask. */
  isOnly(lease: Lease): boolean {
    return !this.#othersFollow && lease.choice.passedOver.length === 0;
  }

  /** What its pool is asked for. */
  request(ties: Pick<LeaseRequest, "session" | "preferredAccounts">): LeaseRequest {
    const without = this.#without.size > 0 && { without: this.#without };
    return { step: this.step, ...without, exclude: this.#exclude, othersFollow: this.#othersFollow, ...ties };
  }

  /** Its pool could not serve: the step is over. */
  unserved(error: GatewayError): void {
    const { last } = this.#course;
    // What an upstream said says more than that its pool is used up, but not when somebody recovers sooner.
    this.#course.last = last === undefined ? error : withSoonerRecovery(last, error);
    this.providerDown = this.#exclude.size === 0 && deservesLastTry(error, this.#othersFollow);
  }

  /** This candidate failed. @returns whether the step goes on with another. */
  failed(lease: Lease, next: Next): boolean {
    if (next === "give-up") return false;
    if (next === "next-target") this.drop(lease.target);
    else this.#exclude.add(lease.id);
    return true;
  }
}
