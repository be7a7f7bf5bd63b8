/**
 * The rule that upstream prompt caches and reasoning state live by: what was sent once is sent again byte for byte, and new things only
 * come after it.
 */
import { scanArray, scanMembers, scanObject, type Span } from "../../src/wire/json-scan.ts";

/** What a request consists of that a conversation repeats, in any of the protocols. */
const FIELDS = ["system", "systemInstruction", "instructions", "messages", "contents", "input", "tools"] as const;
/** Where a system prompt stands that is no message: before everything else, so that to add one later changes the prefix as well. */
const SYSTEM_FIELDS: readonly string[] = ["system", "systemInstruction", "instructions"];

/** The texts of the items of each field, as they stood on the wire. */
type Sent = ReadonlyMap<(typeof FIELDS)[number], readonly string[]>;

/**
 * Compares successive requests of one conversation.
 * @returns one sentence per item that changed; none when every request begins as the one before
 */
export function brokenPrefixes(bodies: readonly Buffer[]): string[] {
  const requests = bodies.map(read);
  return requests
    .slice(1)
    .flatMap((later, index) =>
      [...(requests[index] as Sent)].flatMap(([field, items]) => changed(`request ${index + 2}, ${field}`, items, later.get(field) ?? [])),
    );
}

function read(body: Buffer): Sent {
  const fields = scanObject(body);
  return new Map(FIELDS.map((field) => [field, itemsOf(body, field, fields.get(field))]));
}

function itemsOf(body: Buffer, field: (typeof FIELDS)[number], span: Span | undefined): string[] {
  if (span === undefined) return SYSTEM_FIELDS.includes(field) ? [""] : [];
  if (body[span.start] !== "[".charCodeAt(0)) return [textOf(body, span)];
  const items = scanArray(body, span);
  return field === "tools" ? items.flatMap((tool) => toolsOf(body, tool)) : items.map((item) => textOf(body, item));
}

/** A tool; function declarations that stand together one by one, because more may be added to them. */
function toolsOf(body: Buffer, tool: Span): string[] {
  const members = scanMembers(body, tool);
  if (!members.has("functionDeclarations")) return [textOf(body, tool)];
  return [...members].flatMap(([kind, value]) => {
    const spans = kind === "functionDeclarations" ? scanArray(body, value) : [value];
    return spans.map((span) => `${kind} ${textOf(body, span)}`);
  });
}

function textOf(body: Buffer, { start, end }: Span): string {
  return body.toString("utf8", start, end);
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
