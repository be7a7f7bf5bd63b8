/** One run: a client, what it is put through, and the gateway between it and the simulator. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { startSimulator, type Simulator } from "../../src/simulator/server.ts";
import type { RecordedRequest } from "../../src/simulator/types.ts";
import { runClient } from "./client-process.ts";
import type { Client } from "./client.ts";
import { everySecondScenarios } from "./every-second.ts";
import { faultScenarios } from "./fault-scenarios.ts";
import { startGateway, type GatewayProcess } from "./gateway.ts";
import { install } from "./install.ts";
import { scenarios, type LogLine, type Scenario } from "./scenarios.ts";
import { apiKey, clientKey, gatewayConfig, upstreams, type Upstream } from "./upstreams.ts";

/** A client, what it is put through, and what answers it. */
export interface Run {
  readonly client: Client;
  readonly scenario: Scenario;
  readonly upstream: Upstream;
  /** Whether the simulator itself stands in the gateway's place. */
  readonly direct: boolean;
  /** What it is selected by. */
  readonly names: readonly string[];
}

/** All that a client can be put through. */
export function runsOf(client: Client): Run[] {
  const able = [...scenarios, ...everySecondScenarios(client), ...faultScenarios(client)].filter(({ task }) => client.tasks.includes(task));
  return able.flatMap((scenario) => (scenario.ways ?? upstreams.map(({ name }) => name)).map((way) => runBy(way, client, scenario)));
}

function runBy(way: string, client: Client, scenario: Scenario): Run {
  const direct = way === "direct";
  const upstream = upstreams.find(({ name }) => name === (direct ? client.speaks : way));
  if (upstream === undefined) throw new Error(`there is no upstream ${way}`);
  const group = scenario.group === undefined ? [] : [scenario.group];
  return { client, scenario, upstream, direct, names: [client.name, ...group, scenario.name, way] };
}

/**
 * Runs one scenario from start to end. What reached the upstream, and the gateway's log, are in the folder then.
 * @throws Error when it does not pass
 */
export async function perform({ client, scenario, upstream, direct }: Run, folder: string): Promise<void> {
  const modules = client.installation ? install(client.installation) : "";
  const home = path.join(folder, "home");
  const workFolder = path.join(home, "work");
  mkdirSync(workFolder, { recursive: true });
  const faults = Object.entries(scenario.credentials).flatMap(([name, fault]) =>
    fault === undefined ? [] : [[apiKey(name), fault] as const],
  );
  const simulator = await startSimulator({ record: true, requireKey: true, credentials: Object.fromEntries(faults) });
  simulator.script(...(scenario.script ?? []));
  try {
    const gateway = direct
      ? simulatorAlone(simulator)
      : await startGateway(folder, gatewayConfig(client, upstream, simulator.url, Object.keys(scenario.credentials)));
    let failure: unknown;
    try {
      let turns = 0;
      await scenario.run({
        client,
        upstream,
        direct,
        workFolder,
        generations: () => simulator.requests.filter(isGeneration),
        ask: (prompt) =>
          runClient(
            client.command({ task: scenario.task, prompt, gateway: gateway.url, key: clientKey, continued: turns++ > 0, home, modules }),
            { modules, home, workFolder },
          ),
      });
    } catch (error) {
      failure = error;
    }
    // The log is whole only then.
    await gateway.stop();
    for (const { sequence, body } of simulator.requests) writeFileSync(path.join(folder, `upstream-${sequence}.json`), body);
    if (failure !== undefined)
      throw new Error(`${(failure as Error).message}\n--- end of the gateway's log\n${gateway.log().slice(-3000)}`, { cause: failure });
    const lines = linesOf(gateway.log());
    scenario.checkLog?.(lines);
    // Clients take to HTTP without a word when a socket fails them, and after faults they may.
    if (client.overWebSocket && scenario.script === undefined) checkSockets(lines);
  } finally {
    await simulator.close();
  }
}

/** What stands for the gateway where there is none. */
function simulatorAlone({ url }: Simulator): GatewayProcess {
  return { url, log: () => "", stop: () => Promise.resolve() };
}

/** The log's lines of JSON; others are meant for people. */
function linesOf(log: string): LogLine[] {
  return log.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as LogLine] : []));
}

/** @throws Error when a request came to the gateway by another way than a WebSocket. */
function checkSockets(lines: readonly LogLine[]): void {
  const served = lines.filter(({ msg }) => msg === "request").length;
  const overSockets = lines.map(({ msg, requests = 0 }) => (msg === "websocket closed" ? requests : 0));
  const count = overSockets.reduce((sum, one) => sum + one, 0);
  if (served !== count) throw new Error(`only ${count} of ${served} requests came over a WebSocket`);
}

function isGeneration({ method, path: target }: RecordedRequest): boolean {
  return method === "POST" && !/count_?tokens|input_tokens/i.test(target);
}
