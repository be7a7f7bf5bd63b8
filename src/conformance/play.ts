/** Plays one scenario between one client and one upstream, and says how it went. */
import { createHash } from "node:crypto";
import { readAsk, type Ask, type Part } from "../simulator/read-ask.ts";
import type { Behaviour, RecordedRequest, Simulator } from "../simulator/types.ts";
import { Mismatch } from "./check.ts";
import type { Client, Endpoint, ProtocolName } from "./clients/client.ts";
import type { Outcome, Says, SdkError } from "./conversation.ts";
import type { ConversationScenario, Pairing, Played, Scenario } from "./scenario.ts";

/** Where a scenario is played. */
export interface Stage {
  readonly simulator: Simulator;
  readonly client: Client;
  /** The gateway, and the model that it sends to the upstream of this pairing. */
  readonly endpoint: Endpoint;
  /** The same for another upstream, for conversations that move. */
  readonly elsewhere: (upstream: ProtocolName) => Endpoint;
  /** How long a silent upstream is silent, in milliseconds. */
  readonly silenceMs: number;
  /** How long a scenario may take in all, in milliseconds; one that takes longer has failed. */
  readonly patienceMs: number;
}

/** What happened, whatever it means. */
export interface Trace {
  /** Bodies of the requests that reached the upstream, in order of arrival, without the marker. */
  readonly bodies: readonly string[];
  readonly outcomes: readonly Outcome[];
}

/** How a scenario went. */
export type Verdict =
  | { readonly result: "passed"; readonly trace: Trace }
  | { readonly result: "failed"; readonly difference: string; readonly trace: Trace }
  /** A protocol has no word for it. */
  | { readonly result: "not-applicable"; readonly reason: string };

/** Plays a scenario. Throws only for bugs of the suite itself. */
export async function play(scenario: Scenario, pairing: Pairing, stage: Stage): Promise<Verdict> {
  const reason = scenario.excuse?.(pairing);
  if (reason !== undefined) return { result: "not-applicable", reason };
  const outcomes: Outcome[] = [];
  const marker = markerOf(scenario, pairing);
  const from = stage.simulator.requests.length;
  const bodies = (): string[] => requestsOf(stage.simulator, marker, from).map((request) => unmarked(request.body.toString()));
  try {
    if ("probe" in scenario) await inTime(scenario.probe(stage.client, stage.endpoint), stage.patienceMs);
    else {
      await inTime(converse(scenario, pairing, stage, marker, outcomes), stage.patienceMs);
      scenario.check(playedOf(pairing, stage, marker, from, outcomes));
    }
    return { result: "passed", trace: { bodies: bodies(), outcomes } };
  } catch (error) {
    const difference = error instanceof Mismatch ? error.message : `${(error as Error).name}: ${(error as Error).message}`;
    return { result: "failed", difference, trace: { bodies: bodies(), outcomes } };
  }
}

/** What is too late is left to itself: the SDKs' calls end with the process. */
async function inTime(work: Promise<void>, patienceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Mismatch(`there was no answer within ${patienceMs / 1000} s`)), patienceMs);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function converse(
  scenario: ConversationScenario,
  pairing: Pairing,
  { simulator, client, endpoint, elsewhere, silenceMs }: Stage,
  marker: Marker,
  outcomes: Outcome[],
): Promise<void> {
  const turns = scenario.turns(pairing);
  const silence = scenario.quiet === true ? { delayMs: silenceMs } : {};
  const answers = turns.map(({ answer }): Behaviour => ({ ...whole(answer), ...silence }));
  for (const index of turns.keys()) simulator.answer(marker.of(index), answers.slice(index));
  const conversation = await client.converse(endpoint, pairing.streamed);
  let place = endpoint;
  for (const [index, { says, movesTo }] of turns.entries()) {
    if (movesTo !== undefined) place = elsewhere(movesTo);
    const outcome = await conversation.say(marked(says, marker.of(index)), scenario.settings ?? {}, place);
    outcomes.push(outcome);
    // Nothing can be said after an error: the history has no answer.
    if (outcome.error !== undefined) return;
  }
}

/** An answer whose words or calls are given is nothing but these; the simulator adds nothing of its own. */
function whole(answer: Behaviour): Behaviour {
  return answer.text === undefined && answer.calls === undefined ? answer : { text: "", thinking: "", calls: [], ...answer };
}

