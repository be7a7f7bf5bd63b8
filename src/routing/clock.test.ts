import { expect, test, vi } from "vitest";
import { systemClock } from "./clock.ts";

test("setting the machine's clock does not move it", () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 0 });
  try {
    const before = systemClock.now();
    vi.setSystemTime(1e15);
    const after = systemClock.now();
    expect(after).toBeGreaterThanOrEqual(before);
    expect(after - before).toBeLessThan(1e9);
  } finally {
    vi.useRealTimers();
  }
});

test("runs what was arranged, unless it was taken back", async () => {
  const ran: string[] = [];
  await new Promise<void>((resolve) => {
    // Unreferenced timers need something else that keeps the process alive.
    const alive = setInterval(() => {}, 1_000);
    const cancel = systemClock.after(1, () => ran.push("cancelled"));
    cancel();
    systemClock.after(2, () => ran.push("kept"));
    systemClock.after(3, () => {
      clearInterval(alive);
      resolve();
    });
  });
  expect(ran).toEqual(["kept"]);
});

test("a delay longer than the platform can count does not run at once", async () => {
  let ran = false;
  const cancel = systemClock.after(1e12, () => {
    ran = true;
  });
  await new Promise((resolve) => {
    setTimeout(resolve, 5);
  });
  cancel();
  expect(ran).toBe(false);
});
