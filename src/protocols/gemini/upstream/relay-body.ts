/**
 * The body of a relayed request: every byte as it came, but for envelopes around state that the target did not mint
 * (rules 137, 138, 140). The first call of a content gets the stand-in for it, any other part goes without.
 */
import { mintedBy } from "../../../chat/state.ts";
import { removeElements, scanArray, scanMembers, spliceSpans, type Edit, type Span } from "../../../wire/json-scan.ts";
import type { RelayTarget } from "../../protocol.ts";
import { refuse } from "../fields.ts";
import { openSignature, SEALED_PREFIX, SIGNATURE_SENTINEL } from "../state.ts";

const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

/** @throws GatewayError `invalid-request` when what had to be searched is not JSON. */
export function relayBody(body: Buffer, members: ReadonlyMap<string, Span>, target: RelayTarget): Buffer {
  try {
    const edits = [...modelEdits(body, members, target.model), ...(body.includes(SEALED_PREFIX) ? stateEdits(body, members, target) : [])];
    return edits.length === 0 ? body : spliceSpans(body, edits);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refuse("", `Invalid JSON payload received. The request body is not valid JSON (${error.message}).`);
  }
}

/** The model stands in the path; a body that names it too must name the same one (rule 378). */
function modelEdits(body: Buffer, members: ReadonlyMap<string, Span>, model: string): Edit[] {
  const text = JSON.stringify(model.includes("/") ? model : `models/${model}`);
  return [members, inner(body, members)].flatMap((object) => {
    const span = object?.get("model");
    return span && body[span.start] === QUOTE && body.toString("utf8", span.start, span.end) !== text ? [{ ...span, text }] : [];
  });
}

/** The request inside a question for a count. */
function inner(body: Buffer, members: ReadonlyMap<string, Span>): ReadonlyMap<string, Span> | undefined {
  const span = members.get("generateContentRequest") ?? members.get("generate_content_request");
  return span && body[span.start] === OPEN_BRACE ? scanMembers(body, span) : undefined;
}

function stateEdits(body: Buffer, members: ReadonlyMap<string, Span>, target: RelayTarget): Edit[] {
  const contents = (inner(body, members) ?? members).get("contents");
  if (!contents || body[contents.start] !== OPEN_BRACKET) return [];
  const edits: Edit[] = [];
  const elements = scanArray(body, contents);
  const emptied: number[] = [];
  for (const [i, content] of elements.entries()) {
    const parts = body[content.start] === OPEN_BRACE ? scanMembers(body, content).get("parts") : undefined;
    if (!parts || body[parts.start] !== OPEN_BRACKET) continue;
    const spans = scanArray(body, parts);
    const removed: number[] = [];
    let called = false;
    for (const [k, span] of spans.entries()) {
      const part = body[span.start] === OPEN_BRACE ? scanMembers(body, span) : undefined;
      const isCall = part !== undefined && (part.has("functionCall") || part.has("function_call"));
      const edit = part && signatureEdit(body, part, isCall && !called, target);
      called ||= isCall;
      if (!edit) continue;
      target.losses.add("foreign-state", `contents[${i}].parts[${k}]`, "info");
      if (edit === "remove") removed.push(k);
      else edits.push(edit);
    }
    // A content must hold something; one that held nothing but carriers says nothing to this target.
    if (removed.length > 0 && removed.length === spans.length) emptied.push(i);
    else edits.push(...removeElements(spans, removed));
  }
  return [...edits, ...removeElements(elements, emptied)];
}

/** What becomes of a part's envelope; an empty text was there to carry it only. */
function signatureEdit(
  body: Buffer,
  part: ReadonlyMap<string, Span>,
  firstCall: boolean,
  { issuer, sealer }: RelayTarget,
): Edit | "remove" | undefined {
  const span = part.get("thoughtSignature") ?? part.get("thought_signature");
  const value = stringAt(body, span);
  if (!span || !value?.startsWith(SEALED_PREFIX)) return undefined;
  const own = openSignature(value, sealer).find((state) => state.kind === "thought-signature" && mintedBy(state.issuer, issuer));
  if (own) return { ...span, text: JSON.stringify(own.value) };
  if (firstCall) return { ...span, text: JSON.stringify(SIGNATURE_SENTINEL) };
  // Bytes that are none at all are as good as absent.
  return stringAt(body, part.get("text")) === "" ? "remove" : { ...span, text: '""' };
}

function stringAt(body: Buffer, span: Span | undefined): string | undefined {
  if (!span || body[span.start] !== QUOTE) return undefined;
  return JSON.parse(body.toString("utf8", span.start, span.end)) as string;
}
