/**
 * What a scenario is: a conversation in neutral words, what the upstream answers in each of its turns, and what must then be
 * true of the requests that the upstream saw and of the answers that the official SDK gave.
 */
import type { Ask } from "../simulator/read-ask.ts";
import type { Behaviour } from "../simulator/types.ts";
import type { Client, Endpoint, ProtocolName } from "./clients/client.ts";
import type { Outcome, Says, SdkError, Settings } from "./conversation.ts";

/** Who speaks what to whom. */
export interface Pairing {
  readonly client: ProtocolName;
  readonly upstream: ProtocolName;
  /** Whether the client asked for a stream. */
  readonly streamed: boolean;
}

/** One turn: what the client says, and what the upstream is told to answer. */
export interface Turn {
  readonly says: Says;
  /** The upstream that the conversation goes on with from here, instead of the pairing's. */
  readonly movesTo?: ProtocolName;
  readonly answer: Behaviour;
}

/** What a played conversation left behind. Turns count from 0; asking for what is not there fails the scenario. */
export interface Played extends Pairing {
  /** The request of a turn as the upstream understood it. */
  readonly asked: (turn: number) => Ask;
  /** What the SDK made of an answer that came to its end; that its stream kept the grammar is checked on the way. */
  readonly told: (turn: number) => Outcome;
  /** The error that the SDK raised instead. */
  readonly failed: (turn: number) => SdkError;
  /** The model that the client asked for. */
  readonly model: string;
}

/** What every scenario has. */
interface Named {
  /** Lower case with hyphens; the name of its golden files. */
  readonly id: string;
  /** What the score is grouped by. */
  readonly feature: Feature;
  /** What is shown to work, as a phrase. */
  readonly title: string;
  /** The gateway may let its credential rest afterwards, so nothing else must run meanwhile. */
  readonly upsets?: true;
  /** The upstream says nothing for as long as the suite is told to wait for signs of life. */
  readonly quiet?: true;
  /** Why this pairing cannot show it: a protocol has no word for it. `undefined`: it can. */
  excuse?(pairing: Pairing): string | undefined;
}

/** A scenario that is a conversation. */
export interface ConversationScenario extends Named {
  readonly settings?: Settings;
  readonly turns: (pairing: Pairing) => readonly Turn[];
  /** Throws `Mismatch` at the first difference. */
  check(played: Played): void;
}

/** A scenario that asks something else of the gateway. */
export interface ProbeScenario extends Named {
  /** Throws `Mismatch` at the first difference. Played once, not streamed. */
  probe(client: Client, endpoint: Endpoint): Promise<void>;
}

export type Scenario = ConversationScenario | ProbeScenario;

export const FEATURES = [
  "text",
  "media",
  "tools",
  "thinking",
  "structured output",
  "limits",
  "usage",
  "endings",
  "errors",
  "streams",
  "search",
  "state",
  "models",
] as const;
export type Feature = (typeof FEATURES)[number];

/** The answer of every turn that is not the point of its scenario. */
export const FINE: Behaviour = { blocks: [{ type: "text", text: "Fine." }] };

/** A conversation of one turn. */
export function oneTurn(says: Says, answer: Behaviour): () => readonly Turn[] {
  return () => [{ says, answer }];
}

/** Whether it is one of OpenAI's, which have much in common: text for arguments, a place for refusals, no mark of failed results. */
export function isOpenAi(protocol: ProtocolName): boolean {
  return protocol === "chat" || protocol === "responses";
}

/** The excuse for every pairing that is not among these. */
export function onlyFor(allowed: (pairing: Pairing) => boolean, reason: string): (pairing: Pairing) => string | undefined {
  return (pairing) => (allowed(pairing) ? undefined : reason);
}
