/** The relay lane's request: what passes, and the few bytes that change (rules 1–3, 131, 432). */
import type { Usage } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import { asArray, asObject, asString, tryParseJson, writeJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { ENVELOPE_PREFIX } from "../../../chat/state.ts";
import { scanArray, spliceSpans, type Edit, type Span } from "../../../wire/json-scan.ts";
import type { Operation, RelayTarget } from "../../protocol.ts";
import { REASONING_FIELDS } from "../reasoning-state.ts";
import { decodeErrorBody, saysError } from "../../shared/openai-errors.ts";
import { withQuery } from "../../shared/relay-request.ts";
import { isAnswer } from "./stream-decode.ts";
import { decodeUsage } from "./usage-decode.ts";

/** Path and query of a relayed request below a base URL that ends with the version; a key in the query never passes. */
export function relayPath(operation: Operation, model: string, _stream: boolean, query: URLSearchParams): string {
  return withQuery(pathOf(operation, model), query);
}

function pathOf(operation: Operation, model: string): string {
  switch (operation) {
    case "generate":
    // There is no question of its own: the pipeline estimates instead.
    case "count-tokens":
      return "/chat/completions";
    case "list-models":
      return "/models";
    case "get-model":
      return `/models/${encodeURIComponent(model)}`;
  }
}

/** Members of a message, and of a call, in which our proofs travel. */
const PROOF_LISTS = ["reasoning_details", "thinking_blocks"] as const;
/** Members of a message that hold reasoning. */
const REASONING_KEYS: readonly string[] = [...REASONING_FIELDS, ...PROOF_LISTS];

/**
 * The body with another model name and nothing else changed, except that state of other servers, which clients got in
 * our envelopes, is taken out of the messages that hold it, and reasoning out of those for a server that has no such fields
 * (rule 436): a conversation may come from one that has.
 * @throws GatewayError `invalid-request` when what had to be searched is not JSON.
 */
export function relayBody(body: Buffer, members: ReadonlyMap<string, Span>, target: RelayTarget): Buffer {
  const edits: Edit[] = [];
  const model = members.get("model");
  const text = JSON.stringify(target.model);
  if (model && body.toString("utf8", model.start, model.end) !== text) edits.push({ ...model, text });
  const messages = members.get("messages");
  const unwanted = target.chat !== undefined && target.chat.replay === undefined;
  const holds = (bytes: Buffer): boolean =>
    bytes.includes(ENVELOPE_PREFIX) || (unwanted && REASONING_KEYS.some((key) => bytes.includes(`"${key}"`)));
  if (messages && holds(body)) edits.push(...messageEdits(body, messages, holds, unwanted, target));
  return edits.length === 0 ? body : spliceSpans(body, edits);
}

/** @param holds whether there may be something to take out of a message. @param unwanted whether reasoning goes, whoever said it. */
function messageEdits(body: Buffer, messages: Span, holds: (bytes: Buffer) => boolean, unwanted: boolean, { losses }: RelayTarget): Edit[] {
  let elements: readonly Span[];
  try {
    elements = scanArray(body, messages);
  } catch (error) {
    throw new GatewayError("invalid-request", "The request's messages are not JSON.", { field: "messages", cause: error });
  }
  return elements.flatMap((span, i) => {
    if (!holds(body.subarray(span.start, span.end))) return [];
    const message = asObject(tryParseJson(body.toString("utf8", span.start, span.end)));
    const proofless = message && withoutEnvelopes(message);
    const cleaned = proofless && unwanted ? withoutReasoning(proofless) : proofless;
    if (!cleaned || cleaned === message) return [];
    losses.add("foreign-reasoning", `messages[${i}]`, "info");
    return [{ ...span, text: writeJson(cleaned) }];
  });
}

/** The message without fields of reasoning; the same object when it has none. */
function withoutReasoning(message: JsonObject): JsonObject {
  if (!REASONING_KEYS.some((key) => message[key] !== undefined)) return message;
  return Object.fromEntries(Object.entries(message).filter(([key]) => !REASONING_KEYS.includes(key)));
}

/** The message without our proofs; the same object when it has none. */
function withoutEnvelopes(message: JsonObject): JsonObject {
  let cleaned = message;
  for (const key of PROOF_LISTS) {
    const entries = asArray(cleaned[key]);
    const kept = entries?.filter((entry) => !writeJson(entry).includes(ENVELOPE_PREFIX));
    if (!entries || !kept || kept.length === entries.length) continue;
    const { [key]: _gone, ...rest } = cleaned;
    cleaned = kept.length === 0 ? rest : { ...rest, [key]: kept };
  }
  const calls = asArray(cleaned["tool_calls"]);
  if (!calls?.some((call) => isSealed(call))) return cleaned;
  const opened = calls.map((call) => {
    const { extra_content: _gone, ...rest } = asObject(call) ?? {};
    return isSealed(call) ? rest : call;
  });
  return { ...cleaned, tool_calls: opened };
}

function isSealed(call: JsonValue): boolean {
  const google = asObject(asObject(asObject(call)?.["extra_content"])?.["google"]);
  return asString(google?.["thought_signature"])?.startsWith(ENVELOPE_PREFIX) === true;
}

/** What a whole answer says of itself (A.2.2). */
export function inspectWhole(body: JsonObject): { readonly usage?: Usage; readonly error?: GatewayError } {
  if (!isAnswer(body)) {
    if (saysError(body)) return { error: decodeErrorBody(body) };
    return { error: new GatewayError("upstream", "The upstream's answer holds no choices.") };
  }
  const raw = asObject(body["usage"]);
  const usage = raw && decodeUsage(raw);
  return usage ? { usage } : {};
}
