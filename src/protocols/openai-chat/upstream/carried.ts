/**
 * Fields that only Responses and Chat Completions have, and that mean the same in both (dossier B.5): said again where the
 * server takes them. `metadata` is not among them: here it labels what the vendor stores, and is refused beside an answer
 * that is not stored, while the gateway itself stores what clients of Responses want stored.
 */
import type { Native } from "../../../chat/chat.ts";
import { asString, type JsonObject } from "../../../chat/json.ts";
import { leftover } from "../../shared/leftover.ts";
import { recordNative } from "../../shared/native-losses.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { ownFields } from "../native.ts";
import { PROTOCOL } from "../wire.ts";
import { dialectOf } from "./default-dialect.ts";

/** The protocol that shares fields with this one. */
const SIBLING = "openai-responses";

const SAME = ["service_tier", "prompt_cache_options", "prompt_cache_retention"];

/** Responses has one more. */
const TIERS: ReadonlySet<string> = new Set(["auto", "default", "flex", "scale", "priority", "fast"]);

/** The native fields of a request in this protocol's places; what cannot be said is on the ledger. */
export function carryRequest(native: Native | undefined, target: EncodeTarget): JsonObject {
  const fields = native?.protocol === SIBLING && dialectOf(target).sharedFields ? carriedFields(native.fields) : {};
  const lost = native && { ...native, fields: leftover(native.fields, Object.keys(fields)) };
  recordNative(lost, "", PROTOCOL, target.losses);
  return ownFields(native) ?? fields;
}

function carriedFields(all: JsonObject): JsonObject {
  const tier = asString(all["service_tier"]) ?? "";
  const unsaid = TIERS.has(tier) ? [] : ["service_tier"];
  return leftover(all, [...Object.keys(all).filter((key) => !SAME.includes(key)), ...unsaid]);
}
