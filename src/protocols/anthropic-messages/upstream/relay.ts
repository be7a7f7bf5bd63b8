/** The relay lane's request: what passes, and the few bytes that change (rules 1–3, 8, 9, 131). */
import type { Usage } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import { asObject, type JsonObject } from "../../../chat/json.ts";
import { ENVELOPE_PREFIX, mintedBy } from "../../../chat/state.ts";
import { removeElements, scanArray, scanMembers, spliceSpans, type Edit, type Span } from "../../../wire/json-scan.ts";
import type { Operation, RelayTarget } from "../../protocol.ts";
import { scanned } from "../../shared/body-peek.ts";
import { withQuery } from "../../shared/relay-request.ts";
import { decodeErrorBody } from "./error-decode.ts";
import { REFUSALS } from "../peek.ts";
import { openState } from "../state.ts";
import { decodeUsage } from "../usage.ts";

/** Path and query of a relayed request. `?beta=true` and the paging of lists pass; a key in the query never does (rule 432). */
export function relayPath(operation: Operation, model: string, _stream: boolean, query: URLSearchParams): string {
  return withQuery(pathOf(operation, model), query);
}

function pathOf(operation: Operation, model: string): string {
  switch (operation) {
    case "generate":
      return "/v1/messages";
    case "count-tokens":
      return "/v1/messages/count_tokens";
    case "list-models":
      return "/v1/models";
    case "get-model":
      return `/v1/models/${encodeURIComponent(model)}`;
  }
}

const RELAYED: ReadonlySet<string> = new Set(["accept", "accept-language", "content-type", "user-agent", "x-app", "x-client-request-id"]);
const RELAYED_FAMILIES = ["anthropic-", "x-stainless-", "x-claude-"];

/** The client's own headers that Anthropic may see: a list, so that no key, cookie or address slips through (rules 10, 432). */
export function relaysRequestHeader(name: string): boolean {
  return RELAYED.has(name) || RELAYED_FAMILIES.some((family) => name.startsWith(family));
}

/**
 * The body with another model name and nothing else changed, except state that the target did not mint: thinking blocks
 * with a foreign envelope go, an envelope around the target's own state opens.
 * @throws GatewayError `invalid-request` when what had to be searched is not JSON.
 */
export function relayBody(body: Buffer, members: ReadonlyMap<string, Span>, target: RelayTarget): Buffer {
  const edits: Edit[] = [];
  const modelSpan = members.get("model");
  const text = JSON.stringify(target.model);
  if (modelSpan && body.toString("utf8", modelSpan.start, modelSpan.end) !== text) edits.push({ ...modelSpan, text });
  const messages = members.get("messages");
  if (messages && body.includes(ENVELOPE_PREFIX)) edits.push(...scanned(() => stateEdits(body, messages, target), REFUSALS));
  return edits.length === 0 ? body : spliceSpans(body, edits);
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

/** What a whole answer says of itself (A.1.4, A.1.7). */
export function inspectWhole(body: JsonObject): { readonly usage?: Usage; readonly error?: GatewayError } {
  if (body["type"] === "message") {
    const usage = asObject(body["usage"]);
    return usage ? { usage: decodeUsage(usage) } : {};
  }
  if (body["error"] !== undefined) return { error: decodeErrorBody(body) };
  return { error: new GatewayError("upstream", "The upstream's answer is not a message.") };
}

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const STATE_KEYS: ReadonlyMap<string, string> = new Map([
  ["thinking", "signature"],
  ["redacted_thinking", "data"],
]);

function blockEdit(body: Buffer, block: Span, { issuer, sealer }: RelayTarget): Edit | "remove" | undefined {
  if (body[block.start] !== OPEN_BRACE) return undefined;
  const members = scanMembers(body, block);
  const type = stringAt(body, members.get("type"));
  const span = members.get(STATE_KEYS.get(type ?? "") ?? "");
  const value = stringAt(body, span);
  if (!span || !value?.startsWith(ENVELOPE_PREFIX)) return undefined;
  const opened = openState(value, "thinking", sealer);
  const own = opened?.binds === "self" && mintedBy(opened.state.issuer, issuer);
  return own ? { ...span, text: JSON.stringify(opened.state.value) } : "remove";
}

function stringAt(body: Buffer, span: Span | undefined): string | undefined {
  if (!span || body[span.start] !== 0x22) return undefined;
  return JSON.parse(body.toString("utf8", span.start, span.end)) as string;
}
