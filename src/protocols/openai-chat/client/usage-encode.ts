/** Usage as clients are told it (B.0.2; rules 163, 250, 251): the same counts the neutral form has. */
import type { Usage } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { ownFields } from "../native.ts";

/** The `usage` of an answer; `undefined` when nobody knows, which is not zero. */
export function encodeUsage(usage: Usage | undefined): JsonObject | undefined {
  if (!usage) return undefined;
  const own = ownFields(usage.raw);
  if (own) return own;
  const { input, cacheRead, cacheWrite, output, reasoning } = usage;
  if (input === undefined && output === undefined) return undefined;
  const prompt = {
    ...(cacheRead !== undefined && { cached_tokens: cacheRead }),
    ...(cacheWrite !== undefined && { cache_write_tokens: cacheWrite }),
  };
  return {
    prompt_tokens: input ?? 0,
    completion_tokens: output ?? 0,
    total_tokens: (input ?? 0) + (output ?? 0),
    ...(Object.keys(prompt).length > 0 && { prompt_tokens_details: prompt }),
    ...(reasoning !== undefined && { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}
