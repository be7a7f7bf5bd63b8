/** The `models` of a file as the program uses them: what clients may ask for, and where it goes. */
import { isPattern, matchesPattern, nearMatches } from "../chat/names.ts";
import type { Provider, StrategyName } from "../providers/provider.ts";
import { kindsOf } from "./causes.ts";
import { didYouMean } from "./check.ts";
import type { Route, RouteStep, RouteTarget } from "./config.ts";
import type { Path, ProblemList } from "./errors.ts";
import type { ConfigFile } from "./schema.ts";

type ModelFile = ConfigFile["models"][string];
type Entry = Exclude<Extract<ModelFile, readonly unknown[]>, string>[number];

/** The routes, in the file's order. */
export function resolveRoutes(models: Readonly<Record<string, ModelFile>>, providers: readonly Provider[], problems: ProblemList): Route[] {
  return Object.entries(models).flatMap(([pattern, model]) => resolveRoute(pattern, model, providers, problems));
}

function resolveRoute(pattern: string, model: ModelFile, providers: readonly Provider[], problems: ProblemList): Route[] {
  const path: Path = ["models", pattern];
  if (pattern === "") problems.add(path, "a model needs a name", undefined, "key");
  const chain = (entries: readonly Entry[], listPath: Path): RouteStep[] =>
    entries.flatMap((entry, index) => resolveEntry(entry, [...listPath, index], providers, problems) ?? []);
  if (typeof model === "string") return route(pattern, [resolveEntry(model, path, providers, problems) ?? []].flat(), path, problems);
  if (Array.isArray(model)) return route(pattern, chain(model, path), path, problems);
  const { targets, strategy, fallback = [], loss, recovery } = model;
  const first = chain(targets, [...path, "targets"]);
  if (strategy !== undefined && targets.some((entry) => typeof entry !== "string")) {
    problems.add([...path, "targets"], "with a `strategy` they are one pool, so `on` means nothing", "move what has an `on` to `fallback`");
  }
  const steps = strategy === undefined ? first : pooled(first, strategy);
  const settings = { ...(loss !== undefined && { loss }), ...(recovery && { recovery }) };
  return route(pattern, [...steps, ...chain(fallback, [...path, "fallback"])], path, problems, settings);
}

/** All targets as one pool. */
function pooled(steps: readonly RouteStep[], strategy: StrategyName): RouteStep[] {
  const [first, ...rest] = steps.flatMap(({ targets }) => targets);
  return first === undefined ? [] : [{ targets: [first, ...rest], strategy }];
}

function route(
  pattern: string,
  steps: readonly RouteStep[],
  path: Path,
  problems: ProblemList,
  settings: Pick<Route, "loss" | "recovery"> = {},
): Route[] {
  const [first, ...rest] = steps;
  if (first === undefined) return [];
  if (first.on) problems.add(path, "its first target has an `on`, though nothing is tried before it", "leave `on` out");
  return [{ pattern, steps: [first, ...rest], ...settings }];
}

function resolveEntry(entry: Entry, path: Path, providers: readonly Provider[], problems: ProblemList): RouteStep | undefined {
  if (typeof entry === "string") {
    const target = resolveTarget(entry, path, providers, problems);
    return target && { targets: [target] };
  }
  const target = resolveTarget(entry.target, [...path, "target"], providers, problems);
  return target && { targets: [target], on: kindsOf(entry.on) };
}

/** `provider/model`; everything after the first slash is the model's name. */
function resolveTarget(text: string, path: Path, providers: readonly Provider[], problems: ProblemList): RouteTarget | undefined {
  const slash = text.indexOf("/");
  const provider = text.slice(0, Math.max(slash, 0));
  const model = text.slice(slash + 1);
  const names = providers.map(({ name }) => name);
  const configured = names.length === 0 ? "no provider is configured" : `configured: ${names.join(", ")}`;
  if (slash < 0 || provider === "" || model === "") {
    const host = providers.find(({ models }) => models.some((pattern) => matchesPattern(pattern, text)));
    problems.add(path, "is not a target (`provider/model`)", host === undefined ? configured : didYouMean(`${host.name}/…`));
    return undefined;
  }
  if (!names.includes(provider)) {
    const [near] = nearMatches(provider, names);
    problems.add(path, "names a provider that is not configured", near === undefined ? configured : didYouMean(`${near}/…`));
    return undefined;
  }
  if (model !== "*" && isPattern(model)) {
    problems.add(path, "a target's model is a name, or `*` alone to keep the name that was asked for");
    return undefined;
  }
  return { provider, model };
}
