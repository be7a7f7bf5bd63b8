/**
 * Opaque reasoning state in a client's history and in our answers. Gemini's own signatures travel raw, on the part they
 * belong to. Another vendor's travels in envelopes on the next text or call: clients replay these parts and drop thoughts
 * (dossier B.0.7, B.10). `thoughtSignature` is bytes, so the envelopes are in base64; several share one field.
 */
import { asString, type JsonObject } from "../../chat/json.ts";
import { ENVELOPE_PREFIX, NOBODY, type OpaqueState, type StateSealer } from "../../chat/state.ts";

/** Whose signatures need no envelope here. Which of Google's platforms signed a raw one nobody can say. */
const OWN_PLATFORM = "gemini";

/** Stands for a signature the target did not mint; accepted on the first call of a step (dossier A.4.3). */
export const SIGNATURE_SENTINEL = "skip_thought_signature_validator";

/** Stands on a call that nobody signed: Gemini would refuse one without a signature, should the conversation move there (rule 137). */
export const UNSIGNED: OpaqueState = { issuer: NOBODY, kind: "thought-signature", value: "" };

/** What clients themselves put where they have no signature: it proves nothing. */
const SENTINELS: ReadonlySet<string> = new Set([SIGNATURE_SENTINEL, "context_engineering_is_the_way_to_go"]);

/** The field of a part that holds a signature, in both of its spellings (rule 382). */
export const SIGNATURE_FIELDS = ["thoughtSignature", "thought_signature"] as const;

/** Longer than any signature is: what is longer is something else. */
export const MAX_SIGNATURE_BYTES = 1_048_576;

/** The signature on a part of an answer; `undefined` when there is none. */
export function signatureOn(part: JsonObject | undefined): string | undefined {
  for (const field of SIGNATURE_FIELDS) {
    const value = asString(part?.[field]);
    if (value !== undefined) return value === "" ? undefined : value;
  }
  return undefined;
}

/** How every sealed signature begins: the prefix of an envelope fills whole groups of base64. */
export const SEALED_PREFIX = Buffer.from(ENVELOPE_PREFIX).toString("base64");

const SEPARATOR = "\n";

/** The states that a client's `thoughtSignature` holds; none for a stand-in, and for envelopes that are damaged or not ours (rule 165). */
export function openSignature(value: string, sealer: StateSealer): OpaqueState[] {
  if (value === "" || SENTINELS.has(value)) return [];
  if (!value.startsWith(SEALED_PREFIX)) return [{ issuer: { platform: OWN_PLATFORM }, kind: "thought-signature", value }];
  return Buffer.from(value, "base64")
    .toString("utf8")
    .split(SEPARATOR)
    .flatMap((envelope) => sealer.open(envelope)?.state ?? [])
    .filter(({ issuer }) => issuer.platform !== NOBODY.platform);
}

/** The text that a client shall replay, or `undefined` when there is no state. */
export function sealSignature(states: readonly OpaqueState[], sealer: StateSealer): string | undefined {
  const [only, ...others] = states;
  if (!only) return undefined;
  if (others.length === 0 && only.kind === "thought-signature" && only.issuer.platform === OWN_PLATFORM) return only.value;
  return Buffer.from(states.map((state) => sealer.seal({ state, binds: "self" })).join(SEPARATOR)).toString("base64");
}
