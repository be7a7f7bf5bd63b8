/** The `models` of a file as the program uses them: what clients may ask for, and where it goes. */
import { isPattern, matchesPattern, nearMatches } from "../chat/names.ts";
import type { Provider } from "../providers/provider.ts";
import { didYouMean } from "./check.ts";
import type { Route, RouteTarget } from "./config.ts";
import type { Path, ProblemList } from "./errors.ts";
import { type ConfigFile, IMPLEMENTED_STRATEGY } from "./schema.ts";

type ModelFile = ConfigFile["models"][string];

/** The routes, in the file's order. */
export function resolveRoutes(models: Readonly<Record<string, ModelFile>>, providers: readonly Provider[], problems: ProblemList): Route[] {
  return Object.entries(models).flatMap(([pattern, model]) => resolveRoute(pattern, model, providers, problems));
}

function resolveRoute(pattern: string, model: ModelFile, providers: readonly Provider[], problems: ProblemList): Route[] {
  const path: Path = ["models", pattern];
  if (pattern === "") problems.add(path, "a model needs a name", undefined, "key");
  const resolveList = (texts: readonly string[], listPath: Path): RouteTarget[] =>
    texts.flatMap((text, index) => resolveTarget(text, [...listPath, index], providers, problems) ?? []);

  if (typeof model === "string") return route(pattern, [resolveTarget(model, path, providers, problems) ?? []].flat());
  if (Array.isArray(model)) return route(pattern, resolveList(model, path));
  const { targets, strategy, loss } = model;
  if (strategy !== IMPLEMENTED_STRATEGY) {
    problems.add([...path, "strategy"], `\`${strategy}\` is not implemented yet`, `use \`${IMPLEMENTED_STRATEGY}\`, or leave it out`);
  }
  return route(pattern, resolveList(targets, [...path, "targets"]), loss);
}

function route(pattern: string, targets: readonly RouteTarget[], loss?: Route["loss"]): Route[] {
  const [first, ...rest] = targets;
  if (first === undefined) return [];
  return [{ pattern, targets: [first, ...rest], strategy: IMPLEMENTED_STRATEGY, ...(loss !== undefined && { loss }) }];
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
