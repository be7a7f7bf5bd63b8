/**
 * The body of a relayed request: every byte as it came, but for envelopes around state that the target did not mint, and
 * signatures that are known to be another key's or model's (rules 137, 138, 140). The first call of a content gets the
 * stand-in for it, any other part goes without. Parts are judged one by one, and each always alike: a conversation that
 * comes back from elsewhere brings all the target's own signatures with it, those from before as well as those from after.
 */
import { mintedBy, type Issuer } from "../../../chat/state.ts";
import { lastStrings } from "../../../wire/json-find.ts";
import { removeElements, scanArray, scanMembers, spliceSpans, type Edit, type Span } from "../../../wire/json-scan.ts";
import type { RelayTarget } from "../../protocol.ts";
import { refuse } from "../fields.ts";
import { MAX_SIGNATURE_BYTES, openSignature, SEALED_PREFIX, SIGNATURE_FIELDS, SIGNATURE_SENTINEL } from "../state.ts";

const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

/** @throws GatewayError `invalid-request` when what had to be searched is not JSON. */
export function relayBody(body: Buffer, members: ReadonlyMap<string, Span>, target: RelayTarget): Buffer {
  try {
    const searched = body.includes(SEALED_PREFIX) || holdsForeign(body, target);
    const edits = [...modelEdits(body, members, target.model), ...(searched ? stateEdits(body, members, target) : [])];
    return edits.length === 0 ? body : spliceSpans(body, edits);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refuse("", `Invalid JSON payload received. The request body is not valid JSON (${error.message}).`);
  }
}

/** Who minted the signatures in a body, from the newest on. */
export function* stateIssuers(body: Buffer, known: Pick<RelayTarget, "sealer" | "mintedBy">): Iterable<Issuer> {
  for (const value of lastStrings(body, SIGNATURE_FIELDS, MAX_SIGNATURE_BYTES)) {
    const minted = known.mintedBy(value);
    if (minted) yield minted;
    else if (value.startsWith(SEALED_PREFIX)) yield* openSignature(value, known.sealer).map(({ issuer }) => issuer);
  }
}

function holdsForeign(body: Buffer, target: RelayTarget): boolean {
  if (target.knowsOwnOnly) return false;
  for (const value of lastStrings(body, SIGNATURE_FIELDS, MAX_SIGNATURE_BYTES)) if (isForeign(value, target)) return true;
  return false;
}

/** Whether a signature without an envelope is known to be somebody else's. */
function isForeign(value: string, target: RelayTarget): boolean {
  const issuer = target.mintedBy(value);
  return issuer !== undefined && !mintedBy(issuer, target.issuer);
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

/** What becomes of a part's signature; an empty text was there to carry it only. */
function signatureEdit(
  body: Buffer,
  part: ReadonlyMap<string, Span>,
  firstCall: boolean,
  target: RelayTarget,
): Edit | "remove" | undefined {
  const span = SIGNATURE_FIELDS.map((field) => part.get(field)).find((found) => found !== undefined);
  const value = stringAt(body, span);
  if (!span || value === undefined) return undefined;
  const sealed = value.startsWith(SEALED_PREFIX);
  if (!sealed && !isForeign(value, target)) return undefined;
  const states = sealed ? openSignature(value, target.sealer) : [];
  const own = states.find((state) => state.kind === "thought-signature" && mintedBy(state.issuer, target.issuer));
  if (own) return { ...span, text: JSON.stringify(own.value) };
  if (firstCall) return { ...span, text: JSON.stringify(SIGNATURE_SENTINEL) };
  // Bytes that are none at all are as good as absent.
  return stringAt(body, part.get("text")) === "" ? "remove" : { ...span, text: '""' };
}

function stringAt(body: Buffer, span: Span | undefined): string | undefined {
  if (!span || body[span.start] !== QUOTE) return undefined;
  return JSON.parse(body.toString("utf8", span.start, span.end)) as string;
}
