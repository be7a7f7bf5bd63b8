/** What only the account that minted it can use again: encrypted content, and the ids of items that it keeps (rule 92). */
import { asString, type JsonObject } from "../../../chat/json.ts";

/** The fields that hold it, in items of a request and of an answer. */
export const MINTED_FIELDS = ["encrypted_content", "id"] as const;

/** What an item of an answer holds of it. */
export function mintedIn(item: JsonObject): string[] {
  return MINTED_FIELDS.flatMap((field) => {
    const value = asString(item[field]) ?? "";
    return value === "" ? [] : value;
  });
}
