/**
 * The rule that upstream prompt caches and reasoning state live by: what was sent once is sent again byte for byte, and new things only
 * come after it.
 */
import { scanArray, scanMembers, scanObject, type Span } from "../../src/wire/json-scan.ts";

/** The texts of what a Gemini request consists of, as they stood on the wire. */
interface Sent {
  readonly contents: readonly string[];
  readonly systemInstruction: string | undefined;
  readonly tools: readonly string[];
}

/**
 * Compares successive Gemini requests of one conversation.
 * @returns one sentence per item that changed; none when every request begins as the one before
 */
export function brokenPrefixes(bodies: readonly Buffer[]): string[] {
  const requests = bodies.map(read);
  return requests.slice(1).flatMap((later, index) => {
    const earlier = requests[index] as Sent;
    const where = `request ${index + 2}`;
    return [
      ...changed(`${where}, systemInstruction`, [earlier.systemInstruction ?? ""], [later.systemInstruction ?? ""]),
      ...changed(`${where}, contents`, earlier.contents, later.contents),
      ...changed(`${where}, tools`, earlier.tools, later.tools),
    ];
  });
}

function read(body: Buffer): Sent {
  const text = (span: Span) => body.toString("utf8", span.start, span.end);
  const fields = scanObject(body);
  const items = (span: Span | undefined) => (span === undefined ? [] : scanArray(body, span));
  const system = fields.get("systemInstruction");
  return {
    contents: items(fields.get("contents")).map(text),
    systemInstruction: system && text(system),
    tools: items(fields.get("tools")).flatMap((tool) =>
      [...scanMembers(body, tool)].flatMap(([kind, value]) => declarations(body, kind, value)),
    ),
  };
}

/** Function declarations one by one, because more may be added to a list; any other tool as a whole. */
function declarations(body: Buffer, kind: string, value: Span): string[] {
  const spans = kind === "functionDeclarations" ? scanArray(body, value) : [value];
  return spans.map(({ start, end }) => `${kind} ${body.toString("utf8", start, end)}`);
}

function changed(what: string, earlier: readonly string[], later: readonly string[]): string[] {
  return earlier.flatMap((text, index) => {
    const now = later[index];
    if (now === text) return [];
    if (now === undefined) return [`${what}[${index}] is gone`];
    let at = 0;
    while (text[at] === now[at]) at += 1;
    return [`${what}[${index}] changed at character ${at}: ${excerpt(text, at)} became ${excerpt(now, at)}`];
  });
}

function excerpt(text: string, at: number): string {
  return `«${text.slice(Math.max(0, at - 60), at + 60)}»`;
}
