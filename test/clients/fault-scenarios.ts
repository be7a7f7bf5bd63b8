/**
 * What clients make of faults. With one credential there is nobody else to ask, so whatever happens upstream reaches the client:
 * through the gateway it must fare no worse than straight at the provider, and the provider must not be asked more often.
 */
import { ClientFailure } from "./client-process.ts";
import type { Client } from "./client.ts";
import { effects, faults, translatedOnly, type Effect, type End, type Fault } from "./fault-table.ts";
import type { Scenario, Stage } from "./scenarios.ts";

/** The answer repeats it, and so has many events more. Clients take the same words again and again for a model that has lost its way. */
const prompt = `Say hello to ${Array.from({ length: 80 }, (_, index) => `guest ${index * index}`).join(", ")}.`;

/** From worst to best. A client that is satisfied with half an answer is worse off than one that has to be ended. */
const ranks: readonly End[] = ["deceived", "hangs", "fails", "recovers"];

/** One scenario per fault whose effect on the client is known. */
export function faultScenarios(client: Client): Scenario[] {
  const known = Object.entries(effects[client.name] ?? {}) as [Fault, Effect][];
  return known.map(([fault, effect]) => ({
    name: fault,
    group: "faults",
    always: false,
    task: "stream",
    credentials: { sound: undefined },
    script: [faults[fault]],
    ways: waysOf(client, fault, effect),
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
      if (end === "recovers" && client.tasks.includes("session")) await goOn(stage);
    },
  }));
}

/** Straight, relayed, and translated. Nobody waits for a client that hangs where nothing but patience is tried. */
function waysOf({ speaks, overWebSocket }: Client, fault: Fault, { end }: Effect): string[] {
  const translated = speaks === "responses" ? "messages" : "responses";
  if (translatedOnly.includes(fault)) return [translated];
  return [...(overWebSocket || end === "hangs" ? [] : ["direct"]), speaks, translated];
}

/** What is left of the broken answer must not be in the way of the next. */
async function goOn({ ask }: Stage): Promise<void> {
  const said = await ask("Run `printf go-%d-on 1` and tell me its output.");
  if (!said.includes("go-1-on")) throw new Error(`the conversation does not go on: ${said}`);
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
