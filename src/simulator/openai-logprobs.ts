/** Log probabilities as OpenAI tells them: a token per word. */
import type { Fields } from "./json-values.ts";

/** The tokens of a text, each with so many alternatives. */
export function tokenLogprobs(text: string, alternatives: number): readonly Fields[] {
  const entry = (token: string): Fields => ({ token, logprob: -0.125, bytes: [...Buffer.from(token)] });
  return (text.match(/\s*\S+/g) ?? []).map((token) => ({
    ...entry(token),
    top_logprobs: Array.from({ length: alternatives }, (_, rank) => entry(rank === 0 ? token : `${token}${rank}`)),
  }));
}
