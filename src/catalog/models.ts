/** What is publicly known of models on their platforms, from the price catalogue of the Pydantic project (`@pydantic/genai-prices`). */
import { createRequire } from "node:module";
import type * as Prices from "@pydantic/genai-prices";
import { LRUCache } from "lru-cache";

/** Reading the catalogue takes longer than the rest of a start, and most processes are never asked for a fact of it. */
const require = createRequire(import.meta.url);
let catalogue: typeof Prices | undefined;

/** Absent: not known. */
export interface ModelFacts {
  /** Tokens of prompt and answer together, or of the prompt alone, as the vendor counts. */
  readonly contextWindow?: number;
}

/** Callers can ask for models of any name. */
const MAX_REMEMBERED = 1000;
const remembered = new LRUCache<string, ModelFacts>({ max: MAX_REMEMBERED });

/**
 * The facts about a model.
 * @param platform the provider's; one that the catalogue does not have knows nothing.
 * @param model the upstream's name of it, a leading `models/` included or not.
 */
export function modelFacts(platform: string, model: string): ModelFacts {
  const key = `${platform}/${model}`;
  const known = remembered.get(key);
  if (known) return known;
  const facts = lookUp(platform, model.replace(/^models\//, ""));
  remembered.set(key, facts);
  return facts;
}

/** The catalogue finds its models by many spellings, and only on its way to a price. */
function lookUp(platform: string, model: string): ModelFacts {
  catalogue ??= require("@pydantic/genai-prices") as typeof Prices;
  const window = catalogue.calcPrice({}, model, { providerId: platform })?.model.context_window;
  return window === undefined || window <= 0 ? {} : { contextWindow: window };
}
