/** Time, injected wherever routing needs it, so that tests can move it. */

/** Takes back what {@link Clock.after} arranged; harmless once it has run. */
export type CancelTimer = () => void;

export interface Clock {
  /** Milliseconds since some fixed moment. Never runs backwards, and setting the machine's clock does not move it. */
  now(): number;
  /** Runs once, `ms` from now. Does not keep the process alive: what waits has a connection that does. */
  after(ms: number, run: () => void): CancelTimer;
}

/** A longer delay than this makes `setTimeout` fire at once. */
const MAX_DELAY_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, MAX_DELAY_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
