/** The price catalogue of the Pydantic project (`@pydantic/genai-prices`), which knows models by many spellings. */
import { createRequire } from "node:module";
import type * as Prices from "@pydantic/genai-prices";

/** Reading the catalogue takes longer than the rest of a start, and most processes are never asked for a fact of it. */
const require = createRequire(import.meta.url);
let catalogue: typeof Prices | undefined;

/**
 * What the catalogue knows of a model, and what this usage of it costs; `undefined` where it does not know it.
 * @param platform the provider's.
 * @param model the upstream's name of it, a leading `models/` included or not.
 */
export function lookUpPrice(platform: string, model: string, usage: Prices.Usage): Prices.PriceCalculationResult {
  catalogue ??= require("@pydantic/genai-prices") as typeof Prices;
  return catalogue.calcPrice(usage, model.replace(/^models\//, ""), { providerId: platform });
}
