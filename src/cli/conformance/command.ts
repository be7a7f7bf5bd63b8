/** `dragoman conformance`: runs the suite against a gateway, this build's own unless another is named, and prints the score. */
import { PROTOCOLS, MissingSdkError, type ProtocolName } from "../../conformance/clients/client.ts";
import { CLIENTS } from "../../conformance/clients/index.ts";
import { endpointOf, USUAL_BASE_PATHS, USUAL_MODELS, type Dialling } from "../../conformance/dialling.ts";
import { jsonReport, scoreOf, textReport, type CellReport } from "../../conformance/report.ts";
import { run } from "../../conformance/run.ts";
import { SCENARIOS } from "../../conformance/scenarios/index.ts";
import { FEATURES, type Scenario } from "../../conformance/scenario.ts";
import { startSimulator } from "../../simulator/server.ts";
import type { Simulator } from "../../simulator/types.ts";
import { version } from "../../version.ts";
import { CommandError } from "../command-error.ts";
import { progressLine } from "./progress.ts";
import { startOwnGateway } from "./own-gateway.ts";
import { wiring } from "./wiring.ts";

/** What the command line said. */
export interface ConformanceOptions {
  /** Absent: this build, with a configuration of the suite's own. */
  readonly target?: string;
  readonly key?: string;
  readonly protocol?: readonly string[];
  readonly upstream?: readonly string[];
  readonly scenario?: readonly string[];
  readonly model?: readonly string[];
  readonly basePath?: readonly string[];
  readonly header?: readonly string[];
  readonly simulatorPort: number;
  readonly silence: number;
  readonly wiring?: boolean;
  readonly list?: boolean;
  readonly json?: boolean;
}

/** Silence long enough for this build, which is told to give signs of life sooner than by default. */
const OWN_SILENCE_MS = 2500;
const CONCURRENCY = 8;
const PATIENCE_MS = 30_000;
/** How long a gateway may need to serve again after an upstream's failure. */
const RECOVERY_MS = 15_000;

/** @throws CommandError when it could not run, or when a scenario failed. */
export async function conformance(options: ConformanceOptions): Promise<void> {
  const scenarios = chosenScenarios(options.scenario);
  if (options.list === true) {
    process.stdout.write(scenarios.map(({ id, feature, title }) => `${id.padEnd(30)} ${feature.padEnd(18)} ${title}\n`).join(""));
    return;
  }
  const models = { ...USUAL_MODELS, ...pairsOf("--model", options.model) };
  if (options.wiring === true) {
    process.stdout.write(wiring(options.simulatorPort, models));
    return;
  }
  const clients = chosenProtocols("--protocol", options.protocol);
  const upstreams = chosenProtocols("--upstream", options.upstream);
  const simulator = await listen(options.target === undefined ? 0 : options.simulatorPort);
  const own = options.target === undefined ? await startOwnGateway(simulator.url, models) : undefined;
  try {
    const url = own?.url ?? options.target ?? "";
    const dialling = {
      url,
      apiKey: options.key ?? "conformance",
      basePaths: { ...USUAL_BASE_PATHS, ...pairsOf("--base-path", options.basePath) },
      models,
      headers: headersOf(options.header),
    };
    await assertReady(clients, dialling);
    const progress = progressLine(options.json === true);
    const reports = await run(
      { simulator, endpoint: (client, upstream) => endpointOf(dialling, client, upstream) },
      {
        scenarios,
        clients,
        upstreams,
        concurrency: CONCURRENCY,
        silenceMs: own === undefined ? options.silence * 1000 : OWN_SILENCE_MS,
        patienceMs: PATIENCE_MS + options.silence * 1000,
        onCell: (_, done, total) => progress.show(done, total),
        settle: settling(dialling, clients, upstreams),
      },
    );
    progress.end();
    report(own === undefined ? url : `dragoman ${version}`, reports, options.json === true);
  } catch (error) {
    if (error instanceof MissingSdkError) throw new CommandError(error.message, 1);
    throw error;
  } finally {
    await simulator.close();
    await own?.close();
  }
}

