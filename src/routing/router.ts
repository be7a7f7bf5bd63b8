/** From the model a client names to the places that can serve it, in order (decisions.md, Config). */
import type { ProtocolId } from "../chat/chat.ts";
import { GatewayError } from "../chat/error.ts";
import type { LossMode } from "../chat/loss.ts";
import type { Protocols, Provider } from "../providers/provider.ts";
import { isPattern, matchesPattern, nearMatches } from "../chat/names.ts";

/** Where a route leads. */
interface RouteTarget {
  /** A provider's name. */
  readonly provider: string;
  /** The upstream's name of the model; `*`: the name that was asked for. */
  readonly model: string;
}

/** What clients may ask for, and where it goes. */
export interface Route {
  /** A model name, or a pattern in which `*` stands for any text. */
  readonly pattern: string;
  /** In order: the next is the fallback. */
  readonly targets: readonly RouteTarget[];
  /** How the credentials of each target take turns. */
  readonly strategy: "round-robin";
  readonly loss?: LossMode;
}

/** A model at a provider. */
interface Place {
  readonly provider: Provider;
  /** The upstream's name of it. */
  readonly model: string;
}

/** A model at a provider, and how it is spoken to. */
export interface Target extends Place {
  readonly protocol: ProtocolId;
  /** All protocols that it could be spoken to in, the one that loses least first. */
  readonly protocols: Protocols;
}

/** What a name resolved to. */
export interface Resolution {
  /** At least one. */
  readonly targets: readonly Target[];
  /** Whether the operator stated their order. */
  readonly ordered: boolean;
  /** The route's own loss mode. */
  readonly loss?: LossMode;
}

/** Stands for the name asked for, in a target. */
const SAME_NAME = "*";
/** Names are cut to this in error messages: callers choose them. */
const MAX_SHOWN_CHARS = 128;
const MAX_SHOWN_PATTERNS = 8;

export class Router {
  readonly #providers: readonly Provider[];
  readonly #byName: ReadonlyMap<string, Provider>;
  readonly #aliases: ReadonlyMap<string, Route>;
  /** Longest literal prefix first. */
  readonly #patterns: readonly Route[];
  readonly #listed: readonly string[];

  /** @throws Error when a route names a provider that is not there. */
  constructor(routes: readonly Route[], providers: readonly Provider[]) {
    this.#providers = providers;
    this.#byName = new Map(providers.map((provider) => [provider.name, provider]));
    for (const { pattern, targets } of routes) {
      const unknown = targets.find(({ provider }) => !this.#byName.has(provider));
      if (unknown) throw new Error(`The route "${pattern}" names the provider "${unknown.provider}", which is not configured.`);
    }
    this.#aliases = new Map(routes.filter(({ pattern }) => !isPattern(pattern)).map((route) => [route.pattern, route]));
    this.#patterns = routes
      .filter(({ pattern }) => isPattern(pattern))
      .sort((a, b) => literalPrefix(b.pattern) - literalPrefix(a.pattern) || b.pattern.length - a.pattern.length);
    this.#listed = [
      ...new Set([...this.#aliases.keys(), ...providers.flatMap(({ models }) => models.filter((model) => !isPattern(model)))]),
    ];
  }

  /** The provider of that name, when there is one. */
  provider(name: string): Provider | undefined {
    return this.#byName.get(name);
  }

  /**
   * The targets of a model name: an exact alias, else the pattern with the longest literal prefix, where `provider/model`
   * counts as the pattern `provider/*`, else every provider that declares the name.
   * @throws GatewayError `model-not-found` naming near matches; `unavailable` when there are no providers at all.
   */
  resolve(model: string): Resolution {
    const alias = this.#aliases.get(model);
    if (alias) return this.#follow(alias, model);
    const slash = model.indexOf("/");
    const addressed = slash > 0 && slash < model.length - 1 ? this.#byName.get(model.slice(0, slash)) : undefined;
    const pattern = this.#patterns.find((route) => matchesPattern(route.pattern, model));
    if (pattern && !(addressed && literalPrefix(pattern.pattern) <= slash)) return this.#follow(pattern, model);
    if (addressed) return { targets: [targetOf(addressed, model.slice(slash + 1))], ordered: true };
    const declaring = this.#providers.filter(({ models }) => models.some((declared) => matchesPattern(declared, model)));
    if (declaring.length === 0) throw this.#unknown(model);
    return { targets: declaring.map((provider) => targetOf(provider, model)), ordered: false };
  }

  /** The names that can be shown to clients: aliases, then the models that providers declare, in the config's order; no patterns. */
  listModels(): readonly string[] {
    return this.#listed;
  }

  #follow({ targets, loss }: Route, model: string): Resolution {
    return {
      targets: targets.map((target) =>
        targetOf(this.#byName.get(target.provider) as Provider, target.model === SAME_NAME ? model : target.model),
      ),
      ordered: true,
      ...(loss !== undefined && { loss }),
    };
  }

  #unknown(model: string): GatewayError {
    if (this.#providers.length === 0) {
      return new GatewayError(
        "unavailable",
        "No provider is configured. Add one under `providers` in dragoman.yaml, or set a provider's API key in the environment, and start again; `dragoman check` shows what would be served.",
      );
    }
    const shown = model.length > MAX_SHOWN_CHARS ? `${model.slice(0, MAX_SHOWN_CHARS)}…` : model;
    return new GatewayError("model-not-found", `Unknown model "${shown}". ${this.#suggestion(model)}`);
  }

  #suggestion(model: string): string {
    const addressable = this.#providers.flatMap(({ name, models }) =>
      models.filter((declared) => !isPattern(declared)).map((declared) => `${name}/${declared}`),
    );
    const near = nearMatches(model, [...this.#listed, ...addressable]);
    if (near.length > 0) return `Did you mean ${near.map((name) => `"${name}"`).join(", ")}?`;
    const declared = this.#providers.flatMap(({ models }) => models);
    const served = [...new Set([...this.#aliases.keys(), ...this.#patterns.map(({ pattern }) => pattern), ...declared])];
    return `Served here: ${served.slice(0, MAX_SHOWN_PATTERNS).join(", ")}${served.length > MAX_SHOWN_PATTERNS ? ", …" : ""}.`;
  }
}

/**
 * The order in which to try: as stated in the config, else those first that speak the client's own protocol, because
 * only they lose nothing. Each is spoken to in the client's own protocol where it can be, else in the one that loses least.
 */
export function preferLane({ targets, ordered }: Resolution, clientProtocol: ProtocolId): readonly Target[] {
  const spoken = targets.map((target) => (target.protocols.includes(clientProtocol) ? { ...target, protocol: clientProtocol } : target));
  if (ordered || spoken.length === 1) return spoken;
  const own = spoken.filter(({ protocol }) => protocol === clientProtocol);
  return [...own, ...spoken.filter(({ protocol }) => protocol !== clientProtocol)];
}

function targetOf(provider: Provider, model: string): Target {
  const protocols = provider.protocolsFor(model);
  return { provider, model, protocol: protocols[0], protocols };
}

/** Characters before the first `*`. */
function literalPrefix(pattern: string): number {
  return pattern.indexOf("*");
}
