/** Conversations that clients fill and read by their id (A.3.2; OpenAI's SDK, `conversations`). */
import { asString, writeJson, type JsonObject } from "../../../chat/json.ts";
import {
  arrayField,
  objectAt,
  objectField,
  refuse,
  refuseMissing,
  refuseType,
  refuseValue,
  stringField,
} from "../../shared/openai-fields.ts";
import { parseBody } from "../../shared/openai-peek.ts";
import type { KeptConversation, KeptItem, NewId, StoredQuestion } from "../../stateful.ts";
import { idField } from "./stored-ids.ts";
import { inputItem } from "./stored-items.ts";

const MAX_METADATA = { pairs: 16, keyChars: 64, valueChars: 512 };

/** What a new conversation begins with; the body may be empty. @throws GatewayError `invalid-request`, naming the field. */
export function decodeConversation({ body }: StoredQuestion, newId: NewId): { metadata: JsonObject; items: readonly KeptItem[] } {
  const fields = body.length === 0 ? {} : parseBody(body);
  return { metadata: metadataOf(fields), items: itemsOf(fields, newId) };
}

/** What is now to be noted. @throws GatewayError `invalid-request`, naming the field. */
export function decodeMetadata({ body }: StoredQuestion): JsonObject {
  const fields = parseBody(body);
  if (fields["metadata"] === undefined) refuseMissing("metadata");
  return metadataOf(fields);
}

/** Items to be added. @throws GatewayError `invalid-request`, naming the field. */
export function decodeItems({ body }: StoredQuestion, newId: NewId): readonly KeptItem[] {
  const fields = parseBody(body);
  if (fields["items"] === undefined || fields["items"] === null) refuseMissing("items");
  return itemsOf(fields, newId);
}

/** The conversation without its items. */
export function encodeConversation({ id, createdAt, metadata }: KeptConversation): JsonObject {
  return { id, object: "conversation", created_at: createdAt, metadata };
}

/** What whoever removed a conversation is told. */
export function encodeConversationDeletion(id: string): JsonObject {
  return { id, object: "conversation.deleted", deleted: true };
}

function metadataOf(fields: JsonObject): JsonObject {
  const metadata = objectField(fields, "metadata", "") ?? {};
  const pairs = Object.entries(metadata);
  if (pairs.length > MAX_METADATA.pairs) refuseTooLong("metadata", `an object with at most ${MAX_METADATA.pairs} keys`);
  for (const [key, value] of pairs) {
    const path = `metadata.${key.slice(0, MAX_METADATA.keyChars)}`;
    const text = asString(value) ?? refuseType(path, "a string", value);
    if (key.length > MAX_METADATA.keyChars) refuseTooLong(path, `a key of at most ${MAX_METADATA.keyChars} characters`);
    if (text.length > MAX_METADATA.valueChars) refuseTooLong(path, `a string with maximum length ${MAX_METADATA.valueChars}`);
  }
  return metadata;
}

function refuseTooLong(path: string, expected: string): never {
  return refuse(path, `Invalid '${path}': too long. Expected ${expected}.`, "string_above_max_length");
}

function itemsOf(fields: JsonObject, newId: NewId): readonly KeptItem[] {
  return (arrayField(fields, "items", "") ?? []).map((value, i) => {
    const path = `items[${i}]`;
    const item = objectAt(value, path);
    const type = stringField(item, "type", path) ?? (item["role"] === undefined ? refuseMissing(`${path}.type`) : "message");
    // A conversation holds what was said; a name for something that may be gone tomorrow says nothing.
    if (type === "item_reference") refuseValue(`${path}.type`, type, ["message", "function_call", "function_call_output", "reasoning"]);
    return inputItem(writeJson(item), idField(item, "id", path), newId);
  });
}
