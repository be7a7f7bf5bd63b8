/** Requests that wait their turn: in order of arrival, bounded in number at each place and in time, leaving when their client does. */
import { GatewayError } from "../chat/error.ts";
import type { Clock } from "./clock.ts";

export interface WaitingLimits {
  /** Requests waiting at once for one place. */
  readonly maxWaiting: number;
  /** How long one may wait, in ms. */
  readonly maxWaitMs: number;
}

export const defaultWaitingLimits: WaitingLimits = { maxWaiting: 1_000, maxWaitMs: 30_000 };

interface Waiting<Request, Grant> {
  readonly request: Request;
  settle(result: Grant | GatewayError): void;
}

/** What waits may be served out of turn only when those before it cannot use what is free. */
export class WaitingLine<Request, Grant extends object> {
  readonly #clock: Clock;
  #limits: WaitingLimits;
  readonly #placeOf: (request: Request) => string;
  /** In order of arrival. */
  readonly #waiting = new Set<Waiting<Request, Grant>>();

  /** @param placeOf where a request waits: too many at one place keep nobody from another. */
  constructor(clock: Clock, limits: WaitingLimits, placeOf: (request: Request) => string) {
    this.#clock = clock;
    this.#limits = limits;
    this.#placeOf = placeOf;
  }

  /** Other limits for those who join from now on. */
  configure(limits: WaitingLimits): void {
    this.#limits = limits;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** How many wait, by place. */
  counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { request } of this.#waiting) counts.set(this.#placeOf(request), (counts.get(this.#placeOf(request)) ?? 0) + 1);
    return counts;
  }

  /**
   * Waits at the end of the line.
   * @param maxWaitMs how long at most, when that is less than the line allows.
   * @param signal leaves the line when it aborts.
   * @throws GatewayError `unavailable` when the line is full or the wait too long, `cancelled` when the signal aborts,
   *   or what {@link serve} was given.
   */
  join(request: Request, maxWaitMs: number | undefined, signal: AbortSignal | undefined): Promise<Grant> {
    if ((this.counts().get(this.#placeOf(request)) ?? 0) >= this.#limits.maxWaiting) {
      return Promise.reject(new GatewayError("unavailable", "Every credential is busy, and too many requests are waiting already."));
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting<Request, Grant> = {
        request,
        settle: (result) => {
          this.#waiting.delete(waiting);
          cancelTimer();
          signal?.removeEventListener("abort", leave);
          if (result instanceof GatewayError) reject(result);
          else resolve(result);
        },
      };
      const leave = (): void => waiting.settle(new GatewayError("cancelled", "The client left while its request was waiting."));
      const waitMs = Math.round(Math.min(this.#limits.maxWaitMs, maxWaitMs ?? Infinity));
      const cancelTimer = this.#clock.after(waitMs, () =>
        waiting.settle(new GatewayError("unavailable", `Every credential stayed busy for ${waitMs / 1_000} s.`)),
      );
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.add(waiting);
    });
  }

  /**
   * Offers what may have become free, in order of arrival.
   * @param offer what this request gets, an error that ends its wait, or nothing.
   */
  serve(offer: (request: Request) => Grant | GatewayError | undefined): void {
    for (const waiting of this.#waiting) {
      const result = offer(waiting.request);
      if (result !== undefined) waiting.settle(result);
    }
  }
}