/** What the words of a cell carry, for the simulator to know them by. */
interface Marker {
  /** What the words of all its turns have in common. */
  readonly cell: string;
  readonly of: (turn: number) => string;
}

const ANY_MARKER = / \(case [0-9a-f]{12}\.\d+\)/g;

/** The same for the same cell, so that what is recorded stays the same. */
function markerOf({ id }: Scenario, { client, upstream, streamed }: Pairing): Marker {
  const cell = `${id} ${client} ${upstream} ${streamed ? "stream" : "whole"}`;
  const name = createHash("sha256").update(cell).digest("hex").slice(0, 12);
  const own = `(case ${name}.`;
  return { cell: own, of: (turn) => `${own}${turn})` };
}

/** The first words of a turn carry the marker; results have none, and need none: they follow a turn that has. */
function marked(says: Says, marker: string): Says {
  if (typeof says === "string") return `${says} ${marker}`;
  if ("results" in says) return says.words === undefined ? says : { ...says, words: `${says.words} ${marker}` };
  const first = says.findIndex((piece) => piece.type === "text" && piece.text !== "");
  return says.map((piece, index) => (index === first && piece.type === "text" ? { ...piece, text: `${piece.text} ${marker}` } : piece));
}

function unmarked(text: string): string {
  return text.replaceAll(ANY_MARKER, "");
}

/** The requests of this cell that reached the upstream: they hold its words, or refer to them. */
function requestsOf(simulator: Simulator, { cell }: Marker, from: number): RecordedRequest[] {
  return simulator.requests.slice(from).filter((request) => request.body.includes(cell) || refers(request, simulator, cell));
}

function refers(request: RecordedRequest, { responses }: Simulator, cell: string): boolean {
  return request.body.includes('"previous_response_id"') && JSON.stringify(readAsk(request, responses).turns).includes(cell);
}

function playedOf(pairing: Pairing, { simulator, endpoint }: Stage, marker: Marker, from: number, outcomes: readonly Outcome[]): Played {
  const asks = requestsOf(simulator, marker, from).map((request) => readAsk(request, simulator.responses));
  const outcomeOf = (turn: number): Outcome => {
    const outcome = outcomes[turn];
    if (outcome === undefined) throw new Mismatch(`turn ${turn + 1}: never came, because of ${raised(outcomes.at(-1)?.error)}`);
    return outcome;
  };
  return {
    ...pairing,
    model: endpoint.model,
    asked(turn) {
      // The last one counts: a gateway may try again.
      const ask = asks.findLast((candidate) => turnOf(candidate, marker) === turn);
      if (ask !== undefined) return withoutMarkers(ask);
      throw new Mismatch(`turn ${turn + 1}: no request reached the upstream; ${raised((outcomes[turn] ?? outcomes.at(-1))?.error)}`);
    },
    told(turn) {
      const outcome = outcomeOf(turn);
      if (outcome.error !== undefined) throw new Mismatch(`turn ${turn + 1}: ${raised(outcome.error)}`);
      if (outcome.grammar.length > 0) throw new Mismatch(`answer of turn ${turn + 1}: ${outcome.grammar.join("; ")}`);
      return outcome;
    },
    failed(turn) {
      const { error, finish } = outcomeOf(turn);
      if (error === undefined) throw new Mismatch(`turn ${turn + 1}: no error was raised; the answer ended with ${finish ?? "nothing"}`);
      return error;
    },
  };
}

/** Which turn of the scenario a request is. */
function turnOf({ turns }: Ask, marker: Marker): number | undefined {
  for (let turn = turns.length; turn >= 0; turn -= 1) {
    const at = turns.findLastIndex(
      ({ role, parts }) => role === "user" && parts.some((part) => part.type === "text" && part.text.includes(marker.of(turn))),
    );
    if (at < 0) continue;
    return turn + turns.filter(({ role }, index) => index > at && role === "assistant" && turns[index - 1]?.role !== "assistant").length;
  }
  return undefined;
}

function withoutMarkers(ask: Ask): Ask {
  const clean = (part: Part): Part => (part.type === "text" ? { ...part, text: unmarked(part.text) } : part);
  return { ...ask, turns: ask.turns.map((turn) => ({ ...turn, parts: turn.parts.map(clean) })) };
}

function raised(error: SdkError | undefined): string {
  if (error === undefined) return "no error was raised";
  return `the SDK raised ${error.class}${error.status === undefined ? "" : ` ${error.status}`}: ${error.message}`;
}
