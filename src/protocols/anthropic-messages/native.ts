/** Fields that only this protocol understands, on their way through the neutral representation and back. */
import type { CacheMark, Native } from "../../chat/chat.ts";
import { asObject, type JsonObject, type JsonValue } from "../../chat/json.ts";
import { PROTOCOL } from "./wire.ts";

/** Spread into a node: its native fields, when there are any. */
export function nativeOf(fields: JsonObject | undefined): { native?: Native } {
  return fields && Object.keys(fields).length > 0 ? { native: { protocol: PROTOCOL, fields } } : {};
}

/** The native fields when they are this protocol's own. */
export function ownFields(native: Native | undefined): JsonObject | undefined {
  return native?.protocol === PROTOCOL ? native.fields : undefined;
}

/** What a block holds besides the known keys. Known keys whose value has no neutral form are handed in as `kept`. */
export function leftover(block: JsonObject, known: readonly string[], kept?: JsonObject): JsonObject {
  const rest: Record<string, JsonValue> = {};
  for (const key in block) {
    const value = block[key];
    if (value !== undefined && !known.includes(key)) rest[key] = value;
  }
  return kept ? Object.assign(rest, kept) : rest;
}

/** The annotations of a block: its cache mark, and its native fields. `type` and `cache_control` need not be named as known. */
export function annotations(block: JsonObject, known: readonly string[], kept?: JsonObject): { cache?: CacheMark; native?: Native } {
  const mark = decodeCache(block["cache_control"]);
  const keys = mark || block["cache_control"] === null ? [...known, "type", "cache_control"] : [...known, "type"];
  return { ...(mark && { cache: mark }), ...nativeOf(leftover(block, keys, kept)) };
}

/** A cache mark of a form we can say again; anything else stays native. */
function decodeCache(value: JsonValue | undefined): CacheMark | undefined {
  const mark = asObject(value);
  if (mark?.["type"] !== "ephemeral") return undefined;
  const { type: _type, ttl, ...rest } = mark;
  if (Object.keys(rest).length > 0) return undefined;
  if (ttl === undefined || ttl === null) return {};
  return ttl === "5m" || ttl === "1h" ? { ttl } : undefined;
}

/** The wire form of a node's annotations. */
export function encodeAnnotations({ cache, native }: { readonly cache?: CacheMark; readonly native?: Native }): JsonObject {
  return { ...ownFields(native), ...(cache && { cache_control: { type: "ephemeral", ...cache } }) };
}
