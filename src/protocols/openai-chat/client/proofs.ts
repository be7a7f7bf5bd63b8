/**
 * Opaque state on its way through a Chat client (dossier B.0.7, D.4). Chat has no place for it, so it goes in an entry of
 * the extension `reasoning_details`, which clients that know it send back as it came. An entry tells where in the answer
 * it stood, because a message has its text and its calls in two places, and vendors refuse reasoning that was moved
 * (rules 47, 130). Proof of a call goes with the call instead.
 */
import type { Content } from "../../../chat/chat.ts";
import { asArray, asNumber, asObject, asString, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import type { OpaqueState, StateSealer } from "../../../chat/state.ts";

/** How much of the message stood before: UTF-16 units of its text, and calls. */
export interface Position {
  readonly text: number;
  readonly calls: number;
}

/** A signed piece of an answer. */
export interface Proof {
  /** Reasoning, or the text that was signed, its words left out. */
  readonly content: Extract<Content, { type: "reasoning" | "text" }> & { readonly state: OpaqueState };
  readonly position: Position;
  /** UTF-16 units of the message's text that a signed text has; 0 for an empty one. */
  readonly length: number;
}

/** Tells our entries from other servers'. */
const FORMAT = "dragoman-v1";

/** The entry for a client, with its place among the message's entries. */
export function encodeProof({ content, position, length }: Proof, index: number, sealer: StateSealer): JsonObject {
  const place = { format: FORMAT, index, position: [position.text, position.calls], ...(length > 0 && { length }) };
  const binds = content.type === "reasoning" ? "self" : length > 0 ? "next-text" : "alone";
  const sealed = sealer.seal({ state: content.state, binds });
  if (content.text === "") return { type: "reasoning.encrypted", data: sealed, ...place };
  return { type: "reasoning.text", text: content.text, signature: sealed, ...place };
}

/** Proofs in a client's `reasoning_details`; none are ours when nothing in it verifies (rule 165). */
export function decodeDetails(value: JsonValue | undefined, sealer: StateSealer): Proof[] {
  return entries(value).flatMap((entry) => {
    const sealed = asString(entry["signature"]) ?? asString(entry["data"]) ?? "";
    return decodeProof(sealed, asString(entry["text"]) ?? "", entry, sealer);
  });
}

/** Proofs in the `thinking_blocks` that some clients keep instead. */
export function decodeThinkingBlocks(value: JsonValue | undefined, sealer: StateSealer): Proof[] {
  return entries(value).flatMap((entry) => {
    const sealed = asString(entry["signature"]) ?? asString(entry["data"]) ?? "";
    return decodeProof(sealed, asString(entry["thinking"]) ?? "", entry, sealer);
  });
}

function entries(value: JsonValue | undefined): JsonObject[] {
  return (asArray(value) ?? []).map(asObject).filter((entry) => entry !== undefined);
}

function decodeProof(sealed: string, text: string, entry: JsonObject, sealer: StateSealer): Proof[] {
  const opened = sealer.open(sealed);
  if (!opened) return [];
  const [before, calls] = asArray(entry["position"]) ?? [];
  const position = { text: count(before), calls: count(calls) };
  const { state, binds } = opened;
  switch (binds) {
    case "self":
      return [{ content: { type: "reasoning", text, state }, position, length: 0 }];
    case "next-text":
      return [{ content: { type: "text", text: "", state }, position, length: count(entry["length"]) }];
    case "alone":
      return [{ content: { type: "text", text: "", state }, position, length: 0 }];
    case "next-call":
      return [];
  }
}

/** A number that clients could have changed. */
function count(value: JsonValue | undefined): number {
  return Math.max(0, Math.trunc(asNumber(value) ?? 0));
}
