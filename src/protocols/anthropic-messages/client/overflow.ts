/** The one error text that agents compact on (rule 330): `prompt is too long: 213462 tokens > 200000 maximum`. */

import { tokenCounts } from "../../shared/upstream-error.ts";

const ANTHROPIC_WORDING = /prompt is too long: \d+ tokens? > \d+ maximum|input length and `?max_tokens`? exceed context limit: \d+/;

/** Says it as Anthropic does, with numbers where they are known. */
export function overflowMessage(sentence: string, tokens: { readonly input: number; readonly limit: number } | undefined): string {
  if (ANTHROPIC_WORDING.test(sentence)) return sentence;
  const counts = tokens ?? tokenCounts(sentence);
  if (counts) return `prompt is too long: ${counts.input} tokens > ${counts.limit} maximum`;
  return `prompt is too long: ${sentence}`;
}
