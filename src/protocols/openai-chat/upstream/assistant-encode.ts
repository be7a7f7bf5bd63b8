/** One message of the assistant's: text, reasoning that its server wants back, and calls (B.1, rules 40, 145). */
import type { ChatRequest, Item, ToolCallContent } from "../../../chat/chat.ts";
import type { JsonObject, JsonValue } from "../../../chat/json.ts";
import { mintedBy } from "../../../chat/state.ts";
import { callArguments } from "../../shared/call-input.ts";
import { legalName } from "../../shared/legal-names.ts";
import { recordNative } from "../../shared/native-losses.ts";
import { takesFreeText } from "../../shared/tool-lookup.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { wireCallId } from "./call-ids.ts";
import { encodeContent, type Part } from "./content-encode.ts";
import { dialectOf } from "./default-dialect.ts";
import { ownFields } from "../native.ts";
import { ownReasoning } from "../reasoning-state.ts";
import { NAME_LAW, PROTOCOL } from "../wire.ts";

/**
 * @param own fields of the message that only this protocol has.
 * @param inLoop whether the tools of the present question still run: some servers want only such reasoning back.
 * @returns `undefined` when nothing is left to say (rule 36).
 */
export function encodeAssistant(
  items: readonly Item[],
  own: JsonObject,
  inLoop: boolean,
  target: EncodeTarget,
  request: ChatRequest,
): JsonObject | undefined {
  const parts: Part[] = [];
  const calls: JsonObject[] = [];
  let refusal = "";
  for (const item of items) {
    if (item.type === "tool-call") calls.push(encodeCall(item, target, request));
    // Servers that know lists of parts know refusals; to others one is what was said.
    else if (item.type === "refusal" && dialectOf(target).textParts) refusal += item.text;
    // Sound that goes back says its words itself.
    else if (item.path.endsWith(".audio.transcript") && own["audio"]) continue;
    else if (item.type !== "reasoning") parts.push(...encodeContent(item, item.path, target));
  }
  const images = parts.filter((part) => part["type"] === "image_url");
  const content = encodeText(parts.filter((part) => part["type"] !== "image_url"));
  const reasoning = encodeReasoning(items, inLoop, target);
  if (content === null && calls.length === 0 && refusal === "" && images.length === 0 && Object.keys(own).length === 0) return undefined;
  return {
    role: "assistant",
    content,
    ...(refusal !== "" && { refusal }),
    ...reasoning,
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(images.length > 0 && { images }),
    ...own,
  };
}

/** Texts are one text, as the model wrote them (rule 234); only unknown parts make it a list. */
function encodeText(parts: readonly Part[]): JsonValue {
  if (parts.length === 0) return null;
  const plain = parts.every((part) => part["type"] === "text" && Object.keys(part).length === 2);
  return plain ? parts.map((part) => part["text"] as string).join("") : parts;
}

function encodeCall(call: ToolCallContent & Item, target: EncodeTarget, request: ChatRequest): JsonObject {
  const { losses, issuer } = target;
  recordNative(call.native, call.path, PROTOCOL, losses);
  if (call.cache && !ownFields(call.native)) losses.add("cache-mark", call.path, "info");
  const signature = call.state?.kind === "thought-signature" && mintedBy(call.state.issuer, issuer) ? call.state.value : undefined;
  if (call.state && signature === undefined) losses.add("foreign-state", call.path, "info");
  const dialect = dialectOf(target);
  const id = wireCallId(call.id, dialect);
  const name = legalName(call.name, NAME_LAW);
  const { function: functionRest, custom: customRest, ...own } = ownFields(call.native) ?? {};
  const extra = signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } };
  if (call.kind === "custom" && dialect.customTools && takesFreeText(request, call.name)) {
    return { id, type: "custom", custom: { name, input: call.input, ...(customRest as JsonObject | undefined) }, ...extra, ...own };
  }
  return {
    id,
    type: "function",
    function: { name, arguments: callArguments(call), ...(functionRest as JsonObject | undefined) },
    ...extra,
    ...own,
  };
}

/** Only what the server itself thought, and only where it wants it back (rules 131, 145, 436). */
function encodeReasoning(items: readonly Item[], inLoop: boolean, target: EncodeTarget): JsonObject {
  const { replay } = dialectOf(target);
  let text = "";
  let field: string | undefined = replay?.field;
  const details: JsonValue[] = [];
  for (const item of items) {
    if (item.type !== "reasoning") continue;
    const own = ownReasoning(item.state, target.issuer);
    if (!own) target.losses.add("foreign-reasoning", item.path, "info");
    else if (replay && (inLoop || replay.turns === "all")) {
      text += item.text;
      // Servers have renamed theirs: the one it came in is the one that is understood.
      field = own.field ?? field;
      details.push(...(own.details ?? []));
    }
  }
  if (!replay || (text === "" && details.length === 0)) return {};
  if (details.length > 0 && replay.field === "reasoning_details") return { reasoning_details: details };
  return text === "" ? {} : { [field === undefined || field === "reasoning_details" ? "reasoning" : field]: text };
}
