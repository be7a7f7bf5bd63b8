import { expect, test } from "vitest";
import { onePool, recorded, START } from "../../test/support/pool-traffic.ts";
import { jsonReport, textReport, type Simulated } from "./report.ts";
import { simulate } from "./simulation.ts";

const usage = { input: 1_000, output: 200 };
const requests = [
  recorded(0, { ms: 90_000, usage, session: "s" }),
  recorded(0, { ms: 1_000, usage, session: "s" }),
  recorded(3_725_000, { model: "gpt-6" }),
];
const traffic = { requests, leftOut: 2 };

async function both(): Promise<Simulated[]> {
  const limited = onePool("{ name: a, api_key: ka, max_concurrency: 1 }, { name: b, api_key: kb, limits: { rpm: 60 } }");
  const current = onePool("{ name: a, api_key: ka, max_concurrency: 1 }", "queue: { max_wait: 20s }");
  return [
    { name: "new", path: "/etc/new.yaml", result: await simulate(limited, requests, 7) },
    { name: "current", path: "/etc/dragoman.yaml", result: await simulate(current, requests, 7) },
  ];
}

test("two configurations side by side, for people", async () => {
  const text = textReport(traffic, 7, await both());
  expect(text).toBe(`3 requests from 2026-01-05T08:00:00Z to 2026-01-05T09:02:05Z (1h 02m), seed 7.
2 more were left out: no upstream is asked for such.

new      /etc/new.yaml
current  /etc/dragoman.yaml

                                                       new                     current
  answered                                               2                           1
  cancelled by clients                                   0                           0
  failed                                                 1                           2
    model-not-found                                      1                           1
    unavailable                                          0                           1
  429s met                                               0                           0
  attempts per request                                0.67                        0.33
  fallbacks taken                                        0                           0
  waited for a permit                                    0                           1
  longest wait                                           -                       20.0s
  cache affinity kept                                0.0 %                           -
  spend in USD                                        0.01                        0.00
    requests of no known price                           0                           0
    requests of unknown usage                            0                           0
  first limit hit               max_concurrency after 0.0s  max_concurrency after 0.0s
                                                       p/a                         p/a

new, by credential
       requests   share  tokens  peak  429s   USD
  p/a         1  50.0 %   1,200     1     0  0.00
  p/b         1  50.0 %   1,200     1     0  0.00

new, limits in the order in which they were first hit
                 limit   first hit  times
  p/a  max_concurrency  after 0.0s      1

current, by credential
       requests    share  tokens  peak  429s   USD
  p/a         1  100.0 %   1,200     1     0  0.00

current, limits in the order in which they were first hit
                 limit    first hit  times
  p/a  max_concurrency   after 0.0s      1
  p           max_wait  after 20.0s      1
`);
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
});

test("for programs", async () => {
  const simulated = await both();
  const { result } = simulated[0] as Simulated;
  expect(jsonReport(traffic, 7, simulated)).toMatchObject({
    traffic: { requests: 3, leftOut: 2, from: START, until: START + 3_725_000 },
    seed: 7,
    new: { config: "/etc/new.yaml", ...result },
    current: { config: "/etc/dragoman.yaml", answered: 1 },
  });
});
