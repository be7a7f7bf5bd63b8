/**
 * Which credential a conversation stays with, so that the upstream's prompt cache and the account that minted its
 * opaque state stay with it. In memory, bounded in number and in age; one per pool.
 */
import { createHash } from "node:crypto";

export interface AffinityLimits {
  /** Bindings kept; the one unused for longest goes first. */
  readonly maxBindings: number;
  /** How long a binding lasts without being used, in ms. */
  readonly ttlMs: number;
}

/** An hour is the longest that an upstream's prompt cache lives. */
const defaultAffinityLimits: AffinityLimits = { maxBindings: 10_000, ttlMs: 3_600_000 };

/** Longer session names, which callers choose, are kept as a digest. */
const MAX_SESSION_CHARS = 128;

interface Binding {
  readonly credential: string;
  usedAt: number;
}

/** Credentials by conversation and model. Times are ms of the pool's clock. */
export class Affinity {
  readonly #limits: AffinityLimits;
  /** Least recently used first. */
  readonly #bindings = new Map<string, Binding>();

  constructor(limits: AffinityLimits = defaultAffinityLimits) {
    this.#limits = limits;
  }

  /** The name of the credential this conversation is bound to; looking counts as use. */
  get(session: string, model: string, now: number): string | undefined {
    const key = keyOf(session, model);
    const binding = this.#bindings.get(key);
    if (binding === undefined) return undefined;
    this.#bindings.delete(key);
    if (now - binding.usedAt > this.#limits.ttlMs) return undefined;
    binding.usedAt = now;
    this.#bindings.set(key, binding);
    return binding.credential;
  }

  /** Binds it, in place of any other binding. */
  bind(session: string, model: string, credential: string, now: number): void {
    const key = keyOf(session, model);
    this.#bindings.delete(key);
    this.#bindings.set(key, { credential, usedAt: now });
    if (this.#bindings.size <= this.#limits.maxBindings) return;
    for (const oldest of this.#bindings.keys()) {
      this.#bindings.delete(oldest);
      return;
    }
  }

  /** Unbinds it from this credential; a binding to another one, made since, stays. */
  release(session: string, model: string, credential: string): void {
    const key = keyOf(session, model);
    if (this.#bindings.get(key)?.credential === credential) this.#bindings.delete(key);
  }
}

function keyOf(session: string, model: string): string {
  const name = session.length <= MAX_SESSION_CHARS ? session : createHash("sha256").update(session).digest("base64url");
  return `${model}\0${name}`;
}
