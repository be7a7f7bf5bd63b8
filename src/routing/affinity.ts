/**
 * Which credential a conversation stays with, so that the upstream's prompt cache and the account that minted its
 * opaque state stay with it. In memory, bounded in number and in age; what it holds of a conversation is a digest.
 */
import { hash } from "node:crypto";

export interface AffinityLimits {
  /** Bindings kept; the one unused for longest goes first. */
  readonly maxBindings: number;
  /** How long a binding lasts without being used, in ms. */
  readonly ttlMs: number;
}

/** An hour is the longest that an upstream's prompt cache lives. */
export const defaultAffinityLimits: AffinityLimits = { maxBindings: 10_000, ttlMs: 3_600_000 };

/** Hears of every binding that is made, or used again after a while, and of those that end before their time. */
export type BindingListener = (key: string, candidate: string | undefined, ttlMs: number) => void;

/** The part of its life after which a binding's use is told again. */
const TOLD_AGAIN_AFTER = 0.1;

interface Binding {
  readonly candidate: string;
  usedAt: number;
  toldAt: number;
}

/** Candidates by conversation and place. Times are ms of the pool's clock. */
export class Affinity {
  #limits: AffinityLimits;
  readonly #listener: BindingListener | undefined;
  /** Least recently used first. */
  readonly #bindings = new Map<string, Binding>();

  constructor(limits: AffinityLimits = defaultAffinityLimits, listener?: BindingListener) {
    this.#limits = limits;
    this.#listener = listener;
  }

  /** Other limits from now on, for bindings that there are too. */
  configure(limits: AffinityLimits): void {
    this.#limits = limits;
  }

  /** The candidate that this conversation is bound to, by {@link bindingKey}; looking counts as use. */
  get(key: string, now: number): string | undefined {
    const binding = this.#bindings.get(key);
    if (binding === undefined) return undefined;
    this.#bindings.delete(key);
    if (now - binding.usedAt > this.#limits.ttlMs) return undefined;
    binding.usedAt = now;
    if (now - binding.toldAt > this.#limits.ttlMs * TOLD_AGAIN_AFTER) this.#tell(key, binding);
    this.#bindings.set(key, binding);
    return binding.candidate;
  }

  /** The same, without any effect. */
  look(key: string, now: number): string | undefined {
    const binding = this.#bindings.get(key);
    return binding && now - binding.usedAt <= this.#limits.ttlMs ? binding.candidate : undefined;
  }

  /** Binds it, in place of any other binding. */
  bind(key: string, candidate: string, now: number): void {
    this.#put(key, { candidate, usedAt: now, toldAt: now });
    this.#listener?.(key, candidate, this.#limits.ttlMs);
  }

  /** A binding that an earlier process made, or another one. @param leftMs what is left of its life without use. */
  restore(key: string, candidate: string, leftMs: number, now: number): void {
    const usedAt = now - this.#limits.ttlMs + Math.min(leftMs, this.#limits.ttlMs);
    this.#put(key, { candidate, usedAt, toldAt: usedAt });
  }

  /** Unbinds it from this candidate; a binding to another one, made since, stays. */
  release(key: string, candidate: string): void {
    if (this.#bindings.get(key)?.candidate !== candidate) return;
    this.#bindings.delete(key);
    this.#listener?.(key, undefined, 0);
  }

  /** Unbinds it, whatever it is bound to, as somebody else did: nobody hears of it. */
  end(key: string): void {
    this.#bindings.delete(key);
  }

  #put(key: string, binding: Binding): void {
    this.#bindings.delete(key);
    this.#bindings.set(key, binding);
    if (this.#bindings.size <= this.#limits.maxBindings) return;
    for (const oldest of this.#bindings.keys()) {
      this.#bindings.delete(oldest);
      return;
    }
  }

  #tell(key: string, binding: Binding): void {
    binding.toldAt = binding.usedAt;
    this.#listener?.(key, binding.candidate, this.#limits.ttlMs);
  }
}

/** Names a conversation at a place, such as a step and a model, without telling what its client calls it. */
export function bindingKey(session: string, place: string): string {
  return hash("sha256", `${place}\0${session}`, "base64url");
}
