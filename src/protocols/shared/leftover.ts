/** What the neutral form leaves over of an object on the wire. */
import type { JsonObject, JsonValue } from "../../chat/json.ts";

/** What an object holds besides the known keys; `null` is absent (dossier rule 208). */
export function leftover(object: JsonObject, known: readonly string[]): JsonObject {
  const rest: Record<string, JsonValue> = {};
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value !== undefined && value !== null && !known.includes(key)) rest[key] = value;
  }
  return rest;
}
