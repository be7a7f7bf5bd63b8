/** From the name that a client asks for to the steps in which it is served. Resolves names only: whether a target can serve now is the pool's matter. */
import type { ProtocolId } from "../chat/chat.ts";
import { GatewayError, type ErrorKind } from "../chat/error.ts";
import type { LossMode } from "../chat/loss.ts";
import { isPattern, matchesPattern, nearMatches } from "../chat/names.ts";
import type { Provider, StrategyName } from "../providers/provider.ts";
import type { Step, Target } from "./target.ts";

/** Where a route leads. */
export interface RouteTarget {
  /** A provider's name. */
  readonly provider: string;
  /** The upstream's name of the model; `*`: the name that was asked for. */
  readonly model: string;
}

/** Targets that are tried as one. */
export interface RouteStep {
  /** At least one. */
  readonly targets: readonly RouteTarget[];
  /** How their credentials take turns; absent: as the provider of the one target says. */
  readonly strategy?: StrategyName;
  /** The failures that lead here; absent: all but those that are the request's own fault. */
  readonly on?: readonly ErrorKind[];
}

/** What clients may ask for, and where it goes. */
export interface Route {
  /** A model name, or a pattern in which `*` stands for any text. */
  readonly pattern: string;
  /** In order: the next is the fallback. */
  readonly steps: readonly RouteStep[];
  readonly loss?: LossMode;
  /** Whether a stream that breaks off may go on with another attempt. */
  readonly recovery?: true;
}

/** What a name resolved to. */
export interface Resolution {
  /** At least one. */
  readonly steps: readonly Step[];
  /** Whether the operator stated their order. */
  readonly ordered: boolean;
  /** The route's own loss mode. */
  readonly loss?: LossMode;
  /** Whether a stream that breaks off may go on with another attempt. */
  readonly recovery?: true;
}

/** What providers said they have. */
export interface ListedModels {
  /** The names that this provider listed last, which may be none. */
  of(provider: string): ReadonlySet<string>;
}

/** Stands for the name asked for, in a target. */
const SAME_NAME = "*";
/** Names are cut to this in error messages: callers choose them. */
const MAX_SHOWN_CHARS = 128;
const MAX_SHOWN_PATTERNS = 8;
const NONE_LISTED: ListedModels = { of: () => new Set() };

interface CompiledRoute extends Route {
  readonly compiled: readonly CompiledStep[];
}

interface CompiledStep {
  readonly id: string;
  readonly places: readonly { readonly provider: Provider; readonly model: string }[];
  readonly strategy: StrategyName;
  readonly on?: ReadonlySet<ErrorKind>;
}

export class Router {
  readonly #providers: readonly Provider[];
  readonly #byName: ReadonlyMap<string, Provider>;
  /** By what may stand before the slash of a full name: a provider's name, or a prefix. */
  readonly #addressed: ReadonlyMap<string, readonly Provider[]>;
  readonly #aliases: ReadonlyMap<string, CompiledRoute>;
  /** Longest literal prefix first. */
  readonly #patterns: readonly CompiledRoute[];
  readonly #listed: ListedModels;

