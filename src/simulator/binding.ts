/**
 * Reasoning state as the vendors mint it: bound to the vendor, the account, the model, its kind, the text that it signs and
 * everything before it in the conversation (dossier 0.1 item 1; A.1.5, A.3.2, A.4.3). Only the simulator that minted a piece
 * of state can tell whether it is genuine, because its key never leaves it.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** How the bytes of each vendor's state begin, so that a look at their shape tells whose they are: a protobuf field, or a Fernet token. */
const HEADS = {
  anthropic: Buffer.from([0x12, 0x40]),
  gemini: Buffer.from([0x0a, 0x40]),
  chat: Buffer.from([0x1a, 0x40]),
  openai: Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0]),
} as const;

/** A vendor whose state is simulated; `chat` is a compatible server that signs. */
export type StateVendor = keyof typeof HEADS;

/** Whom state belongs to. */
export interface StateHolder {
  readonly vendor: StateVendor;
  /** The API key of the request; empty where it has none. */
  readonly account: string;
  readonly model: string;
}

/** What state stands for. */
export interface StateMeaning {
  /** `redacted`: reasoning without its text. `part`: a part of an answer that carries a signature. */
  readonly kind: "thinking" | "redacted" | "part" | "compaction";
  /** The text that is shown beside it and may not be changed. */
  readonly signed: string;
  /** A digest of everything before it. */
  readonly prefix: Buffer;
}

/**
 * Why state is not what it was minted as. `foreign`: this simulator did not mint it, or not as this kind, or its bytes were
 * changed. `account`, `model`: for another. `text`: beside another text. `prefix`: something before it was added, changed or
 * left out. `lost`: none is here, where some was minted.
 */
export type StateFlaw = "foreign" | "account" | "model" | "text" | "prefix" | "lost";

/** The parts of state, in their order, and their lengths in bytes. */
const PARTS = { nonce: 12, account: 8, model: 8, text: 8, prefix: 12, mac: 16 } as const;
const LENGTH = Object.values(PARTS).reduce((sum, length) => sum + length, 0);

/** Mints state for one holder, and judges what comes back to it. */
export class StateMint {
  readonly #key: Buffer;
  readonly #holder: StateHolder;

  constructor(key: Buffer, holder: StateHolder) {
    this.#key = key;
    this.#holder = holder;
  }

  /** The state, in base64. The same seed and meaning give the same. */
  mint(meaning: StateMeaning, seed: string): string {
    const nonce = this.#tag("nonce", Buffer.alloc(0), seed, PARTS.nonce);
    const tags = Buffer.concat([nonce, ...this.#tags(nonce, meaning)]);
    const bytes = Buffer.concat([HEADS[this.#holder.vendor], tags, this.#mac(meaning.kind, tags)]);
    return bytes.toString(this.#holder.vendor === "openai" ? "base64url" : "base64");
  }

  /** What is wrong with state that comes back; `undefined`: nothing. */
  flawOf(state: string, meaning: StateMeaning): StateFlaw | undefined {
    const head = HEADS[this.#holder.vendor];
    const bytes = Buffer.from(state, "base64");
    if (bytes.length !== head.length + LENGTH || !head.equals(bytes.subarray(0, head.length))) return "foreign";
    const tags = bytes.subarray(head.length, -PARTS.mac);
    if (!timingSafeEqual(this.#mac(meaning.kind, tags), bytes.subarray(-PARTS.mac))) return "foreign";
    const nonce = tags.subarray(0, PARTS.nonce);
    const [account, model, text, prefix] = this.#tags(nonce, meaning);
    let at = PARTS.nonce;
    const holds = (tag: Buffer): boolean => tag.equals(tags.subarray(at, (at += tag.length)));
    if (!holds(account)) return "account";
    if (!holds(model)) return "model";
    if (!holds(text)) return "text";
    return holds(prefix) ? undefined : "prefix";
  }

  /** A name for a place of this holder's conversations. */
  placeOf(prefix: Buffer, next: string): string {
    const { vendor, account, model } = this.#holder;
    return this.#tag("place", prefix, JSON.stringify([vendor, account, model, next]), 16).toString("base64");
  }

  #tags(nonce: Buffer, { signed, prefix }: StateMeaning): readonly [account: Buffer, model: Buffer, text: Buffer, prefix: Buffer] {
    return [
      this.#tag("account", nonce, this.#holder.account, PARTS.account),
      this.#tag("model", nonce, this.#holder.model, PARTS.model),
      this.#tag("text", nonce, signed, PARTS.text),
      this.#tag("prefix", nonce, prefix, PARTS.prefix),
    ];
  }

  #mac(kind: StateMeaning["kind"], tags: Buffer): Buffer {
    return this.#tag(`state ${this.#holder.vendor} ${kind}`, Buffer.alloc(0), tags, PARTS.mac);
  }

  #tag(label: string, nonce: Buffer, value: Buffer | string, length: number): Buffer {
    return createHmac("sha256", this.#key).update(`${label}\0`).update(nonce).update(value).digest().subarray(0, length);
  }
}
