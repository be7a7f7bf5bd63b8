/**
 * The body of a relayed request: every byte as it came, but for the model's name and state that the target did not mint
 * (rules 1–3, 131). Thinking with a foreign envelope goes, and so does thinking that is known to be another account's or
 * model's; an envelope around the target's own state opens.
 *
 * Blocks go one by one, each for its own issuer's sake. Claude binds a block to everything before it (rule 130), and would
 * refuse those after one that is missing; but it never saw the missing one: what it was sent when it minted the others had
 * gone through here as well, and the same block is always judged alike. So a conversation that comes back from elsewhere
 * brings all the target's own thinking with it, that from before as well as that from after.
 */
import { ENVELOPE_PREFIX, mintedBy, type Issuer } from "../../../chat/state.ts";
import { lastStrings } from "../../../wire/json-find.ts";
import { removeElements, scanArray, scanMembers, spliceSpans, type Edit, type Span } from "../../../wire/json-scan.ts";
import type { RelayTarget } from "../../protocol.ts";
import { scanned } from "../../shared/body-peek.ts";
import { REFUSALS } from "../peek.ts";
import { MAX_STATE_BYTES, openState, STATE_FIELDS } from "../state.ts";

/** @throws GatewayError `invalid-request` when what had to be searched is not JSON. */
export function relayBody(body: Buffer, members: ReadonlyMap<string, Span>, target: RelayTarget): Buffer {
  const edits: Edit[] = [];
  const modelSpan = members.get("model");
  const text = JSON.stringify(target.model);
  if (modelSpan && body.toString("utf8", modelSpan.start, modelSpan.end) !== text) edits.push({ ...modelSpan, text });
  const messages = members.get("messages");
  if (messages && (body.includes(ENVELOPE_PREFIX) || holdsForeign(body, target)))
    edits.push(...scanned(() => stateEdits(body, messages, target), REFUSALS));
  return edits.length === 0 ? body : spliceSpans(body, edits);
}

/** Who minted the state in a body, from the newest on. */
export function* stateIssuers(body: Buffer, { sealer, mintedBy }: Pick<RelayTarget, "sealer" | "mintedBy">): Iterable<Issuer> {
  for (const value of statesIn(body)) {
    const issuer = value.startsWith(ENVELOPE_PREFIX) ? sealer.open(value)?.state.issuer : mintedBy(value);
    if (issuer) yield issuer;
  }
}

/** What may be state, from the newest on. */
function statesIn(body: Buffer): Iterable<string> {
  // Pictures have fields of this name, too.
  const fields = body.includes('"redacted_thinking"') ? ["signature", "data"] : ["signature"];
  return lastStrings(body, fields, MAX_STATE_BYTES);
}

function holdsForeign(body: Buffer, target: RelayTarget): boolean {
  if (target.knowsOwnOnly) return false;
  for (const value of statesIn(body)) if (isForeign(value, target)) return true;
  return false;
}

/** Whether state without an envelope is known to be somebody else's. */
function isForeign(value: string, target: RelayTarget): boolean {
  const issuer = target.mintedBy(value);
  return issuer !== undefined && !mintedBy(issuer, target.issuer);
}

function stateEdits(body: Buffer, messages: Span, target: RelayTarget): Edit[] {
  const edits: Edit[] = [];
  const elements = scanArray(body, messages);
  const emptied: number[] = [];
  for (const [i, message] of elements.entries()) {
    const content = body[message.start] === OPEN_BRACE ? scanMembers(body, message).get("content") : undefined;
    if (!content || body[content.start] !== OPEN_BRACKET) continue;
    const blocks = scanArray(body, content);
    const removed: number[] = [];
    for (const [k, block] of blocks.entries()) {
      const edit = blockEdit(body, block, target);
      if (edit === "remove") {
        removed.push(k);
        target.losses.add("foreign-reasoning", `messages[${i}].content[${k}]`, "info");
      } else if (edit) edits.push(edit);
    }
    // A message must hold something; one that held carriers only says nothing to this target.
    if (removed.length > 0 && removed.length === blocks.length) emptied.push(i);
    else edits.push(...removeElements(blocks, removed));
  }
  edits.push(...removeElements(elements, emptied));
  return edits;
}

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

function blockEdit(body: Buffer, block: Span, target: RelayTarget): Edit | "remove" | undefined {
  if (body[block.start] !== OPEN_BRACE) return undefined;
  const members = scanMembers(body, block);
  const type = stringAt(body, members.get("type"));
  const span = members.get(STATE_FIELDS.get(type ?? "") ?? "");
  const value = stringAt(body, span);
  if (!span || value === undefined) return undefined;
  if (!value.startsWith(ENVELOPE_PREFIX)) return isForeign(value, target) ? "remove" : undefined;
  const opened = openState(value, "thinking", target.sealer);
  const own = opened?.binds === "self" && mintedBy(opened.state.issuer, target.issuer);
  return own ? { ...span, text: JSON.stringify(opened.state.value) } : "remove";
}

function stringAt(body: Buffer, span: Span | undefined): string | undefined {
  if (!span || body[span.start] !== 0x22) return undefined;
  return JSON.parse(body.toString("utf8", span.start, span.end)) as string;
}
