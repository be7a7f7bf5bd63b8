/** Names as people write them: patterns with `*`, and the near matches of a mistyped one. */

/** Longer names are not compared: nobody mistypes them, and comparing costs the product of the lengths. */
const MAX_COMPARED_CHARS = 100;

/**
 * Whether a name fits a pattern, in which `*` stands for any text, none included. Takes time linear in the name for each
 * `*`, whatever a caller sends.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  const [head = "", ...rest] = pattern.split("*");
  const tail = rest.pop();
  if (tail === undefined) return pattern === name;
  if (!name.startsWith(head) || name.length < head.length + tail.length || !name.endsWith(tail)) return false;
  let at = head.length;
  const end = name.length - tail.length;
  for (const middle of rest) {
    const found = name.indexOf(middle, at);
    if (found < 0 || found + middle.length > end) return false;
    at = found + middle.length;
  }
  return true;
}

/** Whether a name is a pattern of {@link matchesPattern}. */
export function isPattern(name: string): boolean {
  return name.includes("*");
}

/** The candidates that a mistyped or unfinished name may have meant, the likeliest first, at most three. */
export function nearMatches(name: string, candidates: Iterable<string>): string[] {
  if (name.length > MAX_COMPARED_CHARS) return [];
  const wanted = name.toLowerCase();
  const near: { candidate: string; distance: number }[] = [];
  for (const candidate of new Set(candidates)) {
    if (candidate.length > MAX_COMPARED_CHARS) continue;
    const other = candidate.toLowerCase();
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3));
    const distance = wanted.length >= 3 && other.startsWith(wanted) ? 0 : editDistance(wanted, other);
    if (distance <= allowed) near.push({ candidate, distance });
  }
  return near
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map((match) => match.candidate);
}

/** Insertions, deletions, replacements and swaps of neighbours between two texts (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min((last[column] as number) + 1, (current[column - 1] as number) + 1, (last[column - 1] as number) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] as number) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] as number;
}
