/** Answers that are kept for their callers, by API key: what `previous_response_id` and `item_reference` refer to (dossier A.3.2). */
import { fieldsOf, listOf, textOf, type Fields } from "./json-values.ts";

/** The oldest answers go when more than this is kept, so that a simulator which runs for long does not grow. */
const MAX_BYTES = 32 * 1024 * 1024;

/** An answer and the conversation that it ends. */
export interface KeptResponse {
  /** As it was given. */
  readonly response: Fields;
  /** The items before it, those of earlier answers that it goes on from included. */
  readonly input: readonly Fields[];
  /** How much the request and the answer added, in bytes. */
  readonly bytes: number;
}

/** An item of an answer, and its neighbours there. */
export interface KeptItem {
  readonly item: Fields;
  readonly before: Fields | undefined;
  readonly after: Fields | undefined;
}

/** Holds the answers of one simulator. */
export class ResponseStore {
  /** By key and id, oldest first. */
  readonly #responses = new Map<string, KeptResponse>();
  /** The items of their outputs, by key and id. */
  readonly #items = new Map<string, KeptItem>();
  #bytes = 0;

  keep(credential: string | undefined, kept: KeptResponse): void {
    const id = textOf(kept.response["id"]);
    this.remove(credential, id);
    this.#responses.set(placeOf(credential, id), kept);
    const output = outputOf(kept);
    for (const [index, item] of output.entries()) {
      this.#items.set(placeOf(credential, textOf(item["id"])), { item, before: output[index - 1], after: output[index + 1] });
    }
    this.#bytes += kept.bytes;
    for (const place of this.#responses.keys()) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#drop(place);
    }
  }

  response(credential: string | undefined, id: string): KeptResponse | undefined {
    return this.#responses.get(placeOf(credential, id));
  }

  item(credential: string | undefined, id: string): KeptItem | undefined {
    return this.#items.get(placeOf(credential, id));
  }

  /** Whether there was such an answer. */
  remove(credential: string | undefined, id: string): boolean {
    return this.#drop(placeOf(credential, id));
  }

  #drop(place: string): boolean {
    const kept = this.#responses.get(place);
    if (kept === undefined) return false;
    const key = place.slice(0, place.lastIndexOf(" ") + 1);
    for (const item of outputOf(kept)) this.#items.delete(key + textOf(item["id"]));
    this.#bytes -= kept.bytes;
    return this.#responses.delete(place);
  }
}

function outputOf({ response }: KeptResponse): readonly Fields[] {
  return listOf(response["output"]).map(fieldsOf);
}

function placeOf(credential: string | undefined, id: string): string {
  return `${credential ?? ""} ${id}`;
}
