/** What each request of a soak is: decided by the seed and the request's number alone, so that a run can be repeated. */
import { behaviours, faults, type BehaviourName, type FaultName, type OddityName } from "./faults.ts";

/** A protocol that clients speak; Gemini's streams have two forms. */
export const clientProtocols = ["messages", "chat", "responses", "gemini", "gemini-array"] as const;
export type ClientProtocol = (typeof clientProtocols)[number];

/** The providers of the gateway's configuration, one per protocol. */
export const providers = ["messages", "chat", "responses", "gemini"] as const;
export type ProviderName = (typeof providers)[number];

/** How many events of text an answer has, and how many ms lie between them. */
export interface Shape {
  readonly events: number;
  readonly intervalMs: number;
}

/** What a client does. `leaves`: goes away in the middle. `slow`: rests after each read. */
export type Manner = "reads" | "leaves" | "slow";

/** One request. */
export interface Choice {
  readonly index: number;
  readonly protocol: ClientProtocol;
  readonly provider: ProviderName;
  readonly shape: Shape;
  readonly stream: boolean;
  readonly manner: Manner;
  readonly behaviour: BehaviourName;
  /** How many attempts the behaviour happens to. */
  readonly times: number;
  /** The conversation that the client says it belongs to. */
  readonly session: string | undefined;
  readonly promptBytes: number;
  /** Whether the connection is closed afterwards. */
  readonly closes: boolean;
  /** Of a Responses client: whether the server keeps the answer, and whether the request goes on from the one kept before. */
  readonly stores: boolean;
  readonly goesOn: boolean;
}

/** Of 1000 requests. */
const share = { faulty: 150, leaves: 40, slow: 30, whole: 100, drip: 10, closes: 20, huge: 3 } as const;

/** From 0.2 s to 3 s; those that come again are more frequent. */
const shapes: readonly Shape[] = [
  { events: 10, intervalMs: 20 },
  { events: 20, intervalMs: 50 },
  { events: 20, intervalMs: 50 },
  { events: 60, intervalMs: 50 },
  { events: 15, intervalMs: 100 },
  { events: 8, intervalMs: 250 },
  { events: 80, intervalMs: 10 },
];

const promptSizes = [100, 100, 400, 2_000, 2_000, 10_000, 60_000];
/** Fewer than the load's workers, so that requests of one conversation overlap. */
const sessions = 100;
/** Different requests. */
const variety = 1_500;
const faultNames = Object.keys(faults) as FaultName[];

/** What request `index` is. */
export function chooseRequest(seed: number, index: number): Choice {
  const random = randomNumbers(seed, index);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const protocol = pick(clientProtocols);
  const provider = pick(providers);
  const shape = pick(shapes);
  const stream = random() * 1000 >= share.whole;
  const manner = mannerOf(random() * 1000);
  const faulty = random() * 1000 < share.faulty;
  const fault = pick(faultNames);
  const odd = oddityOf(random() * 1000, stream);
  return {
    index,
    protocol,
    provider,
    shape,
    stream,
    // What is too large for the sockets' buffers is only worth its cost where it is read slowly.
    manner: !faulty && odd === "huge" ? "slow" : manner,
    behaviour: faulty ? (fault === "garbage" && relays(protocol, provider) ? "empty" : fault) : odd,
    times: faulty && random() < 0.2 ? 2 : 1,
    session: random() < 0.5 ? `session-${Math.floor(random() * sessions)}` : undefined,
    promptBytes: pick(promptSizes),
    closes: random() < 0.2,
    stores: random() < 0.5,
    goesOn: random() < 0.4,
  };
}

/**
 * The request with this number in a run. They come again and again: what is remembered of conversations is full after some
 * minutes, and whatever grows then is lost memory.
 */
export function requestOfRun(seed: number, number: number): Choice {
  const choice = chooseRequest(seed, number % variety);
  // The upstream counts by the number how often a fault has happened.
  return behaviours[choice.behaviour].effect === "none" ? choice : { ...choice, index: number };
}

/** The model's name that has the simulator answer in this shape. */
export function modelName({ events, intervalMs }: Shape): string {
  return `sim-n${events}-ms${intervalMs}`;
}

/** Whether the request is passed on as it is: then so is the garbage that it is answered with, and no fault of the gateway's. */
function relays(protocol: ClientProtocol, provider: ProviderName): boolean {
  return protocol === provider || (protocol === "gemini-array" && provider === "gemini");
}

function mannerOf(number: number): Manner {
  if (number < share.leaves) return "leaves";
  return number < share.leaves + share.slow ? "slow" : "reads";
}

function oddityOf(number: number, stream: boolean): OddityName | "sound" {
  if (!stream) return "thinks";
  if (number < share.drip) return "drip";
  if (number < share.drip + share.closes) return "closes";
  return number < share.drip + share.closes + share.huge ? "huge" : "sound";
}

/** Numbers from 0 to below 1, the same for the same seeds: the generator mulberry32. */
function randomNumbers(seed: number, index: number): () => number {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
