/**
 * What clients make of faults. With one credential there is nobody else to ask, so whatever happens upstream reaches the client:
 * through the gateway it must fare no worse than straight at the provider, and the provider must not be asked more often.
 */
import { ClientFailure } from "./client-process.ts";
import type { Client } from "./client.ts";
import { effects, faults, type End, type Fault } from "./fault-table.ts";
import type { Scenario, Stage } from "./scenarios.ts";

/** The answer repeats it, and so has many events more. Clients take the same words again and again for a model that has lost its way. */
const prompt = `Say hello to ${Array.from({ length: 80 }, (_, index) => `guest ${index * index}`).join(", ")}.`;

/** From worst to best. A client that is satisfied with half an answer is worse off than one that has to be ended. */
const ranks: readonly End[] = ["deceived", "hangs", "fails", "recovers"];

/** One scenario per fault whose effect on the client is known. */
export function faultScenarios(client: Client): Scenario[] {
  return Object.entries(effects[client.name] ?? {}).map(([fault, effect]) => ({
    name: fault,
    group: "faults",
    always: false,
    task: "stream",
    credentials: { sound: undefined },
    script: [faults[fault as Fault]],
    ways: [
      ...(client.overWebSocket || effect.end === "hangs" ? [] : ["direct"]),
      client.speaks,
      client.speaks === "responses" ? "messages" : "responses",
    ],
    async run(stage) {
      const { end, said } = await endOf(stage);
      const requests = stage.generations().length;
      const seen = `the client ${end} after ${requests} requests; straight it ${effect.end} after ${effect.requests}`;
      const gained = ranks.indexOf(end) - ranks.indexOf(effect.end);
      const same = gained === 0 && requests === effect.requests;
      // A better end may have cost the request that it came from.
      const ended = end === "recovers" || end === "fails";
      const noWorse = ended && gained >= 0 && requests <= effect.requests + Math.sign(gained);
      if (!(stage.direct ? same : noWorse)) throw new Error(`${seen}\n${said}`);
    },
  }));
}

async function endOf({ ask }: Stage): Promise<{ readonly end: End; readonly said: string }> {
  try {
    const said = await ask(prompt);
    return { end: said.includes("no model was asked") ? "recovers" : "deceived", said };
  } catch (error) {
    if (!(error instanceof ClientFailure)) throw error;
    return { end: error.hung ? "hangs" : "fails", said: error.message };
  }
}
