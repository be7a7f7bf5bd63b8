/** The one error text that agents compact on (rule 330): `prompt is too long: 213462 tokens > 200000 maximum`. */

const ANTHROPIC_WORDING = /prompt is too long: \d+ tokens? > \d+ maximum|input length and `?max_tokens`? exceed context limit: \d+/;

/** How many tokens there are and how many fit, out of any vendor's sentence: the larger and the smaller of the numbers in it. */
export function tokenCounts(sentence: string): { input: number; limit: number } | undefined {
  const numbers = [...sentence.matchAll(/\b\d[\d,]*\d\b/g)].map(([digits]) => Number(digits.replaceAll(",", ""))).filter((n) => n >= 1000);
  if (numbers.length < 2) return undefined;
  const input = Math.max(...numbers);
  const limit = Math.min(...numbers);
  return input > limit ? { input, limit } : undefined;
}

/** Says it as Anthropic does, with numbers where they are known. */
export function overflowMessage(sentence: string, tokens: { readonly input: number; readonly limit: number } | undefined): string {
  if (ANTHROPIC_WORDING.test(sentence)) return sentence;
  const counts = tokens ?? tokenCounts(sentence);
  if (counts) return `prompt is too long: ${counts.input} tokens > ${counts.limit} maximum`;
  return `prompt is too long: ${sentence}`;
}
