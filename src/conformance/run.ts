/** Runs the catalogue against a gateway. */
import type { Simulator } from "../simulator/types.ts";
import { CLIENTS } from "./clients/index.ts";
import type { Endpoint, ProtocolName } from "./clients/client.ts";
import { play, type Stage } from "./play.ts";
import type { CellReport } from "./report.ts";
import type { Pairing, Scenario } from "./scenario.ts";

/** A gateway that can be asked, and the simulator behind it. */
export interface Ground {
  readonly simulator: Simulator;
  /** Where a client of this protocol calls, and which model it asks for to reach that upstream. */
  endpoint(client: ProtocolName, upstream: ProtocolName): Endpoint;
}

/** What to run. */
export interface RunOptions {
  readonly scenarios: readonly Scenario[];
  readonly clients: readonly ProtocolName[];
  readonly upstreams: readonly ProtocolName[];
  /** How long the upstream is silent where that is tried, in milliseconds. */
  readonly silenceMs: number;
  /** How long one scenario may take, in milliseconds. */
  readonly patienceMs: number;
  /** How many cells are played at once. */
  readonly concurrency: number;
  /** Called after each cell. */
  onCell?(report: CellReport, done: number, total: number): void;
  /** Called before each cell that may follow one which upset the gateway: resolves when it serves again. */
  settle?(): Promise<void>;
}

/** One scenario between one client and one upstream. */
export interface Cell extends Pairing {
  readonly scenario: Scenario;
}

/** Every cell: whole and streamed, but for what is no conversation. */
function cellsOf({ scenarios, clients, upstreams }: Pick<RunOptions, "scenarios" | "clients" | "upstreams">): readonly Cell[] {
  return scenarios.flatMap((scenario) =>
    clients.flatMap((client) =>
      upstreams.flatMap((upstream) =>
        ("probe" in scenario ? [false] : [true, false]).map((streamed) => ({ scenario, client, upstream, streamed })),
      ),
    ),
  );
}

/** Plays every cell, those that upset the gateway last and one by one; the reports are in the order of the catalogue. */
export async function run(ground: Ground, options: RunOptions): Promise<readonly CellReport[]> {
  const cells = cellsOf(options);
  const reports: CellReport[] = [];
  const one = async (cell: Cell): Promise<void> => {
    const report = { ...cell, verdict: await play(cell.scenario, cell, stageOf(ground, cell, options)) };
    reports.push(report);
    options.onCell?.(report, reports.length, cells.length);
  };
  const upsets = (cell: Cell): boolean => "upsets" in cell.scenario && cell.scenario.excuse?.(cell) === undefined;
  const calm = cells.filter((cell) => !upsets(cell)).values();
  await Promise.all(
    Array.from({ length: options.concurrency }, async () => {
      for (const cell of calm) await one(cell);
    }),
  );
  for (const cell of cells.filter(upsets)) {
    await options.settle?.();
    await one(cell);
  }
  const place = new Map(cells.map((cell, index) => [keyOf(cell), index]));
  return reports.sort((a, b) => (place.get(keyOf(a)) ?? 0) - (place.get(keyOf(b)) ?? 0));
}

/** What a cell is played on. */
export function stageOf(
  ground: Ground,
  { client, upstream }: Pairing,
  { silenceMs, patienceMs }: Pick<Stage, "silenceMs" | "patienceMs">,
): Stage {
  const elsewhere = (other: ProtocolName): Endpoint => ground.endpoint(client, other);
  return { simulator: ground.simulator, client: CLIENTS[client], endpoint: elsewhere(upstream), elsewhere, silenceMs, patienceMs };
}

function keyOf({ scenario, client, upstream, streamed }: Cell): string {
  return [scenario.id, client, upstream, streamed].join(" ");
}
