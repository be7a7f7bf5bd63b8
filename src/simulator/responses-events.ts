/** How an item of an answer comes about: the words of `responses-output.ts` and its helpers. */
import { seedOf } from "./identity.ts";
import type { Fields } from "./json-values.ts";
import type { Frame } from "./reply.ts";

/** An event of an item, without the members that say whose it is. */
export interface ItemEvent {
  readonly type: string;
  readonly role: Frame["role"];
  readonly fields: Fields;
}

/** An item and how it comes about. */
export interface OutputItem {
  readonly item: Fields;
  /** As it is added. */
  readonly opening: Fields;
  readonly events: readonly ItemEvent[];
}

/** An event before there is anything to read. */
export function opens(type: string, fields: Fields = {}): ItemEvent {
  return { type: `response.${type}`, role: "start", fields };
}

/** An event that holds content, or ends some. */
export function holds(type: string, fields: Fields): ItemEvent {
  return { type: `response.${type}`, role: "content", fields };
}

/** An event for each piece. */
export function deltas(type: string, pieces: readonly string[], place: Fields = {}): readonly ItemEvent[] {
  return pieces.map((delta) => holds(`${type}.delta`, { ...place, delta }));
}

/** An id in the style of OpenAI's items and responses. */
export function itemId(prefix: string, seed: string): string {
  return `${prefix}${seedOf(prefix, seed).slice(0, 50)}`;
}
