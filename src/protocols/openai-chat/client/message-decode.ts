/** One message to the items it holds (A.2.1). */
import type { Content } from "../../../chat/chat.ts";
import { asObject, asString, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { ENVELOPE_PREFIX, type StateSealer } from "../../../chat/state.ts";
import { decodeContent, decodeImages, type Placed } from "./content-decode.ts";
import { arrayField, objectAt, objectField, refuseMissing, refuseValue, required, stringField } from "../../shared/openai-fields.ts";
import { leftover } from "../../shared/leftover.ts";
import { leftoverUnder, nativeOf } from "../native.ts";
import { decodeDetails, decodeThinkingBlocks, type Proof } from "./proofs.ts";
import { REASONING_FIELDS } from "../reasoning-state.ts";

/** What a message holds, and its fields that are no content. */
export interface DecodedMessage {
  readonly items: readonly Placed[];
  readonly rest: JsonObject;
}

/** A user's or operator's message. @throws GatewayError `invalid-request`, naming the field. */
export function decodePrompt(message: JsonObject, path: string): DecodedMessage {
  if (message["content"] === undefined || message["content"] === null) refuseMissing(`${path}.content`);
  return { items: decodeContent(message["content"], `${path}.content`), rest: leftover(message, ["role", "content"]) };
}

/** A tool's message; its `name` only repeats that of the call (rule 437). @param callId what it answers. */
export function decodeToolResult(message: JsonObject, callId: string, path: string): DecodedMessage {
  const content = decodeContent(message["content"], `${path}.content`).map((part) => part.content);
  const item: Content = { type: "tool-result", callId, content, isError: false };
  return { items: [{ content: item, path }], rest: leftover(message, ["role", "content", "tool_call_id", "name"]) };
}

const KNOWN = ["role", "content", "refusal", "tool_calls", "function_call", "images", ...REASONING_FIELDS];

/**
 * The model's message. Reasoning stands first, unless proof of it says where it stood (rules 47, 436).
 * @param legacyId names the call of a `function_call`, which has no id (rule 41).
 * @throws GatewayError `invalid-request`, naming the field.
 */
export function decodeAssistant(
  message: JsonObject,
  path: string,
  legacyId: (name: string, input: string) => string,
  sealer: StateSealer,
): DecodedMessage {
  const said = [...decodeContent(message["content"], `${path}.content`), ...decodeRefusal(message, path)];
  const images = decodeImages(message["images"], `${path}.images`);
  const calls = [
    ...(arrayField(message, "tool_calls", path) ?? []).map((call, i) => decodeCall(call, `${path}.tool_calls[${i}]`, sealer)),
    ...decodeLegacyCall(message, path, legacyId),
  ];
  const { proofs, foreign } = readProofs(message, sealer);
  const shown = proofs.some(({ content }) => content.text !== "") ? [] : decodePlainReasoning(message, path);
  const rest = leftover(message, [...KNOWN, "reasoning_details", "thinking_blocks", "annotations", "audio"]);
  return {
    items: [...shown, ...weave([...heard(message, said, path), ...(images ?? [])], calls, proofs, path)],
    rest: {
      ...rest,
      ...foreign,
      ...nonEmpty("annotations", message["annotations"]),
      ...(message["audio"] && { audio: message["audio"] }),
      ...(!images && nonEmpty("images", message["images"])),
    },
  };
}

function nonEmpty(key: string, value: JsonValue | undefined): JsonObject {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0) ? {} : { [key]: value };
}

function decodeRefusal(message: JsonObject, path: string): Placed[] {
  const refusal = stringField(message, "refusal", path) ?? "";
  return refusal === "" ? [] : [{ content: { type: "refusal", text: refusal }, path: `${path}.refusal` }];
}

/** What was said aloud is in the sound only, which nobody else can play: its words stand for it (rule 185). */
function heard(message: JsonObject, said: readonly Placed[], path: string): readonly Placed[] {
  const transcript = asString(asObject(message["audio"])?.["transcript"]) ?? "";
  if (said.length > 0 || transcript === "") return said;
  return [{ content: { type: "text", text: transcript }, path: `${path}.audio.transcript` }];
}

/** Reasoning as text; when it stands in several fields it is the same (rule 312). */
function decodePlainReasoning(message: JsonObject, path: string): Placed[] {
  for (const field of REASONING_FIELDS) {
    const text = asString(message[field]) ?? "";
    if (text !== "") return [{ content: { type: "reasoning", text }, path: `${path}.${field}` }];
  }
  return [];
}

