/** Usage, both ways (B.0.2): here `input_tokens` leaves cached tokens out, in the neutral form nothing does. */
import type { Usage } from "../../chat/chat.ts";
import { asArray, asNumber, asObject, type JsonObject, type JsonValue } from "../../chat/json.ts";
import type { AnswerContext } from "../protocol.ts";
import { ownFields } from "./native.ts";
import { PROTOCOL } from "./wire.ts";

/** The counts so far: totals, not additions; a `null` says nothing new (rule 255). */
export function mergeRawUsage(earlier: JsonObject, later: JsonObject): JsonObject {
  const merged: Record<string, JsonValue | undefined> = { ...earlier };
  for (const [key, value] of Object.entries(later)) if (value !== null) merged[key] = value;
  return merged;
}

/** A `usage` object. Where it lists iterations, they are what was billed (rule 256). */
export function decodeUsage(raw: JsonObject): Usage {
  const rounds = asArray(raw["iterations"])?.map((round) => asObject(round) ?? {}) ?? [];
  const counted = rounds.length > 0 ? rounds : [raw];
  const uncached = sum(counted, "input_tokens");
  const cacheRead = sum(counted, "cache_read_input_tokens");
  const cacheWrite = sum(counted, "cache_creation_input_tokens");
  const output = sum(counted, "output_tokens");
  const cacheWrite1h = asNumber(asObject(raw["cache_creation"])?.["ephemeral_1h_input_tokens"]);
  const reasoning = asNumber(asObject(raw["output_tokens_details"])?.["thinking_tokens"]);
  const hosted = asObject(raw["server_tool_use"]);
  const webSearches = asNumber(hosted?.["web_search_requests"]);
  const webFetches = asNumber(hosted?.["web_fetch_requests"]);
  return {
    ...(uncached !== undefined && { input: uncached + (cacheRead ?? 0) + (cacheWrite ?? 0) }),
    ...(cacheRead !== undefined && { cacheRead }),
    ...(cacheWrite !== undefined && { cacheWrite }),
    ...(cacheWrite1h !== undefined && { cacheWrite1h }),
    ...(output !== undefined && { output }),
    ...(reasoning !== undefined && { reasoning }),
    ...(webSearches !== undefined && { webSearches }),
    ...(webFetches !== undefined && { webFetches }),
    raw: { protocol: PROTOCOL, fields: raw },
  };
}

function sum(rounds: readonly JsonObject[], key: string): number | undefined {
  const counts = rounds.map((round) => asNumber(round[key])).filter((count) => count !== undefined);
  return counts.length === 0 ? undefined : counts.reduce((total, count) => total + count, 0);
}

/** A guess where the upstream has not told how long the prompt is: clients watch their context by it (rule 260). */
export function withEstimate(usage: Usage | undefined, context: AnswerContext): Usage | undefined {
  if (usage?.input !== undefined) return usage;
  const { estimatedInputTokens: input } = context;
  return input === undefined ? usage : { ...usage, input };
}

/** The `usage` of an answer. Counts the wire demands are 0 when unknown (rule 271), others `null`. */
export function encodeUsage(usage: Usage | undefined): JsonObject {
  const own = ownFields(usage?.raw);
  if (own) return { ...own, output_tokens: own["output_tokens"] ?? 0 };
  const { input = 0, cacheRead, cacheWrite, cacheWrite1h, output, reasoning, webSearches, webFetches } = usage ?? {};
  return {
    // Some vendors count more cached tokens than tokens (rule 249).
    input_tokens: Math.max(0, input - (cacheRead ?? 0) - (cacheWrite ?? 0)),
    cache_creation_input_tokens: cacheWrite ?? null,
    cache_read_input_tokens: cacheRead ?? null,
    output_tokens: output ?? 0,
    ...(cacheWrite1h !== undefined && {
      cache_creation: { ephemeral_5m_input_tokens: Math.max(0, (cacheWrite ?? 0) - cacheWrite1h), ephemeral_1h_input_tokens: cacheWrite1h },
    }),
    ...(reasoning !== undefined && { output_tokens_details: { thinking_tokens: reasoning } }),
    ...((webSearches !== undefined || webFetches !== undefined) && {
      server_tool_use: { web_search_requests: webSearches ?? 0, web_fetch_requests: webFetches ?? 0 },
    }),
  };
}
