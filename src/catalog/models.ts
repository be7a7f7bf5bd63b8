/** What is publicly known of models on their platforms. */
import { LRUCache } from "lru-cache";
import { lookUpPrice } from "./price-catalogue.ts";

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
  const window = lookUpPrice(platform, model, {})?.model.context_window;
  const facts = window === undefined || window <= 0 ? {} : { contextWindow: window };
  remembered.set(key, facts);
  return facts;
}
