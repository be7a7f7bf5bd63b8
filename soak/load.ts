/**
 * The soak's load client, a process of its own: so many workers, each with one request open at any time. Takes a {@link LoadPlan} as JSON in
 * its first argument; to each message from its parent it replies with a {@link LoadReport}, to `stop` when the last answer has ended.
 */
import { Agent } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

import { requestOfRun, type Choice } from "./choice.ts";
import { exchange } from "./exchange.ts";
import { judge, type Outcome } from "./outcome.ts";

/** What to do. */
export interface LoadPlan {
  readonly port: number;
  readonly streams: number;
  readonly seed: number;
}

/** What a worker's request came to be that was none of the outcomes that may be. */
export interface LostSample {
  readonly choice: Choice;
  readonly reason: string;
}

export type OutcomeCounts = Record<Outcome, number>;

/** What has happened since the start. */
export interface LoadReport {
  /** Requests that are open now. */
  readonly open: number;
  /** By the behaviour that the upstream was asked for. */
  readonly outcomes: Readonly<Record<string, OutcomeCounts>>;
  /** The first of those that were lost. */
  readonly lost: readonly LostSample[];
}

/** The workers start evenly over this time. */
const rampMs = 5000;
/** What a client waits before it asks again after a refusal, in ms. */
const refusedMs = 150;
const mostSamples = 20;

const plan = JSON.parse(process.argv[2] ?? "{}") as LoadPlan;
const line = { port: plan.port, agent: new Agent({ keepAlive: true }) };
const outcomes: Record<string, OutcomeCounts> = {};
const lost: LostSample[] = [];
let open = 0;
let next = 0;
const stop = new AbortController();

/** Asks for one thing after the other; answers that the server keeps are gone on from. */
async function work(delayMs: number): Promise<void> {
  await wait(delayMs);
  let previous: string | undefined;
  while (!stop.signal.aborted) {
    const choice = requestOfRun(plan.seed, next);
    next += 1;
    open += 1;
    const { outcome, keptAs } = await ask(choice, choice.goesOn ? previous : undefined);
    open -= 1;
    if (choice.protocol === "responses") previous = choice.stores ? keptAs : undefined;
    count(choice.behaviour, outcome);
    if (outcome === "refused") await wait(refusedMs);
  }
}

async function ask(
  choice: Choice,
  previous: string | undefined,
): Promise<{ readonly outcome: Outcome; readonly keptAs?: string | undefined }> {
  try {
    const received = await exchange(choice, previous, line);
    if (received === undefined) return { outcome: "left" };
    return { outcome: judge(choice, received), ...("keptAs" in received && { keptAs: received.keptAs }) };
  } catch (error) {
    if (lost.length < mostSamples) lost.push({ choice, reason: (error as Error).message });
    return { outcome: "lost" };
  }
}

function count(behaviour: string, outcome: Outcome): void {
  outcomes[behaviour] ??= { complete: 0, broken: 0, refused: 0, left: 0, lost: 0 };
  outcomes[behaviour][outcome] += 1;
}

const reply = () => process.send?.({ open, outcomes, lost } satisfies LoadReport);
const workers = Promise.all(Array.from({ length: plan.streams }, (_, index) => work((rampMs * index) / plan.streams)));
process.on("message", (message) => {
  if (message !== "stop") return reply();
  stop.abort();
  void workers.then(() => {
    line.agent.destroy();
    reply();
  });
});