/** @returns our proofs; what other servers put in the same fields stays as it is, damaged proofs do not (rule 165). */
function readProofs(message: JsonObject, sealer: StateSealer): { proofs: readonly Proof[]; foreign: JsonObject } {
  const details = decodeDetails(message["reasoning_details"], sealer);
  if (details.length > 0) return { proofs: details, foreign: {} };
  const blocks = decodeThinkingBlocks(message["thinking_blocks"], sealer);
  if (blocks.length > 0) return { proofs: blocks, foreign: {} };
  const foreign = {
    ...nonEmpty("reasoning_details", withoutEnvelopes(message["reasoning_details"])),
    ...nonEmpty("thinking_blocks", withoutEnvelopes(message["thinking_blocks"])),
  };
  return { proofs: [], foreign };
}

function withoutEnvelopes(value: JsonValue | undefined): JsonValue | undefined {
  if (!Array.isArray(value)) return value;
  return (value as readonly JsonValue[]).filter((entry) => {
    const fields = asObject(entry);
    return !isEnvelope(fields?.["signature"]) && !isEnvelope(fields?.["data"]);
  });
}

function isEnvelope(value: JsonValue | undefined): boolean {
  return typeof value === "string" && value.startsWith(ENVELOPE_PREFIX);
}

/** Text, calls and proofs in the order in which the model said them. */
function weave(said: readonly Placed[], calls: readonly Placed[], proofs: readonly Proof[], path: string): Placed[] {
  const [first, ...others] = said;
  const text = first?.content.type === "text" ? first.content : undefined;
  // Only a text that came back whole can be cut where it was put together.
  if (!first || !text || others.some(({ content }) => content.type === "text")) {
    return [...proofs.map(({ content }) => ({ content, path })), ...said, ...calls];
  }
  const woven: Placed[] = [];
  let at = 0;
  let called = 0;
  const sayUpTo = (end: number): void => {
    const piece = text.text.slice(at, end);
    if (piece !== "") woven.push({ content: { ...text, text: piece }, path: first.path });
    at = Math.max(at, end);
  };
  for (const { content, position, length } of proofs) {
    sayUpTo(position.text);
    woven.push(...calls.slice(called, position.calls));
    called = Math.max(called, position.calls);
    if (content.type === "text") {
      woven.push({ content: { ...content, text: text.text.slice(at, at + length) }, path: first.path });
      at += length;
    } else woven.push({ content, path });
  }
  sayUpTo(text.text.length);
  return [...woven, ...others, ...calls.slice(called)];
}

function decodeCall(value: JsonValue, path: string, sealer: StateSealer): Placed {
  const call = objectAt(value, path);
  const type = stringField(call, "type", path) ?? "function";
  if (type !== "function" && type !== "custom") refuseValue(`${path}.type`, type, ["function", "custom"]);
  const id = required(stringField, call, "id", path);
  const body = required(objectField, call, type, path);
  const at = `${path}.${type}`;
  const inputKey = type === "custom" ? "input" : "arguments";
  const { state, native } = readCallState(call, sealer);
  const rest = {
    ...leftover(call, ["id", "type", "index", type, "extra_content"]),
    ...native,
    ...leftoverUnder(type, body, ["name", inputKey]),
  };
  return {
    path,
    content: {
      type: "tool-call",
      kind: type,
      id,
      name: required(stringField, body, "name", at),
      // Without any it takes nothing; some clients leave an empty one out.
      input: stringField(body, inputKey, at) ?? "",
      ...state,
      ...nativeOf(rest),
    },
  };
}

/** A signature of ours becomes the call's state; Google's own, which nobody can date, stays as it is (rules 139, 165). */
function readCallState(
  call: JsonObject,
  sealer: StateSealer,
): { state: Pick<Content & { type: "tool-call" }, "state">; native: JsonObject } {
  const extra = asObject(call["extra_content"]);
  const signature = asString(asObject(extra?.["google"])?.["thought_signature"]) ?? "";
  const opened = sealer.open(signature);
  if (opened) return { state: { state: opened.state }, native: {} };
  if (isEnvelope(signature)) return { state: {}, native: {} };
  return { state: {}, native: extra ? { extra_content: extra } : {} };
}

function decodeLegacyCall(message: JsonObject, path: string, legacyId: (name: string, input: string) => string): Placed[] {
  const call = objectField(message, "function_call", path);
  if (!call) return [];
  const at = `${path}.function_call`;
  const name = required(stringField, call, "name", at);
  const input = stringField(call, "arguments", at) ?? "";
  return [{ content: { type: "tool-call", kind: "function", id: legacyId(name, input), name, input }, path: at }];
}
