/** What of a relayed request's path and headers goes on, where protocols agree on it (dossier rule 432). */

/** The path with the client's query, but for a key in it, which never passes. */
export function withQuery(path: string, query: URLSearchParams): string {
  const passed = new URLSearchParams([...query].filter(([name]) => name !== "key"));
  return passed.size === 0 ? path : `${path}?${passed.toString()}`;
}

const OPENAI_HEADERS: ReadonlySet<string> = new Set(["accept", "accept-language", "content-type", "user-agent", "http-referer", "x-title"]);
const OPENAI_FAMILIES = ["x-stainless-", "openai-beta"];

/**
 * Headers of clients that a server of either of OpenAI's protocols may see: a list, so that no key, organisation, cookie or
 * address slips through.
 */
export function isOpenAiHeader(name: string): boolean {
  return OPENAI_HEADERS.has(name) || OPENAI_FAMILIES.some((family) => name.startsWith(family));
}
