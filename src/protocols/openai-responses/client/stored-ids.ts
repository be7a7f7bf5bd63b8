/** Ids of what is kept, which clients may choose for their items: longer ones are nobody's, and would take up room without end. */
import { refuse, stringField } from "../../shared/openai-fields.ts";
import type { JsonObject } from "../../../chat/json.ts";

/** OpenAI's own have 64; servers that put state into ids have some hundreds. */
export const MAX_ID_CHARS = 1_024;

/** The id. @throws GatewayError `invalid-request` when it is too long to be one. */
export function checkedId(id: string, path: string): string {
  if (id.length <= MAX_ID_CHARS) return id;
  const message = `Invalid '${path}': string too long. Expected a string with maximum length ${MAX_ID_CHARS}, but got a string with length ${id.length} instead.`;
  return refuse(path, message, "string_above_max_length");
}

/** A field that has an id; `undefined` when it is absent. @throws GatewayError `invalid-request` for anything else. */
export function idField(object: JsonObject, key: string, path: string): string | undefined {
  const id = stringField(object, key, path);
  return id === undefined ? undefined : checkedId(id, path === "" ? key : `${path}.${key}`);
}
