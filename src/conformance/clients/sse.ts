/** The events of a stream as they stood on the wire. */

/** One event, or a comment. */
export interface WireEvent {
  /** Empty when it had no name. */
  readonly name: string;
  readonly data: string;
  /** Neither name nor data: a line that only keeps the connection alive. */
  readonly comment: boolean;
}

/** Splits a whole event stream into its events; bytes after the last blank line are an event too. */
export function wireEvents(text: string): WireEvent[] {
  const blocks = text.split(/\r\n\r\n|\n\n|\r\r/).filter((block) => block.trim() !== "");
  return blocks.map((block) => {
    const lines = block.split(/\r\n|\n|\r/);
    const valuesOf = (field: string): string[] =>
      lines.filter((line) => line.startsWith(`${field}:`)).map((line) => line.slice(field.length + 1).replace(/^ /, ""));
    const data = valuesOf("data");
    const name = valuesOf("event");
    return { name: name.join(""), data: data.join("\n"), comment: data.length === 0 && name.length === 0 };
  });
}

/** The JSON object of an event; `undefined` when it is not one. */
export function jsonOf(event: WireEvent): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(event.data);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
