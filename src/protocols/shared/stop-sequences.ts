/** Which stop sequences an upstream looks for, and which the gateway must look for in its answer (rules 195–198). */
import type { ChatRequest } from "../../chat/chat.ts";
import type { Profile } from "../profile.ts";

/** Both absent when empty. */
export interface StopSequences {
  /** For the upstream. */
  readonly sent?: readonly string[];
  /** For `EncodedRequest.scanStops`. */
  readonly scanned?: readonly string[];
}

/**
 * As many of the caller's sequences as the model takes are sent, in the caller's order; the rest is scanned for.
 * @param refused what the protocol takes in no number.
 */
export function splitStops(
  { stop = [] }: ChatRequest,
  { maxStopSequences = Infinity }: Profile,
  refused: (sequence: string) => boolean = () => false,
): StopSequences {
  const sent = stop.filter((sequence) => sequence !== "" && !refused(sequence)).slice(0, maxStopSequences);
  const known = new Set(sent);
  const scanned = stop.filter((sequence) => sequence !== "" && !known.has(sequence));
  return { ...(sent.length > 0 && { sent }), ...(scanned.length > 0 && { scanned }) };
}
