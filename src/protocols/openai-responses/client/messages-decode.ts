/** Messages and reasoning in a client's history (A.3.1, A.3.2). */
import type { Content } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { ENVELOPE_PREFIX, unpackState, type StateEnvelope } from "../../../chat/state.ts";
import { arrayField, objectAt, refuseMissing, refuseValue, required, stringField } from "../../shared/openai-fields.ts";
import { leftover } from "../../shared/leftover.ts";
import { packReasoning, readReasoningItem, shownReasoning } from "../reasoning-state.ts";
import { openState } from "../state.ts";
import { decodeParts, withItem, type Placed } from "./content-decode.ts";
import { oneItem, type DecodedItem, type ItemContext, type Speaker } from "./item-context.ts";

const SPEAKERS: ReadonlyMap<string, Speaker> = new Map<string, Speaker>([
  ["assistant", "assistant"],
  ["system", "system"],
  ["developer", "system"],
  ["user", "user"],
]);

/** A message, with or without its type; a string is one text (rule 38). */
export function decodeMessage(item: JsonObject, path: string, { carried }: ItemContext): DecodedItem {
  const role = required(stringField, item, "role", path);
  const speaker = SPEAKERS.get(role) ?? refuseValue(`${path}.role`, role, [...SPEAKERS.keys()]);
  if (item["content"] === undefined || item["content"] === null) refuseMissing(`${path}.content`);
  const own = { ...leftover(item, ["type", "role", "content"]), ...(role === "system" && { role }) };
  const placed = decodeParts(item["content"], `${path}.content`).map(({ content, path: at }): Placed => {
    const said = withItem(content, own);
    return { content: speaker === "assistant" ? carried.attach(said) : said, path: at };
  });
  return { speaker, placed };
}

/**
 * Reasoning with the proof of it, or a carrier of another item's state (rules 132, 133, 162). Words without proof stay:
 * whoever may not be given them drops them (rules 131, 434).
 */
export function decodeReasoning(item: JsonObject, path: string, { carried, sealer }: ItemContext): DecodedItem {
  for (const [i, part] of (arrayField(item, "summary", path) ?? []).entries()) objectAt(part, `${path}.summary[${i}]`);
  const read = readReasoningItem(item);
  const shown = shownReasoning(read);
  const value = stringField(item, "encrypted_content", path) ?? "";
  const sealed = value.startsWith(ENVELOPE_PREFIX) ? openState(value, sealer) : undefined;
  const alone = sealed ? carried.take(sealed) : [];
  const own = sealed?.binds === "self" ? unpackState(sealed.state) : undefined;
  const raw = value === "" || value.startsWith(ENVELOPE_PREFIX) ? undefined : packReasoning(read, shown, { platform: "openai" });
  const state = own?.state ?? raw;
  const text = shown === "" ? (own?.text ?? "") : shown;
  const reasoning: Content[] = text === "" && !state ? [] : [{ type: "reasoning", text, ...(state && { state }) }];
  const rest = leftover(item, ["type", "summary", "encrypted_content", ...(state ? ["id", "content"] : [])]);
  const contents = [...reasoning.map((content) => withItem(content, rest)), ...alone];
  return { speaker: "assistant", placed: contents.map((content) => ({ content, path })) };
}

/**
 * History that was replaced by a summary. The model that made it wrote it, and reads it alone; one in words, which ours are,
 * is told to whoever goes on, and asks for an answer where nothing follows.
 */
export function decodeCompaction(item: JsonObject, path: string, { sealer }: ItemContext): DecodedItem {
  const value = required(stringField, item, "encrypted_content", path);
  const opened = readCompaction(value, () => openState(value, sealer));
  const own = opened && unpackState(opened.state);
  const content: Content = {
    type: "compaction",
    ...(own && own.text !== "" && { text: own.text }),
    ...(own && own.state.value !== "" && { state: own.state }),
  };
  const speaker = content.text !== undefined && !content.state ? "user" : "assistant";
  return oneItem(speaker, withItem(content, leftover(item, ["type", "encrypted_content"])), path);
}

function readCompaction(value: string, open: () => StateEnvelope | undefined): StateEnvelope | undefined {
  if (value.startsWith(ENVELOPE_PREFIX)) return open();
  return { state: { issuer: { platform: "openai" }, kind: "compaction", value }, binds: "self" };
}
