/**
 * Opaque reasoning state (signatures, encrypted reasoning) on its way through clients that are not its issuer's.
 * It leaves in an envelope: versioned, tagged with its issuer, authenticated (dossier D.4). Whatever does not verify
 * counts as absent, never as an error (rule 165).
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** Who minted opaque state, and so the only one who can read it. Absent fields are unknown. */
export interface Issuer {
  /** The platform that signed: `anthropic`, `gemini`, … Vertex and the Gemini API are two (dossier A.4.3). */
  readonly platform: string;
  /** The upstream model. */
  readonly model?: string;
  /** A fingerprint of the upstream account or key. */
  readonly account?: string;
}

/** Issuer of what stands where state would, to say that there is none: it verifies, and proves nothing. */
export const NOBODY: Issuer = { platform: "none" };

/** Bytes only their issuer understands. */
export interface OpaqueState {
  readonly issuer: Issuer;
  readonly kind: "thinking" | "redacted-thinking" | "thought-signature" | "encrypted-reasoning" | "compaction";
  readonly value: string;
  /** The reasoning that it proves, where the client that carries it was not to see that. */
  readonly text?: string;
}

/** What the state belongs to, when its carrier is another block (dossier B.0.7, rule 141). `alone`: an empty text of its own. */
export type StateBinding = "self" | "next-call" | "next-text" | "alone";

/** State and the place it must return to. */
export interface StateEnvelope {
  readonly state: OpaqueState;
  readonly binds: StateBinding;
}

/** Puts state into envelopes and takes it out. Deterministic: the same state gives the same text. */
export interface StateSealer {
  seal(envelope: StateEnvelope): string;
  /** `undefined` for what is not an envelope, is damaged, or was sealed under another key. */
  open(text: string): StateEnvelope | undefined;
}

/**
 * Every envelope begins so, of whichever version: one that is not known is nobody's, and no vendor is to see it. Long, so that
 * searching a large body for it skips most bytes.
 */
export const ENVELOPE_PREFIX = "dragoman-state-";

/** How envelopes of the only version there is begin. */
const VERSION = `${ENVELOPE_PREFIX}v1.`;

/** Larger envelopes are treated as absent (rule 165). */
const MAX_ENVELOPE_CHARS = 262_144;
const MAC_BYTES = 16;
/** Room for what stands beside a text in an envelope. */
const MAX_SEALED_TEXT_BYTES = (MAX_ENVELOPE_CHARS * 3) / 4 - 4_096;

/** Whether an envelope can hold a text, and be opened again. */
export function fitsEnvelope(text: string): boolean {
  return Buffer.byteLength(JSON.stringify(text)) <= MAX_SEALED_TEXT_BYTES;
}

interface EnvelopeBody {
  readonly p: string;
  readonly m?: string | undefined;
  readonly a?: string | undefined;
  readonly k: OpaqueState["kind"];
  readonly b: StateBinding;
  readonly v: string;
  readonly t?: string | undefined;
}

/**
 * A sealer over the operator's state keys.
 * @param keys the first seals, all verify, so that a key can be rotated without breaking old conversations.
 * @param owner the virtual key whose conversations these are; what was sealed for another does not verify.
 */
export function createStateSealer(keys: readonly [Buffer, ...Buffer[]], owner = ""): StateSealer {
  const mac = (key: Buffer, payload: string): Buffer =>
    // No payload holds a line break, so an owner's name cannot be taken for a part of one.
    createHmac("sha256", key).update(`${VERSION}${payload}\n${owner}`).digest().subarray(0, MAC_BYTES);
  return {
    seal({ state, binds }) {
      const body: EnvelopeBody = {
        p: state.issuer.platform,
        m: state.issuer.model,
        a: state.issuer.account,
        k: state.kind,
        b: binds,
        v: state.value,
        t: state.text,
      };
      const payload = Buffer.from(JSON.stringify(body)).toString("base64url");
      return `${VERSION}${payload}.${mac(keys[0], payload).toString("base64url")}`;
    },
    open(text) {
      if (!text.startsWith(VERSION) || text.length > MAX_ENVELOPE_CHARS) return undefined;
      const [payload, tag, ...rest] = text.slice(VERSION.length).split(".");
      if (payload === undefined || tag === undefined || rest.length > 0) return undefined;
      const given = Buffer.from(tag, "base64url");
      const genuine = given.length === MAC_BYTES && keys.some((key) => timingSafeEqual(mac(key, payload), given));
      if (!genuine) return undefined;
      const body = JSON.parse(Buffer.from(payload, "base64url").toString()) as EnvelopeBody;
      const issuer: Issuer = {
        platform: body.p,
        ...(body.m !== undefined && { model: body.m }),
        ...(body.a !== undefined && { account: body.a }),
      };
      return { state: { issuer, kind: body.k, value: body.v, ...(body.t !== undefined && { text: body.t }) }, binds: body.b };
    },
  };
}

/** A proof and the reasoning that travelled inside it, apart; empty where none did. */
export function unpackState({ text = "", ...state }: OpaqueState): { readonly state: OpaqueState; readonly text: string } {
  return { state, text };
}

/** Whether `target` may see what `issuer` minted: every field known on both sides must agree. */
export function mintedBy(issuer: Issuer, target: Issuer): boolean {
  return (
    issuer.platform === target.platform &&
    (issuer.model === undefined || target.model === undefined || issuer.model === target.model) &&
    (issuer.account === undefined || target.account === undefined || issuer.account === target.account)
  );
}
