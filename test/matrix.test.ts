/**
 * The golden matrix: every scenario of the conformance suite, between every client protocol and every upstream protocol,
 * through a gateway in this process. The scenarios' own assertions of meaning decide; what was sent upstream and what the SDK
 * made of the answer is compared with `test/golden/` on top. `UPDATE_GOLDEN=1` writes those files anew.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownConfig } from "../src/cli/conformance/own-config.ts";
import { PROTOCOLS, type ProtocolName } from "../src/conformance/clients/client.ts";
import { endpointOf, USUAL_BASE_PATHS, USUAL_MODELS } from "../src/conformance/dialling.ts";
import { play, type Trace } from "../src/conformance/play.ts";
import { stageOf, type Ground } from "../src/conformance/run.ts";
import type { Pairing, Scenario } from "../src/conformance/scenario.ts";
import { SCENARIOS } from "../src/conformance/scenarios/index.ts";
import { startTestGateway, type TestGateway } from "./support/gateway.ts";
import { compareGolden, staleGolden } from "./support/golden.ts";

/** The silence is longer than the heartbeat of `ownConfig`. The patience is a net for what hangs, wide enough for a busy machine. */
const TIMES = { silenceMs: 2500, patienceMs: 60_000 };
const TIMEOUT_MS = 3 * TIMES.patienceMs;
const MODES = [true, false] as const;

let shared: TestGateway;
beforeAll(async () => {
  shared = await startGateway();
});
afterAll(() => shared.close());

function startGateway(): Promise<TestGateway> {
  // The same key each time, so that the same state is minted; strict, so that none is lost.
  return startTestGateway({ config: (upstream) => ownConfig(upstream, USUAL_MODELS), simulator: { issuer: "golden", strictState: true } });
}

function groundOf({ simulator, url }: TestGateway): Ground {
  const dialling = { url, apiKey: "any", basePaths: USUAL_BASE_PATHS, models: USUAL_MODELS, headers: {} };
  return { simulator, endpoint: (client, upstream) => endpointOf(dialling, client, upstream) };
}

/** Plays a cell; one that upsets a gateway gets its own. */
async function playCell(scenario: Scenario, pairing: Pairing): Promise<Trace | undefined> {
  const gateway = scenario.upsets ? await startGateway() : shared;
  try {
    const verdict = await play(scenario, pairing, stageOf(groundOf(gateway), pairing, TIMES));
    if (verdict.result === "failed") throw new Error(`${pairing.streamed ? "streamed" : "whole"}: ${verdict.difference}`);
    return verdict.result === "passed" ? verdict.trace : undefined;
  } finally {
    if (gateway !== shared) await gateway.close();
  }
}

/** The ways in which a scenario can be played between the two. */
function modesOf(scenario: Scenario, client: ProtocolName, upstream: ProtocolName): readonly boolean[] {
  const modes = "probe" in scenario ? [false] : MODES;
  return modes.filter((streamed) => scenario.excuse?.({ client, upstream, streamed }) === undefined);
}

for (const client of PROTOCOLS) {
  for (const upstream of PROTOCOLS) {
    describe.concurrent(`${client} → ${upstream}`, () => {
      for (const scenario of SCENARIOS) {
        const modes = modesOf(scenario, client, upstream);
        if (modes.length === 0) continue;
        test(`${scenario.id}: ${scenario.title}`, { timeout: TIMEOUT_MS }, async () => {
          const traces: Record<string, Trace> = {};
          for (const streamed of modes) {
            const trace = await playCell(scenario, { client, upstream, streamed });
            if (trace !== undefined) traces[streamed ? "streamed" : "whole"] = trace;
          }
          compareGolden(scenario, `${client}-${upstream}`, traces);
        });
      }
    });
  }
}

test("the catalogue has at least 40 scenarios, each with its own name", () => {
  expect(SCENARIOS.length).toBeGreaterThanOrEqual(40);
  expect(new Set(SCENARIOS.map(({ id }) => id)).size).toBe(SCENARIOS.length);
});

test("no golden file is left of a cell that is gone", () => {
  const cells = SCENARIOS.flatMap((scenario) =>
    PROTOCOLS.flatMap((client) =>
      PROTOCOLS.flatMap((upstream) =>
        modesOf(scenario, client, upstream).length > 0 ? [`${scenario.id}/${client}-${upstream}.json`] : [],
      ),
    ),
  );
  expect(staleGolden(new Set(cells))).toEqual([]);
});
