/**
 * Opaque reasoning state in a client's history and in our answers. Claude's own signatures travel raw; any other
 * vendor's travels as an envelope in `thinking.signature`, on the thinking block it belongs to or on a carrier: a
 * thinking block, often empty, whose envelope says what it binds to (dossier B.0.7, D.4; rules 141, 143, 166).
 */
import { asString, type JsonObject } from "../../chat/json.ts";
import { ENVELOPE_PREFIX, NOBODY, type OpaqueState, type StateBinding, type StateEnvelope, type StateSealer } from "../../chat/state.ts";

/** The platform whose signatures need no envelope here. */
const OWN_PLATFORM = "anthropic";

/** Signs thinking that nobody proved, so that it reaches no vendor that would refuse it for that (rule 131). */
export const UNPROVEN: OpaqueState = { issuer: NOBODY, kind: "thinking", value: "" };

/** The field that holds the state of each type of block. */
export const STATE_FIELDS: ReadonlyMap<string, string> = new Map([
  ["thinking", "signature"],
  ["redacted_thinking", "data"],
]);

/** Longer than any state is: what is longer is something else. */
export const MAX_STATE_BYTES = 1_048_576;

/** The state of an answer's block, as it was minted; `undefined` when it has none. */
export function stateOf(block: JsonObject | undefined): string | undefined {
  const value = asString(block?.[STATE_FIELDS.get(asString(block["type"]) ?? "") ?? ""]);
  return value === "" ? undefined : value;
}

/** What a client's `signature` or `data` holds; `undefined` for an empty one and for an envelope that is damaged or not ours. */
export function openState(value: string, kind: "thinking" | "redacted-thinking", sealer: StateSealer): StateEnvelope | undefined {
  if (value === "") return undefined;
  if (value.startsWith(ENVELOPE_PREFIX)) {
    const opened = sealer.open(value);
    return opened?.state.issuer.platform === NOBODY.platform ? undefined : opened;
  }
  return { state: { issuer: { platform: OWN_PLATFORM }, kind, value }, binds: "self" };
}

/** The text that a client shall replay. */
export function sealState(state: OpaqueState, binds: StateBinding, sealer: StateSealer): string {
  return binds === "self" && state.issuer.platform === OWN_PLATFORM ? state.value : sealer.seal({ state, binds });
}
