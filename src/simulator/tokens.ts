/** Token counts by a cheap rule, and the pieces in which text is streamed. */

const CHARACTERS_PER_TOKEN = 4;

/** What an image costs, whatever its size. */
export const IMAGE_TOKENS = 258;

/** About how many tokens the text is. */
export function tokensOf(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

/** The longest start of the text that costs at most so many tokens; never half of a character. */
export function firstTokens(text: string, tokens: number): string {
  if (tokensOf(text) <= tokens) return text;
  const cut = Math.max(0, tokens) * CHARACTERS_PER_TOKEN;
  return /[\uD800-\uDBFF]$/.test(text.slice(0, cut)) ? text.slice(0, cut - 1) : text.slice(0, cut);
}

/** The text in pieces of at most `size` code units, at least three where it has three characters, and never half of one. */
export function piecesOf(text: string, size = 24): string[] {
  const step = Math.max(1, Math.min(size, Math.floor(text.length / 3)));
  const pieces: string[] = [];
  for (let from = 0; from < text.length;) {
    let to = Math.min(from + step, text.length);
    if (to < text.length && /[\uD800-\uDBFF]/.test(text[to - 1] as string)) to += to - 1 > from ? -1 : 1;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}

/** The text word by word, each with the space after it. */
export function wordsOf(text: string): string[] {
  return text.match(/\S+\s*|^\s+/g) ?? [];
}

/** The text in pieces of these lengths, used over and over; a length that would halve a character takes all of it. */
export function sizedPieces(text: string, sizes: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length;) {
    let to = Math.min(from + Math.max(1, sizes[pieces.length % sizes.length] ?? text.length), text.length);
    if (to < text.length && /[\uD800-\uDBFF]/.test(text[to - 1] as string)) to++;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}
