import { expect, test } from "vitest";
import { faultsOf, growthOf, type Sample, type SoakFigures } from "./verdict.ts";

const megabyte = 1024 * 1024;
const none = { complete: 0, broken: 0, refused: 0, left: 0, lost: 0 };

/** A run whose memory is, after so many seconds, so many MB. */
function run(minutes: number, megabytes: (seconds: number) => number): SoakFigures {
  const samples = Array.from({ length: minutes * 6 }, (_, index): Sample => {
    const seconds = (index + 1) * 10;
    const sizes = { rss: megabytes(seconds) * megabyte, heapUsed: 0, external: 0 };
    return { seconds, open: 300, done: 0, ...sizes, clients: 0, upstream: 0, others: 0, timers: 0, pool: { inUse: 0, waiting: 0 } };
  });
  return {
    minutes,
    streams: 300,
    samples,
    outcomes: { sound: { ...none, complete: 1000 }, "500": { ...none, complete: 90, refused: 10 } },
    leaks: { clients: 0, upstream: 0, others: 0, timers: 0, permits: 0, waiting: 0, openRequests: 0 },
    internalErrors: 0,
    endedCleanly: true,
  };
}

/** Warms up for four minutes and stays there. */
const steady = run(20, (seconds) => Math.min(200, seconds));

test("a steady run is passed", () => {
  expect(faultsOf(steady)).toEqual([]);
  expect(growthOf(steady)).toBeCloseTo(0);
});

test("growth after the fifth minute is not, unless the run is too short to tell", () => {
  const growing = (seconds: number) => 200 + seconds / 60;
  expect(growthOf(run(20, growing))).toBeCloseTo(1);
  expect(faultsOf(run(20, growing))).toEqual(["memory grows by 1.00 MB/min"]);
  expect(faultsOf(run(2, growing))).toEqual([]);
});

test.each([
  [{ outcomes: { ...steady.outcomes, empty: { ...none, lost: 2 } } }, "2 answers lost or ungrammatical"],
  [{ outcomes: { sound: { ...none, complete: 900, refused: 100 } } }, "100 of 1000 sound requests refused"],
  [{ outcomes: {} }, "no answer was complete"],
  [{ samples: steady.samples.map((sample) => ({ ...sample, open: 200 })) }, "only 200 of 300 streams open on average"],
  [{ leaks: { ...steady.leaks, permits: 3 } }, "3 leaked: permits"],
  [{ internalErrors: 1 }, "1 internal errors in the log"],
  [{ endedCleanly: false }, "the gateway did not end by itself"],
])("%#: one thing amiss is named", (amiss, name) => {
  expect(faultsOf({ ...steady, ...amiss })).toEqual([name]);
});
