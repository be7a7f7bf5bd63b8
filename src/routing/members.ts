/** Who belongs to the pool, and what is known of each; kept while the configuration around it changes. */
import type { ErrorKind } from "../chat/error.ts";
import { serverOf, type Credential, type Provider } from "../providers/provider.ts";
import type { Rate } from "../protocols/rate.ts";
import { Circuit } from "./circuit.ts";
import { Cooldowns, type CooldownPolicy, type KeptRest, type Marks } from "./cooldown.ts";
import { Latencies, type CredentialState, type ProviderState } from "./credential-state.ts";
import { RateBook } from "./rates.ts";
import type { Rest } from "./verdict.ts";

/** Hears of what should outlive the process. */
export interface PoolJournal {
  /** @param owner a credential's id, or a provider's. @param rest `undefined`: it has ended. */
  rest(owner: string, model: string | undefined, rest: KeptRest | undefined): void;
  binding(key: string, candidate: string | undefined, ttlMs: number): void;
}

/** What members are made with. */
export interface MembersOptions {
  readonly policy: CooldownPolicy;
  readonly random: () => number;
  readonly journal?: PoolJournal;
}

interface Member extends ProviderState {
  readonly id: string;
  credentials: readonly CredentialState[];
}

const NOBODY: readonly CredentialState[] = [];

export class PoolMembers {
  #options: MembersOptions;
  /** By provider name, in the order of the config. */
  #providers: ReadonlyMap<string, Member> = new Map();
  /** One count for all: a request speaks about its credential, the other keys of the account and the provider. */
  readonly #marks: Marks = { last: 0 };

  constructor(options: MembersOptions) {
    this.#options = options;
  }

  /** The credentials of a provider, in the order of the config. None where its name stands for another host by now: their keys are not for this one. */
  of(provider: Provider): readonly CredentialState[] {
    const member = this.#providers.get(provider.name);
    return member && isSameHost(member.provider, provider) ? member.credentials : NOBODY;
  }

  all(): Iterable<ProviderState & { readonly credentials: readonly CredentialState[] }> {
    return this.#providers.values();
  }

  /**
   * Other members from now on. A provider at the same address, and in it the same key, keep what is known of them.
   * @param policy absent: as it is.
   */
  configure(providers: readonly Provider[], policy = this.#options.policy): void {
    this.#options = { ...this.#options, policy };
    this.#providers = new Map(providers.map((provider) => [provider.name, this.#member(provider)]));
    for (const { circuit, credentials } of this.#providers.values()) {
      for (const { cooldowns } of [circuit, ...credentials]) cooldowns.configure(policy);
    }
  }

  /** See {@link Cooldowns.mark}. */
  get mark(): number {
    return this.#marks.last;
  }

