/** A clock that jumps from one event to the next: a day of traffic passes in seconds. */
import type { CancelTimer, Clock } from "../routing/clock.ts";

interface Timer {
  readonly due: number;
  /** Among timers that are due at one moment, the one that was set first runs first. */
  readonly order: number;
  /** Absent once it was cancelled. */
  run: (() => void) | undefined;
}

/** Starts at 0. Timers are a binary heap; cancelled ones stay in it until they would have been due. */
export class VirtualClock implements Clock {
  readonly #heap: Timer[] = [];
  #now = 0;
  #set = 0;

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): CancelTimer {
    const timer: Timer = { due: this.#now + Math.max(ms, 0), order: this.#set, run };
    this.#set += 1;
    this.#push(timer);
    return () => {
      timer.run = undefined;
    };
  }

  /** Jumps to the next timer and runs it, unless that is later than `until`. @returns whether one ran. */
  runNext(until: number): boolean {
    for (let [timer] = this.#heap; timer !== undefined && timer.due <= until; [timer] = this.#heap) {
      this.#pop();
      if (timer.run === undefined) continue;
      this.#now = timer.due;
      timer.run();
      return true;
    }
    return false;
  }

  /** Jumps to this moment, which is not in the past. Whatever is due before must have run. */
  jumpTo(moment: number): void {
    this.#now = Math.max(this.#now, moment);
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Timer;
      if (isBefore(above, timer)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = timer;
  }

  /** Takes the first one out. */
  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Timer)) child += 1;
      const below = heap[child] as Timer;
      if (isBefore(last, below)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
