/**
 * Fields that only this protocol understands, on their way through the neutral representation and back. They are kept
 * under their own names and are to be said again beside, or for objects inside, what the neutral form holds.
 */
import type { CacheMark, Native } from "../../chat/chat.ts";
import type { JsonObject } from "../../chat/json.ts";
import { leftover } from "../shared/leftover.ts";
import { decodeCacheMark } from "../shared/openai-cache-marks.ts";
import { PROTOCOL } from "./wire.ts";

/** Spread into a node: its native fields, when there are any. */
export function nativeOf(fields: JsonObject | undefined): { native?: Native } {
  return fields && Object.keys(fields).length > 0 ? { native: { protocol: PROTOCOL, fields } } : {};
}

/** The native fields when they are this protocol's own. */
export function ownFields(native: Native | undefined): JsonObject | undefined {
  return native?.protocol === PROTOCOL ? native.fields : undefined;
}

/** The leftover of an object under its own name, or nothing. */
export function leftoverUnder(key: string, object: JsonObject, known: readonly string[]): JsonObject {
  const rest = leftover(object, known);
  return Object.keys(rest).length > 0 ? { [key]: rest } : {};
}

/**
 * The annotations of a part: its cache mark, and its native fields, the mark as it was written among them. `type` need
 * not be named as known.
 */
export function annotations(part: JsonObject, known: readonly string[], kept?: JsonObject): { cache?: CacheMark; native?: Native } {
  const cache = decodeCacheMark(part);
  return { ...(cache && { cache }), ...nativeOf({ ...leftover(part, [...known, "type"]), ...kept }) };
}
