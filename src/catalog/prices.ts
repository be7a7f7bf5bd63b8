/** What answers cost, by public prices. Slow: for what is off the path of requests, or rare on it. */
import { LRUCache } from "lru-cache";
import type { Usage } from "../chat/chat.ts";
import { lookUpPrice } from "./price-catalogue.ts";

/** Callers can ask for models of any name. */
const MAX_REMEMBERED = 1000;
/** What models are compared by: three tokens read for each that is written. */
const COMPARED = { input_tokens: 750_000, output_tokens: 250_000 };

const compared = new LRUCache<string, { readonly usd: number | undefined }>({ max: MAX_REMEMBERED });

/** What this usage costs in USD; `undefined`: nobody knows the price, or the usage. */
export function costUsd(platform: string, model: string, usage: Usage): number | undefined {
  const { input, output, cacheRead, cacheWrite, cacheWrite1h, webSearches } = usage;
  if (input === undefined && output === undefined) return undefined;
  const counted = {
    input_tokens: input,
    output_tokens: output,
    cache_read_tokens: cacheRead,
    cache_write_tokens: cacheWrite,
    cache_write_1h_tokens: cacheWrite1h,
    web_searches: webSearches,
  };
  return lookUpPrice(platform, model, Object.fromEntries(Object.entries(counted).filter(([, count]) => count !== undefined)))?.total_price;
}

/** USD for a million tokens, most of them read: for comparison only. */
export function comparablePrice(platform: string, model: string): number | undefined {
  const key = `${platform}/${model}`;
  const known = compared.get(key);
  if (known) return known.usd;
  const usd = lookUpPrice(platform, model, COMPARED)?.total_price;
  compared.set(key, { usd });
  return usd;
}
