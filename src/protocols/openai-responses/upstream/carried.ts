/**
 * Fields that only Chat Completions and Responses have, and that mean the same in both (dossier B.5): said again, where any
 * other vendor's are lost.
 */
import type { Native } from "../../../chat/chat.ts";
import { asObject, asString, type JsonObject } from "../../../chat/json.ts";
import type { LossLedger } from "../../../chat/loss.ts";
import { recordNative } from "../../shared/native-losses.ts";
import { ownFields, ownPart } from "../native.ts";
import { PROTOCOL } from "../wire.ts";

/** The protocol that shares fields with this one. */
const SIBLING = "openai-chat";

const SAME = ["metadata", "service_tier", "store", "moderation", "prompt_cache_options", "prompt_cache_retention"] as const;

/** What a request has beside its neutral form, in this protocol's places. */
export interface CarriedFields {
  /** Top-level fields. */
  readonly fields: JsonObject;
  readonly reasoning: JsonObject;
  readonly text: JsonObject;
  readonly include: readonly string[];
}

/** The native fields of a request; what cannot be said is on the ledger. */
export function carryRequest(native: Native | undefined, losses: LossLedger): CarriedFields {
  if (native?.protocol === SIBLING) return carryChat(native, losses);
  recordNative(native, "", PROTOCOL, losses);
  // What a client of this protocol wants kept is kept here: it could not have it deleted there.
  const { reasoning, text, include, store: _kept, ...fields } = ownFields(native) ?? {};
  return {
    fields,
    reasoning: asObject(reasoning) ?? {},
    text: asObject(text) ?? {},
    include: Array.isArray(include) ? (include as readonly string[]) : [],
  };
}

function carryChat({ protocol, fields }: Native, losses: LossLedger): CarriedFields {
  const { reasoning_effort: effort, response_format: format, stream_options: options, ...others } = fields;
  // What is left over of a format with a neutral form; a whole one is of a type that nobody knows.
  const rest = asObject(format)?.["type"] === undefined ? asObject(asObject(format)?.["json_schema"]) : undefined;
  const same = Object.fromEntries(SAME.flatMap((key) => (others[key] === undefined ? [] : [[key, others[key]]])));
  const lost = Object.entries(others).filter(([key]) => !(key in same));
  recordNative({ protocol, fields: { ...Object.fromEntries(lost), ...(!rest && { response_format: format }) } }, "", PROTOCOL, losses);
  const obfuscation = asObject(options)?.["include_obfuscation"];
  return {
    fields: { ...same, ...(obfuscation !== undefined && { stream_options: { include_obfuscation: obfuscation } }) },
    reasoning: asString(effort) === undefined ? {} : { effort },
    text: rest ? { format: rest } : {},
    include: [],
  };
}

/** What a part of a message has beside its neutral form. */
export function carriedPart(native: Native | undefined): JsonObject {
  const mark = native?.protocol === SIBLING ? native.fields["prompt_cache_breakpoint"] : undefined;
  return mark === undefined ? ownPart(native) : { prompt_cache_breakpoint: mark };
}

/** Whether a file id was given by the vendor of this protocol. */
export function isOwnFile(native: Native | undefined): boolean {
  return native?.protocol === PROTOCOL || native?.protocol === SIBLING;
}
