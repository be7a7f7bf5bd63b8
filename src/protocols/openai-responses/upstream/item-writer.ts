/**
 * Items of a request in order. Parts in a row are one message; reasoning waits for what it led to, because the wire refuses
 * it where nothing follows, and what follows where it is named and missing (A.3.2, rules 134, 135).
 */
import type { JsonObject } from "../../../chat/json.ts";
import type { LossLedger } from "../../../chat/loss.ts";
import type { Part } from "./content-encode.ts";

/** A message under way. */
interface OpenMessage {
  readonly role: string;
  readonly key: string;
  readonly parts: Part[];
  readonly beside: JsonObject;
}

export class ItemWriter {
  readonly #items: JsonObject[] = [];
  readonly #losses: LossLedger;
  #message: OpenMessage | undefined;
  /** What nothing has followed yet. */
  #waiting: { readonly item: JsonObject; readonly path: string }[] = [];
  /** Whether reasoning of this answer is missing: the ids of what it led to would ask for it. */
  #unpaired = false;

  constructor(losses: LossLedger) {
    this.#losses = losses;
  }

  /** All items. */
  end(): readonly JsonObject[] {
    this.endStep();
    return this.#items;
  }

  /** @returns the item as it goes. */
  item(item: JsonObject): JsonObject {
    this.closeMessage();
    this.#release();
    const written = this.#named(item);
    this.#items.push(written);
    return written;
  }

  /**
   * A part of a message.
   * @param key tells messages of one role apart.
   * @param beside what else the message says.
   */
  part(role: string, key: string, part: Part, beside: JsonObject = {}): void {
    if (this.#message?.role === role && this.#message.key === key) {
      this.#message.parts.push(part);
      return;
    }
    this.closeMessage();
    this.#message = { role, key, parts: [part], beside };
  }

  /** @param item absent: it cannot go back. */
  reasoning(item: JsonObject | undefined, path: string): void {
    this.closeMessage();
    if (item) this.#waiting.push({ item, path });
    else this.#unpaired = true;
  }

  /** The model's turn is over: nothing more can follow its reasoning. */
  endStep(): void {
    this.closeMessage();
    for (const { path } of this.#waiting.splice(0)) this.#losses.add("unpaired-reasoning", path, "info");
    this.#unpaired = false;
  }

  closeMessage(): void {
    const message = this.#message;
    if (!message) return;
    this.#message = undefined;
    const { role, parts, beside } = message;
    this.item({ type: "message", role, content: contentOf(role, parts), ...beside });
  }

  #release(): void {
    for (const { item } of this.#waiting.splice(0)) this.#items.push(this.#named(item));
  }

  #named(item: JsonObject): JsonObject {
    const { id: _id, ...anonymous } = item;
    return this.#unpaired ? anonymous : item;
  }
}

/** One text of the caller's is a string; whatever the model said stays in parts. */
function contentOf(role: string, parts: readonly Part[]): string | readonly Part[] {
  const [only, ...others] = parts;
  const isPlain = only?.["type"] === "input_text" && Object.keys(only).length === 2;
  return isPlain && others.length === 0 && role !== "assistant" ? (only["text"] as string) : parts;
}
