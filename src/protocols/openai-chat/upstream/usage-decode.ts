/** Usage as servers tell it (B.0.2): `prompt_tokens` counts cached tokens, in whichever of many fields those are told. */
import type { Usage } from "../../../chat/chat.ts";
import { asNumber, asObject, type JsonObject } from "../../../chat/json.ts";
import { PROTOCOL } from "../wire.ts";

/** A `usage` object; `undefined` when it counts nothing. */
export function decodeUsage(raw: JsonObject): Usage | undefined {
  const input = asNumber(raw["prompt_tokens"]);
  const completion = asNumber(raw["completion_tokens"]);
  if (input === undefined && completion === undefined) return undefined;
  const prompt = asObject(raw["prompt_tokens_details"]);
  const reasoning = asNumber(asObject(raw["completion_tokens_details"])?.["reasoning_tokens"]);
  const cacheRead = firstNumber(
    prompt?.["cached_tokens"],
    raw["prompt_cache_hit_tokens"],
    raw["cached_tokens"],
    raw["num_cached_tokens"],
    raw["cache_read_input_tokens"],
  );
  const cacheWrite = firstNumber(prompt?.["cache_write_tokens"], raw["cache_creation_input_tokens"]);
  const output = completion === undefined ? undefined : outputOf(raw, input ?? 0, completion);
  return {
    ...(input !== undefined && { input }),
    ...(cacheRead !== undefined && { cacheRead }),
    ...(cacheWrite !== undefined && { cacheWrite }),
    ...(output !== undefined && { output }),
    ...(reasoning !== undefined && { reasoning }),
    raw: { protocol: PROTOCOL, fields: raw },
  };
}

/** Some servers leave reasoning out of the completion and only its sum gives it away (recordings, xAI and Gemini). */
function outputOf(raw: JsonObject, input: number, completion: number): number {
  const total = asNumber(raw["total_tokens"]) ?? 0;
  return Math.max(completion, total - input);
}

function firstNumber(...values: readonly unknown[]): number | undefined {
  return values.map(asNumber).find((value) => value !== undefined);
}
