/** What is kept for one caller, as answers, conversations and items: searched in what its connection remembers, then in the store. */
import { asBoolean, asObject, asString, parseJson, writeJson, type JsonObject, type JsonText } from "../chat/json.ts";
import type { KeptAnswer, KeptConversation, KeptItem } from "../protocols/stateful.ts";
import type { RecordStore, StoredRecord } from "../storage/records.ts";

/** Where an answer came from. */
export interface Place {
  /** The provider's name. */
  readonly provider: string;
  /** Who signs there. */
  readonly platform: string;
  /** The upstream's name of the model. */
  readonly model: string;
  /** A fingerprint of the account. */
  readonly account: string;
  /** Whether that provider keeps it too, so that it may be referred to there. */
  readonly keeps: boolean;
}

/** An answer, what was said for it, and what came before. */
export interface AnswerRecord extends KeptAnswer {
  readonly input: readonly KeptItem[];
  readonly previous?: string;
  readonly conversation?: string;
  readonly place?: Place;
}

export interface ConversationRecord extends KeptConversation {
  readonly items: readonly KeptItem[];
}

/** An item, and where the answer that said it came from. */
export interface ItemRecord {
  readonly item: KeptItem;
  /** The id of the record that it was found in. */
  readonly holder: string;
  readonly place?: Place;
}

export class KeptRecords {
  readonly #owner: string;
  readonly #memory: RecordStore | undefined;
  readonly #openStore: () => RecordStore | undefined;

  /**
   * @param owner the virtual key's name; empty when none is asked for.
   * @param memory what one connection remembers; goes before the store.
   * @param openStore asked for the store when it is needed; it gives none where nothing is kept for longer than a connection lasts.
   */
  constructor(owner: string, memory: RecordStore | undefined, openStore: () => RecordStore | undefined) {
    this.#owner = owner;
    this.#memory = memory;
    this.#openStore = openStore;
  }

  answer(id: string): AnswerRecord | undefined {
    const record = this.#first((records) => records.get(this.#owner, id));
    return record && readAnswerRecord(record);
  }

  conversation(id: string): ConversationRecord | undefined {
    const record = this.#store?.get(this.#owner, id);
    return record && readConversationRecord(record);
  }

  /** The item of that id, wherever it was said first. */
  item(id: string): ItemRecord | undefined {
    const found = this.#first((records) => records.findItem(this.#owner, id));
    if (!found) return undefined;
    const place = placeOf(headOf(found.record.head));
    return { item: found.item, holder: found.record.id, ...(place && { place }) };
  }

  /**
   * Keeps an answer: in the store if `stored`, else in the connection's memory, if there is one.
   * @returns whether there was room for it.
   */
  keepAnswer(answer: AnswerRecord, stored: boolean): boolean {
    const { id, told, input, output } = answer;
    const [head, items] = [answerHead(answer), [...input, ...output]];
    const kept = (stored ? this.#store : undefined)?.put(this.#owner, { id, head: head + LINE_END + writeJson(told), items });
    if (kept) return true;
    // A connection goes on from answers, and never asks for one.
    const remembered = this.#memory?.put(this.#owner, { id, head, items }) ?? true;
    return remembered && kept === undefined;
  }

  /** @returns whether there was room for it. */
  keepConversation({ items, ...conversation }: ConversationRecord): boolean {
    return this.#store?.put(this.#owner, { id: conversation.id, head: conversationHead(conversation), items }) ?? false;
  }

  changeConversation(conversation: KeptConversation): void {
    this.#store?.setHead(this.#owner, conversation.id, conversationHead(conversation));
  }

  addItems(conversation: string, items: readonly KeptItem[]): void {
    this.#store?.append(this.#owner, conversation, items);
  }

  removeItem(conversation: string, item: string): boolean {
    return this.#store?.removeItem(this.#owner, conversation, item) ?? false;
  }

  /** Forgets an answer or a conversation. */
  remove(id: string): void {
    this.#memory?.remove(this.#owner, id);
    this.#store?.remove(this.#owner, id);
  }

  /** Says that records were used: they are kept for longer. */
  touch(ids: readonly string[]): void {
    const [owner, memory] = [this.#owner, this.#memory];
    memory?.touch(owner, ids);
    const stored = memory ? ids.filter((id) => !memory.get(owner, id)) : ids;
    if (stored.length > 0) this.#store?.touch(owner, stored);
  }

  get #store(): RecordStore | undefined {
    return this.#openStore();
  }

  #first<T>(look: (records: RecordStore) => T | undefined): T | undefined {
    const remembered = this.#memory && look(this.#memory);
    if (remembered !== undefined) return remembered;
    const store = this.#store;
    return store && look(store);
  }
}

const ANSWER = "answer";
const CONVERSATION = "conversation";

/**
 * Ends the line of what is looked at with every record and item. Behind it is the answer as it was told, with all tools and
 * instructions, which is large and asked for rarely. No JSON that we write has such an end of its own.
 */
const LINE_END = "\n";

function headOf(text: string): JsonObject {
  return objectIn(text.split(LINE_END, 1)[0] ?? "");
}

function toldIn(text: string): JsonObject {
  const end = text.indexOf(LINE_END);
  return end < 0 ? {} : objectIn(text.slice(end));
}

function objectIn(text: JsonText): JsonObject {
  return asObject(parseJson(text)) ?? {};
}

function answerHead({ showsState, previous, conversation, place }: AnswerRecord): string {
  return writeJson({ kind: ANSWER, showsState, previous, conversation, place: place && { ...place } });
}

function conversationHead({ createdAt, metadata }: KeptConversation): string {
  return writeJson({ kind: CONVERSATION, createdAt, metadata });
}

function readAnswerRecord({ id, head: text, items }: StoredRecord): AnswerRecord | undefined {
  const head = headOf(text);
  if (head["kind"] !== ANSWER) return undefined;
  const previous = asString(head["previous"]);
  const conversation = asString(head["conversation"]);
  const place = placeOf(head);
  return {
    id,
    get told() {
      return toldIn(text);
    },
    showsState: asBoolean(head["showsState"]) ?? false,
    input: items.filter(({ part }) => part === "input"),
    output: items.filter(({ part }) => part === "output"),
    ...(previous !== undefined && { previous }),
    ...(conversation !== undefined && { conversation }),
    ...(place && { place }),
  };
}

function readConversationRecord({ id, head: text, items }: StoredRecord): ConversationRecord | undefined {
  const { kind, createdAt, metadata } = headOf(text);
  return kind === CONVERSATION ? { id, createdAt: Number(createdAt), metadata: asObject(metadata) ?? {}, items } : undefined;
}

function placeOf(head: JsonObject): Place | undefined {
  const { provider, platform, model, account, keeps } = asObject(head["place"]) ?? {};
  const isWhole = typeof provider === "string" && typeof platform === "string" && typeof model === "string" && typeof account === "string";
  return isWhole ? { provider, platform, model, account, keeps: keeps === true } : undefined;
}