  /** @throws Error when a route names a provider that is not there. */
  constructor(routes: readonly Route[], providers: readonly Provider[], listed: ListedModels = NONE_LISTED) {
    this.#providers = providers;
    this.#listed = listed;
    this.#byName = new Map(providers.map((provider) => [provider.name, provider]));
    this.#addressed = addressed(providers);
    const compiled = routes.map((route) => this.#compile(route));
    this.#aliases = new Map(compiled.filter(({ pattern }) => !isPattern(pattern)).map((route) => [route.pattern, route]));
    this.#patterns = compiled
      .filter(({ pattern }) => isPattern(pattern))
      .sort((a, b) => literalPrefix(b.pattern) - literalPrefix(a.pattern) || b.pattern.length - a.pattern.length);
  }

  /** The provider of that name, when there is one. */
  provider(name: string): Provider | undefined {
    return this.#byName.get(name);
  }

  /**
   * The steps of a model name: those of an exact alias, else of the pattern with the longest literal prefix, where
   * `provider/model` counts as the pattern `provider/*`, else of every provider that declares the name, else that lists it.
   * @throws GatewayError `model-not-found` naming near matches; `unavailable` when there are no providers at all.
   */
  resolve(model: string): Resolution {
    const alias = this.#aliases.get(model);
    if (alias) return follow(alias, model);
    const slash = model.indexOf("/");
    const addressed = slash > 0 && slash < model.length - 1 ? this.#addressed.get(model.slice(0, slash)) : undefined;
    const pattern = this.#patterns.find((route) => matchesPattern(route.pattern, model));
    if (pattern && !(addressed && literalPrefix(pattern.pattern) <= slash)) return follow(pattern, model);
    if (addressed) return { steps: addressed.map((provider) => stepAt(provider, model.slice(slash + 1))), ordered: true };
    const declaring = this.#providers.filter(({ models }) => models.some((declared) => matchesPattern(declared, model)));
    const having = declaring.length > 0 ? declaring : this.#providers.filter(({ name }) => this.#listed.of(name).has(model));
    if (having.length === 0) throw this.#unknown(model);
    return { steps: having.map((provider) => stepAt(provider, model)), ordered: false };
  }

  /** The names that can be shown to clients: aliases, then the models that providers declare or list, in the config's order; no patterns. */
  listModels(): readonly string[] {
    return [...new Set([...this.#aliases.keys(), ...this.#providers.flatMap((provider) => this.#modelsOf(provider))])];
  }

  #modelsOf({ name, models }: Provider): readonly string[] {
    const named = models.filter((model) => !isPattern(model));
    const patterns = models.filter(isPattern);
    // A host of anybody's models declares none; one whose names are declared one by one has no others.
    const fits = (model: string): boolean => models.length === 0 || patterns.some((pattern) => matchesPattern(pattern, model));
    return [...named, ...[...this.#listed.of(name)].filter(fits)];
  }

  #compile(route: Route): CompiledRoute {
    const { pattern } = route;
    const compiled = route.steps.map(({ targets, strategy, on }, index) => {
      const places = targets.map(({ provider: name, model }) => {
        const provider = this.#byName.get(name);
        if (!provider) throw new Error(`The route "${pattern}" names the provider "${name}", which is not configured.`);
        return { provider, model };
      });
      const [first] = places;
      const own = strategy === undefined && first !== undefined;
      return {
        id: own ? first.provider.name : `${pattern} ${index}`,
        places,
        strategy: strategy ?? first?.provider.strategy ?? "round-robin",
        ...(on && { on: new Set(on) }),
      };
    });
    return { ...route, compiled };
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
    const addressable = this.#providers.flatMap((provider) => this.#modelsOf(provider).map((known) => `${provider.name}/${known}`));
    const near = nearMatches(model, [...this.listModels(), ...addressable]);
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
export function preferLane({ steps, ordered }: Resolution, clientProtocol: ProtocolId): readonly Step[] {
  const spoken = steps.map((step) => ({ ...step, targets: step.targets.map((target) => spokenTo(target, clientProtocol)) }));
  if (ordered || spoken.length === 1) return spoken;
  const speaksIt = ({ targets }: Step): boolean => targets[0]?.protocol === clientProtocol;
  return [...spoken.filter(speaksIt), ...spoken.filter((step) => !speaksIt(step))];
}

function spokenTo(target: Target, protocol: ProtocolId): Target {
  return target.protocol !== protocol && target.protocols.includes(protocol) ? { ...target, protocol } : target;
}

function follow({ compiled, loss, recovery }: CompiledRoute, asked: string): Resolution {
  return {
    steps: compiled.map(({ places, ...step }) => ({
      ...step,
      targets: places.map(({ provider, model }) => targetOf(provider, model === SAME_NAME ? asked : model)),
    })),
    ordered: true,
    ...(loss !== undefined && { loss }),
    ...(recovery && { recovery }),
  };
}

/** A provider alone, its credentials taking turns as it says. */
function stepAt(provider: Provider, model: string): Step {
  return { id: provider.name, targets: [targetOf(provider, model)], strategy: provider.strategy ?? "round-robin" };
}

function targetOf(provider: Provider, model: string): Target {
  const protocols = provider.protocolsFor(model);
  return { provider, model, protocol: protocols[0], protocols };
}

function addressed(providers: readonly Provider[]): ReadonlyMap<string, readonly Provider[]> {
  const byName = new Map<string, Provider[]>();
  for (const provider of providers) {
    // A provider's own name goes before a prefix of others.
    if (provider.prefix === undefined || providers.some(({ name }) => name === provider.prefix)) continue;
    byName.set(provider.prefix, [...(byName.get(provider.prefix) ?? []), provider]);
  }
  for (const provider of providers) byName.set(provider.name, [provider]);
  return byName;
}

/** Characters before the first `*`. */
function literalPrefix(pattern: string): number {
  return pattern.indexOf("*");
}
