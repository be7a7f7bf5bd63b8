/** HTTP headers as flat lists (name, value, name, value): the form sockets speak, order and repetition kept. */

/** The value of a header by its lower-case name; several are joined with a comma. */
export function headerValue(headers: readonly string[], name: string): string | undefined {
  let found: string | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const key = headers[i] as string;
    if (key.length !== name.length || key.toLowerCase() !== name) continue;
    found = found === undefined ? headers[i + 1] : `${found}, ${headers[i + 1]}`;
  }
  return found;
}

/** The pairs whose lower-case name passes. */
export function filterHeaders(headers: readonly string[], keep: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (keep((headers[i] as string).toLowerCase())) kept.push(headers[i] as string, headers[i + 1] as string);
  }
  return kept;
}
