/** Provider types that are documented and do not exist yet: refused by name, never ignored. */
import { providerTypes } from "../providers/index.ts";
import type { ProblemList } from "./errors.ts";

export const PLANNED_PROVIDER_TYPES: readonly string[] = ["vertex", "bedrock", "azure"];

/**
 * The document without the providers of a planned type, each of which becomes a problem. What else is wrong with them is
 * not worth saying: their keys may be those of a later version, their credentials need not be there.
 */
export function refusePlannedTypes(document: unknown, problems: ProblemList): unknown {
  if (!isMap(document) || !isMap(document["providers"])) return document;
  const implemented = providerTypes.map(({ type }) => type).join(", ");
  const providers = Object.entries(document["providers"]).filter(([name, provider]) => {
    const type = isMap(provider) ? provider["type"] : undefined;
    if (typeof type !== "string" || !PLANNED_PROVIDER_TYPES.includes(type)) return true;
    problems.add(["providers", name, "type"], `\`${type}\` is not implemented yet`, `implemented: ${implemented}`);
    return false;
  });
  return { ...document, providers: Object.fromEntries(providers) };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
