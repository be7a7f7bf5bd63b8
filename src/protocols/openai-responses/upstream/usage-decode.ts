/** Usage as it is told (B.0.2): `input_tokens` counts cached tokens, `output_tokens` those of reasoning. */
import type { Usage } from "../../../chat/chat.ts";
import { asNumber, asObject, type JsonObject } from "../../../chat/json.ts";
import { PROTOCOL } from "../wire.ts";

/** A `usage` object; `undefined` when it counts nothing (rule 257). */
export function decodeUsage(raw: JsonObject): Usage | undefined {
  const input = asNumber(raw["input_tokens"]);
  const output = asNumber(raw["output_tokens"]);
  if (input === undefined && output === undefined) return undefined;
  const read = asObject(raw["input_tokens_details"]);
  const cacheRead = asNumber(read?.["cached_tokens"]);
  const cacheWrite = asNumber(read?.["cache_write_tokens"]);
  const reasoning = asNumber(asObject(raw["output_tokens_details"])?.["reasoning_tokens"]);
  return {
    ...(input !== undefined && { input }),
    ...(cacheRead !== undefined && { cacheRead }),
    ...(cacheWrite !== undefined && { cacheWrite }),
    ...(output !== undefined && { output }),
    ...(reasoning !== undefined && { reasoning }),
    raw: { protocol: PROTOCOL, fields: raw },
  };
}