  /** A request that began at `mark` was accepted: what is left to be shown is that its provider does not stumble over it. */
  accepted(state: CredentialState, model: string, mark: number): void {
    state.cooldowns.clear(model, mark, "transient");
    for (const sibling of this.#siblings(state)) sibling.cooldowns.clearShared(model, mark);
  }

  /** A request that began at `mark` was answered: neither the credential nor its account nor its provider need rest any longer. */
  succeeded(state: CredentialState, model: string, mark: number): void {
    state.cooldowns.clear(model, mark);
    state.owner.circuit.succeeded(model, mark);
    for (const sibling of this.#siblings(state)) sibling.cooldowns.clearShared(model, mark);
  }

  /** A credential must rest, and with an account those that are also its keys. */
  rest(state: CredentialState, model: string, rest: Rest, why: ErrorKind, mark: number, now: number): void {
    state.cooldowns.add(model, rest, why, mark, now);
    // The keys of an account share its quota; one that was refused says nothing about the others.
    const shared = rest.class === "rate-limit" || (rest.scope === "account" && rest.class !== "down");
    if (!shared) return;
    for (const { cooldowns } of this.#siblings(state)) if (!cooldowns.refused) cooldowns.add(model, rest, why, mark, now);
  }

  /** An answer's head told what its account may still spend. */
  noteRates(state: CredentialState, model: string, rates: readonly Rate[], now: number): void {
    for (const one of this.#account(state)) one.rates.note(model, rates, now);
  }

  /** A request goes out. */
  spend(state: CredentialState, model: string, now: number): void {
    for (const one of this.#account(state)) one.rates.spend(model, now);
  }

  /** An answer took so many tokens. */
  spendTokens(state: CredentialState, tokens: number, now: number): void {
    for (const one of this.#account(state)) one.rates.spendTokens(tokens, now);
  }

  /** @returns whether there is such a provider, and credential. */
  reset(provider: string, credential?: string): boolean {
    const member = this.#providers.get(provider);
    const states = member?.credentials.filter(({ credential: { name } }) => credential === undefined || name === credential) ?? NOBODY;
    if (credential === undefined || states.length > 0) member?.circuit.reset();
    for (const { cooldowns, rates } of states) {
      cooldowns.reset();
      rates.reset();
    }
    return credential === undefined ? member !== undefined : states.length > 0;
  }

  /** A rest that is known from elsewhere goes on. Nothing happens when its owner is gone. */
  restore(owner: string, model: string | undefined, rest: KeptRest, agoMs: number, now: number): void {
    this.#cooldownsOf(owner)?.restore(model, rest, agoMs, now);
  }

  /** A rest is over, as is known from elsewhere. */
  end(owner: string, model: string | undefined): void {
    this.#cooldownsOf(owner)?.end(model);
  }

  /** When the next probe of any rest falls due after `now`. */
  nextChange(now: number): number {
    let next = Infinity;
    for (const { circuit, credentials } of this.#providers.values()) {
      next = Math.min(next, circuit.cooldowns.nextChange(now));
      for (const { cooldowns } of credentials) next = Math.min(next, cooldowns.nextChange(now));
    }
    return next;
  }

  /** @param owner a credential's id, or a provider's. */
  #cooldownsOf(owner: string): Cooldowns | undefined {
    for (const { id, circuit, credentials } of this.#providers.values()) {
      if (id === owner) return circuit.cooldowns;
      const state = credentials.find((state) => state.id === owner);
      if (state) return state.cooldowns;
    }
    return undefined;
  }

  #member(provider: Provider): Member {
    const id = serverOf(provider);
    const known = this.#providers.get(provider.name);
    const member =
      known?.id === id && isSameHost(known.provider, provider)
        ? known
        : { id, provider, circuit: new Circuit(this.#cooldownOptions(() => id)), credentials: [] };
    member.provider = provider;
    const left = new Set(member.credentials);
    member.credentials = provider.credentials.map((credential) => {
      // By name where two have one key.
      const same = [...left].filter((state) => state.credential.fingerprint === credential.fingerprint);
      const state = same.find((state) => state.credential.name === credential.name) ?? same[0];
      if (state) left.delete(state);
      return state ? updated(state, idOf(provider, credential), credential) : this.#state(member, credential);
    });
    return member;
  }

  #state(owner: ProviderState, credential: Credential): CredentialState {
    const state: CredentialState = {
      id: idOf(owner.provider, credential),
      owner,
      credential,
      cooldowns: new Cooldowns(this.#cooldownOptions(() => state.id)),
      rates: new RateBook(credential.limits),
      latencies: new Latencies(),
      inUse: 0,
    };
    return state;
  }

  #cooldownOptions(owner: () => string) {
    const { policy, random, journal } = this.#options;
    return {
      policy,
      random,
      marks: this.#marks,
      ...(journal && { onChange: (model: string | undefined, rest: KeptRest | undefined) => journal.rest(owner(), model, rest) }),
    };
  }

  /** All keys of a credential's account, itself first. */
  #account(state: CredentialState): readonly CredentialState[] {
    return [state, ...this.#siblings(state)];
  }

  #siblings({ owner, credential, id }: CredentialState): readonly CredentialState[] {
    if (owner.provider.credentials.length < 2) return NOBODY;
    return this.of(owner.provider).filter((other) => other.id !== id && other.credential.account === credential.account);
  }
}

function isSameHost(one: Provider, other: Provider): boolean {
  return one === other || (one.type === other.type && one.origin === other.origin && one.basePath === other.basePath);
}

/** The key's fingerprint is part of it: another key under the same name is another credential, of the same account too. */
function idOf(provider: Provider, { name, fingerprint }: Credential): string {
  return `${provider.name}/${name}/${fingerprint}`;
}

function updated(state: CredentialState, id: string, credential: Credential): CredentialState {
  const { limits } = state.credential;
  if (limits?.rpm !== credential.limits?.rpm || limits?.tpm !== credential.limits?.tpm) state.rates = new RateBook(credential.limits);
  state.id = id;
  state.credential = credential;
  return state;
}
