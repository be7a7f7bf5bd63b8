/** What `dragoman check` prints: everything that would be served. */
import { matchesPattern } from "../chat/names.ts";
import type { Config } from "../config/config.ts";
import { alignLines, baseUrl, describeCredentials, describeSource, describeTargets } from "./describe.ts";

type Lines = readonly (readonly [label: string, value: string])[];

/** The whole report, with a line break at its end. */
export function checkReport(config: Config): string {
  const { host, port } = config.server;
  const summary = alignLines([
    ["config", describeSource(config.source)],
    ["address", baseUrl(host, port)],
  ]);
  return [
    `The configuration is valid.\n\n${summary}`,
    section("keys", keyLines(config), "none: programs on this machine are served without one"),
    section("providers", providerLines(config), "none: every request would be answered 503; add `providers` to the config file"),
    section("models", modelLines(config), "none"),
  ].join("\n");
}

function section(title: string, lines: Lines, none: string): string {
  return `${title}\n${lines.length === 0 ? `  ${none}\n` : alignLines(lines)}`;
}

function keyLines({ keys }: Config): Lines {
  return keys.map(({ name, models, loss }) => {
    const allowed = models === undefined ? "every model" : models.join(", ");
    return [name, loss === undefined ? allowed : `${allowed} (loss: ${loss})`];
  });
}

function providerLines({ providers }: Config): Lines {
  return providers.flatMap((provider): Lines => {
    if (provider.embedded) return [[provider.name, `${provider.type}, part of Dragoman`]];
    return [
      [provider.name, `${provider.type}, ${provider.origin}${provider.basePath}`],
      ["", `credentials: ${describeCredentials(provider)}`],
    ];
  });
}

/** Routes, what providers serve without one, and that each model has a full name. */
function modelLines({ routes, providers }: Config): Lines {
  const declared = new Set(providers.flatMap(({ models }) => models));
  // A name that a route matches goes where the route says.
  const unrouted = [...declared].filter((model) => !routes.some(({ pattern }) => matchesPattern(pattern, model)));
  const ownersOf = (model: string) => providers.filter(({ models }) => models.includes(model)).map(({ name }) => `${name}/*`);
  return [
    ...routes.map((route) => [route.pattern, `→ ${describeTargets(route)}`] as const),
    ...unrouted.map((model) => [model, `→ ${ownersOf(model).join(" or ")}`] as const),
    ...providers.map(({ name }) => [`${name}/*`, `→ ${name}, whichever model`] as const),
  ];
}
