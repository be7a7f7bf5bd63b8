/**
 * Tokens, both ways (dossier B.0.2, rules 251–253). `usageMetadata` holds running totals in every frame and leaves out zeros;
 * the last one counts (recordings, oddity 45).
 */
import type { Usage } from "../../chat/chat.ts";
import { asNumber, type JsonObject } from "../../chat/json.ts";
import { ownFields } from "./native.ts";

/** Notices when totals change. */
export class UsageReader {
  #prompt = -1;
  #toolUse = -1;
  #cached = -1;
  #candidates = -1;
  #thoughts = -1;

  /** The totals, or `undefined` when they are those of the frame before or there are none. */
  read(metadata: JsonObject): Usage | undefined {
    const prompt = asNumber(metadata["promptTokenCount"]);
    const candidates = asNumber(metadata["candidatesTokenCount"]) ?? 0;
    const thoughts = asNumber(metadata["thoughtsTokenCount"]) ?? 0;
    const toolUse = asNumber(metadata["toolUsePromptTokenCount"]) ?? 0;
    const cached = asNumber(metadata["cachedContentTokenCount"]) ?? 0;
    // Vertex sends frames that say only which traffic this is.
    if (prompt === undefined) return undefined;
    if (
      prompt === this.#prompt &&
      candidates === this.#candidates &&
      thoughts === this.#thoughts &&
      toolUse === this.#toolUse &&
      cached === this.#cached
    ) {
      return undefined;
    }
    this.#prompt = prompt;
    this.#candidates = candidates;
    this.#thoughts = thoughts;
    this.#toolUse = toolUse;
    this.#cached = cached;
    return {
      input: prompt + toolUse,
      cacheRead: cached,
      output: candidates + thoughts,
      reasoning: thoughts,
      raw: { protocol: "gemini", fields: metadata },
    };
  }
}

/** `usageMetadata`, or `undefined` when nothing was counted: unknown is not zero (rule 253). */
export function encodeUsage(usage: Usage | undefined): JsonObject | undefined {
  const own = ownFields(usage?.raw);
  if (own) return own;
  if (usage?.input === undefined && usage?.output === undefined) return undefined;
  const { input = 0, output = 0, cacheRead, reasoning } = usage;
  const thoughts = Math.min(reasoning ?? 0, output);
  return {
    promptTokenCount: input,
    ...(cacheRead !== undefined && cacheRead > 0 && { cachedContentTokenCount: cacheRead }),
    candidatesTokenCount: output - thoughts,
    ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
    totalTokenCount: input + output,
  };
}
