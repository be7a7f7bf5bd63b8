/**
 * Opaque state in a client's history and in our answers. All of it travels as envelopes in `encrypted_content`: that of
 * reasoning in the item it belongs to, that of a text or call in a reasoning item before it, often without words, whose
 * envelope says what it binds to (dossier B.0.7, B.9, D.4; rule 371).
 */
import { NOBODY, type OpaqueState, type StateBinding, type StateEnvelope, type StateSealer } from "../../chat/state.ts";

/** Signs reasoning that nobody proved, so that it reaches no vendor that would look for it in vain (rule 131). */
export const UNPROVEN: OpaqueState = { issuer: NOBODY, kind: "thinking", value: "" };

/** What an envelope holds; `undefined` for one that is damaged or not ours (rule 165), and for one that says that there is nothing. */
export function openState(sealed: string, sealer: StateSealer): StateEnvelope | undefined {
  const opened = sealer.open(sealed);
  return opened?.state.issuer.platform === NOBODY.platform && opened.state.kind === UNPROVEN.kind ? undefined : opened;
}

/** The text that a client shall replay. */
export function sealState(state: OpaqueState, binds: StateBinding, sealer: StateSealer): string {
  return sealer.seal({ state, binds });
}
