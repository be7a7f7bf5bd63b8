/** Sampling, limits and stop sequences (A.1.2; rules 186–189, 191, 192, 195). */
import type { ChatRequest } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { splitStops, type StopSequences } from "../../shared/stop-sequences.ts";

/** The wire demands a cap. Without one from caller or profile: what Claude Code sends for models it does not know. */
const DEFAULT_MAX_TOKENS = 32_000;

/** The caller's cap within the model's, or the model's own: never a small constant (rules 186, 187). */
export function encodeMaxTokens({ maxOutputTokens }: ChatRequest, { profile, losses }: EncodeTarget): number {
  const cap = profile.maxOutputTokens;
  if (maxOutputTokens === undefined) return cap ?? DEFAULT_MAX_TOKENS;
  if (cap === undefined || maxOutputTokens <= cap) return maxOutputTokens;
  losses.add("max-output-tokens", "max_tokens", "info");
  return cap;
}

/** Sequences of spaces only are refused (rule 195). */
export function stopSequences(request: ChatRequest, { profile }: EncodeTarget): StopSequences {
  return splitStops(request, profile, (sequence) => sequence.trim() === "");
}

/** The least `top_p` beside thinking (A.1.2). */
const MIN_TOP_P_WHILE_REASONING = 0.95;

/** @param reasons whether the model will reason, which leaves little to sample. */
export function encodeSampling({ sampling }: ChatRequest, reasons: boolean, { profile, losses }: EncodeTarget): JsonObject {
  const { temperature, topP, topK, ...others } = sampling;
  const sampled = profile.sampling === "all" || profile.sampling === "one" || (profile.sampling === "without-reasoning" && !reasons);
  const free = sampled && !reasons;
  const single = profile.sampling === "one" && temperature !== undefined;
  const sent = {
    ...((free || (sampled && temperature === 1)) && { temperature }),
    ...(sampled && !single && (free || (topP ?? 0) >= MIN_TOP_P_WHILE_REASONING) && { topP }),
    ...(free && { topK }),
  };
  const given = { temperature, topP, topK, ...others };
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && !(name in sent)) losses.add("sampling-ignored", name, "semantic");
  }
  if (sent.temperature !== undefined && sent.temperature > 1) losses.add("temperature-clamped", "temperature", "semantic");
  return {
    ...(sent.temperature !== undefined && { temperature: Math.min(1, sent.temperature) }),
    ...(sent.topP !== undefined && { top_p: sent.topP }),
    ...(sent.topK !== undefined && { top_k: sent.topK }),
  };
}