function report(target: string, reports: readonly CellReport[], json: boolean): void {
  process.stdout.write(json ? `${JSON.stringify(jsonReport(target, reports), null, 2)}\n` : textReport(target, reports));
  const { failed } = scoreOf(reports);
  if (failed > 0) throw new CommandError(`${failed} ${failed === 1 ? "cell" : "cells"} failed.`, 1);
}

async function listen(port: number): Promise<Simulator> {
  try {
    return await startSimulator({ port, record: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new CommandError(`port ${port}, where the simulator must listen, is in use; choose another with \`--simulator-port\`.`, 1);
  }
}

/** That the SDKs are here and somebody listens, before hundreds of cells say so. */
async function assertReady(clients: readonly ProtocolName[], { url }: Dialling): Promise<void> {
  for (const client of clients) await CLIENTS[client].converse({ baseUrl: url, apiKey: "none", model: "", headers: {} }, false);
  try {
    await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new CommandError(`nobody answers at ${url}.`, 1);
  }
}

/**
 * After a failure a gateway may let its upstream rest: waits until each answers again, or for as long as that may take. An
 * upstream that did not come back is not waited for again: the target does not serve it at all.
 */
function settling(dialling: Dialling, clients: readonly ProtocolName[], upstreams: readonly ProtocolName[]): () => Promise<void> {
  const waitedFor = new Set(upstreams);
  const answers = async (upstream: ProtocolName): Promise<boolean> => {
    for (const client of clients) {
      const conversation = await CLIENTS[client].converse(endpointOf(dialling, client, upstream), false);
      if ((await conversation.say("Are you there?", {})).error === undefined) return true;
    }
    return false;
  };
  return async () => {
    for (const upstream of waitedFor) {
      const until = Date.now() + RECOVERY_MS;
      while (!(await answers(upstream))) {
        if (Date.now() > until) {
          waitedFor.delete(upstream);
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  };
}

function chosenScenarios(wanted: readonly string[] | undefined): readonly Scenario[] {
  if (wanted === undefined) return SCENARIOS;
  const chosen = SCENARIOS.filter(({ id, feature }) => wanted.includes(id) || wanted.includes(feature));
  const unknown = wanted.find((name) => !chosen.some(({ id, feature }) => id === name || feature === name));
  if (unknown === undefined) return chosen;
  throw new CommandError(
    `there is no scenario or feature \`${unknown}\`; \`--list\` shows the scenarios, features are: ${FEATURES.join(", ")}.`,
    2,
  );
}

function chosenProtocols(option: string, wanted: readonly string[] | undefined): readonly ProtocolName[] {
  const names = wanted?.map((name) => protocolOf(option, name));
  return names === undefined ? PROTOCOLS : PROTOCOLS.filter((protocol) => names.includes(protocol));
}

/** Options of the form `protocol=value`. */
function pairsOf(option: string, pairs: readonly string[] = []): Partial<Record<ProtocolName, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 0) throw new CommandError(`${option} takes \`protocol=value\`, not \`${pair}\`.`, 2);
      return [protocolOf(option, pair.slice(0, at)), pair.slice(at + 1)];
    }),
  );
}

/** Options of the form `protocol=name: value`; several for one protocol add up. */
function headersOf(pairs: readonly string[] = []): Dialling["headers"] {
  const headers: Partial<Record<ProtocolName, Record<string, string>>> = {};
  for (const pair of pairs) {
    const [, protocol, name, value] = /^(\w+)=([\w-]+): *(.*)$/.exec(pair) ?? [];
    if (protocol === undefined || name === undefined || value === undefined)
      throw new CommandError(`--header takes \`protocol=name: value\`, not \`${pair}\`.`, 2);
    const upstream = protocolOf("--header", protocol);
    headers[upstream] = { ...headers[upstream], [name]: value };
  }
  return headers;
}

function protocolOf(option: string, name: string): ProtocolName {
  const protocol = PROTOCOLS.find((known) => known === name);
  if (protocol === undefined) throw new CommandError(`${option} knows the protocols ${PROTOCOLS.join(", ")}, not \`${name}\`.`, 2);
  return protocol;
}
