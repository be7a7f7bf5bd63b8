/** Behaviours chosen by a marker in the prompt: for whoever reaches the simulator through others and controls nothing else. */
import { textsOf, type Ask } from "./conversation.ts";
import type { Call, Dialect } from "./dialect.ts";
import type { ResponseStore } from "./responses-store.ts";
import { asBehaviour } from "./script.ts";
import type { Behaviour, FaultName } from "./types.ts";
import { VendorError } from "./vendor-error.ts";

/** Holds the markers; asking uses nothing up. */
export class MarkedAnswers {
  readonly #answers = new Map<string, readonly (Behaviour | FaultName)[]>();

  /** What the n-th turn after the marker gets; replaces what the marker stood for. */
  set(marker: string, behaviours: readonly (Behaviour | FaultName)[]): void {
    this.#answers.set(marker, behaviours);
  }

  /** What a request gets, if there is a marker in it and this turn has a behaviour. Requests that cannot be read have no marker. */
  find(call: Call, dialect: Dialect, kept: ResponseStore): Behaviour | undefined {
    if (this.#answers.size === 0) return undefined;
    const ask = readable(call, dialect, kept);
    if (ask === undefined) return undefined;
    // The longest of several: one marker may begin another.
    const here = latestPlaces(ask, [...this.#answers.keys()]).sort((a, b) => b.at - a.at || b.marker.length - a.marker.length)[0];
    const given = here === undefined ? undefined : this.#answers.get(here.marker)?.[assistantRuns(ask, here.at)];
    return given === undefined ? undefined : asBehaviour(given);
  }
}

function readable(call: Call, dialect: Dialect, kept: ResponseStore): Ask | undefined {
  try {
    return dialect.ask(call, kept);
  } catch (error) {
    if (error instanceof VendorError) return undefined;
    throw error;
  }
}

/** For each marker in the prompt the last turn that says it; −1: only the instructions do. */
function latestPlaces(ask: Ask, markers: readonly string[]): { readonly marker: string; readonly at: number }[] {
  return markers.flatMap((marker) => {
    const at = ask.turns.findLastIndex((turn) => turn.role !== "assistant" && textsOf(turn).some((text) => text.includes(marker)));
    return at >= 0 || ask.system.some((text) => text.includes(marker)) ? [{ marker, at }] : [];
  });
}

/** How often the assistant has had its turn after a place; messages of one turn may have been split on the way here. */
function assistantRuns({ turns }: Ask, after: number): number {
  return turns.filter((turn, index) => index > after && turn.role === "assistant" && turns[index - 1]?.role !== "assistant").length;
}
