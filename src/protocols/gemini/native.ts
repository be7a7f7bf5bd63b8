/** Fields that only this protocol understands, on their way through the neutral representation and back. */
import type { Native, ProtocolId } from "../../chat/chat.ts";
import { isObject, type JsonObject, type JsonValue } from "../../chat/json.ts";

export const PROTOCOL = "gemini" satisfies ProtocolId;

/** Spread into a node: its native fields, when there are any. */
export function nativeOf(fields: JsonObject | undefined): { native?: Native } {
  return fields && Object.keys(fields).length > 0 ? { native: { protocol: PROTOCOL, fields } } : {};
}

/** The native fields when they are this protocol's own. */
export function ownFields(native: Native | undefined): JsonObject | undefined {
  return native?.protocol === PROTOCOL ? native.fields : undefined;
}

/** An object with its own native fields laid over it, one level deep. */
export function withOwn(object: JsonObject, own: JsonObject | undefined): JsonObject {
  if (!own) return object;
  const merged: Record<string, JsonValue | undefined> = { ...object };
  for (const [key, value] of Object.entries(own)) {
    const present = merged[key];
    merged[key] = isObject(present) && isObject(value) ? { ...present, ...value } : value;
  }
  return merged;
}
