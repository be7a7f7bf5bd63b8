/** Which conversation a request belongs to, where its client does not say (rule 444). */
import { createHash } from "node:crypto";
import type { ChatRequest } from "../chat/chat.ts";
import { writeJson, type JsonValue } from "../chat/json.ts";

/** The same for every request that begins alike: the instructions and the first thing the user said. @param caller whose it is. */
export function conversationKey(caller: string, { system, items, turns }: ChatRequest): string {
  const instructions = system.map((item) => (item.type === "text" ? item.text : item.type));
  const first = items.find((item) => turns[item.turn]?.role === "user");
  // Marks for the cache move on as the conversation grows.
  const { turn: _turn, path: _path, cache: _cache, ...said } = first ?? { turn: 0, path: "" };
  const beginning = [caller, instructions, said] as unknown as JsonValue;
  return createHash("sha256").update(writeJson(beginning)).digest("base64");
}
