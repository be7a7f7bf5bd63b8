/** How the load client tells the upstream what to do: by a marker in the prompt, which every lane carries to it. */
import { isBehaviourName, type BehaviourName } from "./faults.ts";

/** What is asked of the upstream for one request. */
export interface Marker {
  /** The request's number. */
  readonly index: number;
  readonly behaviour: BehaviourName;
  /** How many attempts at the request it happens to, the first ones. */
  readonly times: number;
}

const OPENING = "[soak ";
const LONGEST = 80;

/** The marker as it stands in a prompt. */
export function writeMarker({ index, behaviour, times }: Marker): string {
  return `${OPENING}${index} ${behaviour} ${times}]`;
}

/** The last marker of a request's body: those before it belong to earlier turns. `undefined`: there is none. */
export function readMarker(body: Buffer): Marker | undefined {
  const at = body.lastIndexOf(OPENING);
  if (at === -1) return undefined;
  const [, index, behaviour = "", times] = /^\[soak (\d+) ([a-z0-9-]+) (\d+)\]/.exec(body.toString("latin1", at, at + LONGEST)) ?? [];
  return isBehaviourName(behaviour) ? { index: Number(index), behaviour, times: Number(times) } : undefined;
}
