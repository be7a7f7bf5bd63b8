import fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "./virtual-clock.ts";

test("timers run in order, each at its moment, those of one moment as they were set", () => {
  const clock = new VirtualClock();
  const ran: string[] = [];
  const note = (name: string) => () => ran.push(`${name} ${clock.now()}`);
  clock.after(20, note("c"));
  clock.after(10, () => {
    ran.push(`a ${clock.now()}`);
    clock.after(10, note("d"));
    clock.after(0, note("b"));
  });
  while (clock.runNext(Infinity));
  expect(ran).toEqual(["a 10", "b 10", "c 20", "d 20"]);
});

test("nothing runs that is due later, nor what was cancelled, which moves no time", () => {
  const clock = new VirtualClock();
  const ran: number[] = [];
  const cancel = clock.after(5, () => ran.push(5));
  clock.after(10, () => ran.push(10));
  cancel();
  expect([clock.runNext(9), clock.now()]).toEqual([false, 0]);
  clock.jumpTo(9);
  expect([clock.runNext(10), clock.now(), ran]).toEqual([true, 10, [10]]);
});

test("never goes back, and runs whatever was not cancelled once", () => {
  const step = fc.record({ delay: fc.integer({ min: -5, max: 50 }), later: fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 3 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.array(fc.nat(39), { maxLength: 10 }), (steps, cancelled) => {
      const clock = new VirtualClock();
      const ran = new Map<string, number>();
      let before = 0;
      const run = (name: string, due: number) => () => {
        expect(clock.now()).toBe(due);
        expect(due).toBeGreaterThanOrEqual(before);
        before = due;
        ran.set(name, (ran.get(name) ?? 0) + 1);
      };
      const cancels = steps.map(({ delay, later }, index) => {
        const due = Math.max(delay, 0);
        return clock.after(delay, () => {
          run(`${index}`, due)();
          later.forEach((more, at) => clock.after(more, run(`${index}.${at}`, due + more)));
        });
      });
      for (const index of cancelled) cancels[index]?.();
      while (clock.runNext(Infinity));
      const expected = steps.flatMap(({ later }, index) =>
        cancelled.includes(index) ? [] : [`${index}`, ...later.map((_, at) => `${index}.${at}`)],
      );
      expect([...ran.keys()].sort()).toEqual(expected.sort());
      expect([...ran.values()].every((times) => times === 1)).toBe(true);
    }),
  );
});
